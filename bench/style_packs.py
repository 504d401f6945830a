"""Style packs from folders of images: how far each moves the look, what stays of the subjects, and what it costs.

    python -m bench.style_packs FOLDER... [--strengths 0.15 0.2 0.3] [--steps 4] [--preset balanced] [--out DIR]

Each folder is one look. A pack is trained on it as the product does (`--reuse` takes those of DIR) and the same
subjects are painted without and with it, once for each strength: the share of the noise schedule that pictures with a
pack begin at (`pack_strength` in the model's nano.json). It prints one JSON object a line and writes a
contact sheet for each look: references, without, and a row for each strength.

`recognised` is the share of pictures for which the evaluator has the own subject among the three likeliest of all;
`identity` compares shapes with the pictures without the pack; `distance` is pipelines/training/style_distance.py.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.training.settings import GIB, Machine, TrainingSettings, choose

if TYPE_CHECKING:
    from PIL import Image

    from pipelines.loaded import LoadedModel

SUBJECTS = (
    "treasure chest", "health potion", "wooden barrel", "cactus", "iron sword", "mushroom", "oil lamp", "leather boot",
    "shield", "golden crown", "open book", "campfire", "apple", "skull", "key", "cat",
)  # fmt: skip
SEED = 4000
CELL = 72  # px of the contact sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--strengths", nargs="+", type=float, help="default: that of the model alone")
    parser.add_argument("--steps", nargs="+", type=int, default=[0], help="of the sampler; 0: the model's own")
    parser.add_argument("--preset", default="balanced")
    parser.add_argument("--train-to", type=float, help="train up to this strength, whatever is painted")
    parser.add_argument("--training-steps", type=int, help="instead of the preset's")
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--reuse", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        out = args.out or Path(scratch)
        out.mkdir(parents=True, exist_ok=True)
        for folder in args.folders:
            for line in measure(folder, out, args):
                print(json.dumps(line), flush=True)


def measure(folder: Path, out: Path, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Train (or take) one pack and paint with it; a dictionary for each strength and number of steps."""
    from pipelines.request import StylePackUse
    from pipelines.training.canvas import bucket, on_canvas
    from pipelines.training.pictures import read_pictures
    from pipelines.training.style_distance import identity, style_distance

    pictures = read_pictures(sorted(file for file in folder.iterdir() if file.is_file())).pictures
    lora, costs = _trained(folder.name, pictures, out, args)
    model = _load(args.model)
    use = StylePackUse(folder.name, 1.0, "e" * 64)
    model.adapters.find = lambda _: lora
    facts = model.adapters.facts(use)
    size = model.native_size
    references = [
        on_canvas(p.image, bucket(*p.image.size, size), alpha=model.native_alpha).convert("RGBA") for p in pictures
    ]
    plain = _paint(model, None, 0)
    before = style_distance(references, plain)
    rows = [("references", references), ("without", plain)]
    figures = []
    for strength in args.strengths or [facts.start_strength or 1.0]:
        for steps in args.steps:
            styled = _paint(model, use, steps, strength / (facts.start_strength or strength))
            after = style_distance(references, styled)
            rows.append((f"{strength} x {steps}", styled))
            figures.append(
                {
                    "look": folder.name, "images": len(pictures), "strength": strength, "steps": steps,
                    "distance_without": before.to_dict(), "distance_with": after.to_dict(),
                    "ratio": round(after.total / before.total, 3), "identity": round(identity(plain, styled), 3),
                    "recognised_without": _recognised(model, plain), "recognised": _recognised(model, styled), **costs,
                }
            )  # fmt: skip
    _contact(rows).save(out / f"{folder.name}.png")
    return figures


def _trained(name: str, pictures: list[Any], out: Path, args: argparse.Namespace) -> tuple[Path, dict[str, Any]]:
    from pipelines.sources import locate
    from pipelines.training.run import LORA_FILE, RESULT_FILE, RunSpec, run

    place = out / f"{name}-run"
    if args.reuse and (place / RESULT_FILE).exists():
        return place / LORA_FILE, {}
    source = locate(args.model)
    reach = args.train_to or source.pack_strength
    machine = Machine("cpu", 8 * GIB, True, 64, source.start_strength is not None, reach)
    settings: TrainingSettings = choose(args.preset, len(pictures), machine)
    if args.training_steps:
        settings = replace(settings, steps=args.training_steps)
    (place / "pictures").mkdir(parents=True, exist_ok=True)
    files = []
    for number, picture in enumerate(pictures):
        picture.image.save(place / f"pictures/{number:03d}.png")
        files.append((f"pictures/{number:03d}.png", picture.name, picture.caption))
    RunSpec(name, f"{name.lower()} style", args.model, "cpu", settings, files).write(place)
    wall, cpu = time.perf_counter(), time.process_time()
    run(place, lambda _: _load(args.model, reach))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return place / LORA_FILE, {
        "training_steps": settings.steps,
        "seconds": round(time.perf_counter() - wall, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_gib": round(peak, 2),
    }


def _load(name: str, reach: float | None = None) -> LoadedModel:
    """`reach`: as if the model's card named this `pack_strength`."""
    from memory.embedder import Embedder
    from pipelines.device import Device
    from pipelines.loader import load_model

    model = load_model(name, Device("cpu", "float32"), Embedder())
    if reach is not None:
        card = {**model.source.card, "pack_strength": reach}
        model.source = replace(model.source, configs={**model.source.configs, "card": card})
    return model


def _paint(model: LoadedModel, use: Any, steps: int, share: float | None = None) -> list[Image.Image]:
    from pipelines.request import GenerationRequest
    from pipelines.sprites import finish

    uses = (use,) if use is not None else ()
    requests = [
        model.complete(
            GenerationRequest(
                prompt=subject,
                subject=subject,
                seed=SEED,
                steps=steps,
                strength=share,
                model=model.source.id,
                style_packs=uses,
            )
        )
        for subject in SUBJECTS
    ]
    pictures = []
    for start in range(0, len(requests), 8):
        pictures += model.decode(model.denoise(requests[start : start + 8]))
    return [
        finish(picture, request, model.native_alpha).image for picture, request in zip(pictures, requests, strict=True)
    ]


def _recognised(model: LoadedModel, pictures: Sequence[Image.Image]) -> float | None:
    """None without the evaluator's weights."""
    from PIL import Image as Images

    from memory.embedder import Embedder
    from pipelines.nano.evaluator import FILE, Evaluator, rank_at

    if not FILE.exists():
        return None
    evaluator = Evaluator.load()
    canvases = []
    for picture in pictures:
        canvas = Images.new("RGBA", (64, 64))
        canvas.paste(picture, ((64 - picture.width) // 2, (64 - picture.height) // 2))
        canvases.append(np.asarray(canvas))
    texts = evaluator.texts(np.asarray(Embedder().encode(list(SUBJECTS))))
    return round(rank_at(evaluator.images(np.stack(canvases)) @ texts.T, 3), 3)


def _contact(rows: Sequence[tuple[str, Sequence[Image.Image]]]) -> Image.Image:
    from PIL import Image as Images
    from PIL import ImageDraw

    widest = max(len(pictures) for _, pictures in rows)
    sheet = Images.new("RGB", (90 + CELL * widest, CELL * len(rows)), (112, 112, 118))
    pen = ImageDraw.Draw(sheet)
    for y, (name, pictures) in enumerate(rows):
        pen.text((4, y * CELL + 28), name, (255, 255, 255))
        for x, picture in enumerate(pictures):
            picture = picture.convert("RGBA")
            corner = 90 + x * CELL + (CELL - picture.width) // 2, y * CELL + (CELL - picture.height) // 2
            sheet.paste(picture, corner, picture)
    return sheet


if __name__ == "__main__":
    main()
