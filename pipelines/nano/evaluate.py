"""Measures the committed model: does it show what is asked, how clean, how varied, how much of it is memory.

    python -m pipelines.nano.evaluate --model DIR --embedder DIR [--strength X] [--steps N] [--guidance G]
        [--only NAME...]

Needs no training data: the exemplars that ship are the pictures to compare with (decoded, which costs them a little
sharpness). Prints one JSON object. `strength` is a share of the model's `max_strength`, as in a request.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.nano.contact import FIXED, SEEDS, Wish, load_pipeline, paint
from pipelines.nano.encoder import NanoPromptEncoder
from pipelines.nano.evaluator import Evaluator, rank_at
from pipelines.nano.metrics import (
    SAME_DRAWING,
    clean_share,
    colour_distance,
    colour_figures,
    distances,
    drawing,
    small,
    spread,
)
from pipelines.nano.train_vae import to_tensor

CAPTIONS = 100
NEIGHBOURS = 4
STYLE = "pixel"


class Evaluation:
    """The model folder, loaded once; every draw of concepts is seeded."""

    def __init__(
        self, folder: Path, embedder: Any, evaluator: Evaluator, wish: Wish | None = None, captions: int = CAPTIONS
    ) -> None:
        """`embedder` as NanoPromptEncoder takes it; `wish` carries strength, steps and guidance to measure with.

        `captions`: how many concepts are painted, and told apart in the retrieval.
        """
        self.encoder = NanoPromptEncoder(folder, embedder)
        self.pipeline = load_pipeline(folder)
        self.embedder, self.evaluator = embedder, evaluator
        self.wish = wish or Wish("", 1)
        self.index = self.encoder.index
        self.captions = captions

    def retrieval(self) -> dict[str, Any]:
        """Right caption among 100: for painted pictures and, as `real`, for the data's own of the same concepts.

        Held-out concepts are painted without their exemplars, which are left out of the index.
        """
        out: dict[str, Any] = {"captions": self.captions, "chance_rank5": 5 / self.captions}
        for label, heldout in (("seen", False), ("held_out", True)):
            drawn = self.concepts(heldout=heldout)
            names = [name for name, _ in drawn]
            self.encoder.index = self.index.without_held_out() if heldout else self.index
            painted = self.painted_seen if not heldout else self.paint(names)
            self.encoder.index = self.index
            out[label] = self.ranks(painted, names)
            out[f"{label}_real"] = self.ranks(self.exemplars([number for _, number in drawn]), names)
        return out

    def silhouettes(self) -> dict[str, float]:
        real = self.exemplars([number for _, number in self.concepts(heldout=False)])
        return {"clean": round(clean_share(self.painted_seen), 3), "clean_real": round(clean_share(real), 3)}

    def colours(self) -> dict[str, Any]:
        """Colours against those of real pictures of the same concepts; `data_to_data`: the distance of two halves."""
        real = self.exemplars([number for _, number in self.concepts(heldout=False)])
        return {
            "painted": colour_figures(self.painted_seen),
            "data": colour_figures(real),
            "distance": round(colour_distance(self.painted_seen, real), 4),
            "data_to_data": round(colour_distance(real[::2], real[1::2]), 4),
        }

    def diversity(self, seeds: int = 8) -> dict[str, float]:
        """How far eight seeds of a subject lie apart (root mean square of premultiplied RGBA at 32 x 32, 0..1); `noise`
        is the part of the network: the same start, another noise."""
        import torch

        between, noise = [], []
        for subject in SEEDS:
            wishes = [replace(self.wish, prompt=subject, seed=seed) for seed in range(seeds)]
            call = self.encoder.encode(wishes)
            between.append(spread(small(self._call(call)).reshape(seeds, -1)))
            starts = torch.stack([self.encoder.start(wishes[0]).latent] * seeds)
            call["latents"] = self.encoder.noised(starts, wishes, call["timesteps"])
            noise.append(spread(small(self._call(call)).reshape(seeds, -1)))
        return {"seeds": round(float(np.mean(between)), 4), "noise": round(float(np.mean(noise)), 4)}

    def memory(self) -> dict[str, Any]:
        """Distance of the seen and the fixed prompts' pictures to the closest exemplar, its colouring taken away."""
        prompts = [name for name, _ in self.concepts(heldout=False)]
        painted = np.concatenate([self.painted_seen, self.paint(list(FIXED))])
        wishes = [replace(self.wish, prompt=prompt) for prompt in [*prompts, *FIXED]]
        near = self.nearest(painted, [self.encoder.start(wish).exemplar.id for wish in wishes])
        pairs = self.different_drawings()
        return {
            "pictures": len(painted),
            "threshold": SAME_DRAWING,
            "memorised_share": round(float((near < SAME_DRAWING).mean()), 3),
            "nearest_percentiles_5_50_95": [round(float(v), 3) for v in np.percentile(near, (5, 50, 95))],
            "different_drawings_percentiles_1_5_50": [round(float(v), 3) for v in np.percentile(pairs, (1, 5, 50))],
        }

    def all(self) -> dict[str, Any]:
        return {name: getattr(self, name)() for name in SECTIONS}

    @cached_property
    def painted_seen(self) -> np.ndarray:
        return self.paint([name for name, _ in self.concepts(heldout=False)])

    def concepts(self, *, heldout: bool) -> list[tuple[str, int]]:
        """(name, number of an exemplar) of different concepts that show a thing in pixel art."""
        rng = np.random.default_rng(11)
        found: dict[str, list[int]] = {}
        for number, row in enumerate(self.index.rows):
            if (row["heldout"], row["style"]) == (heldout, STYLE) and row["kinds"][0] not in ("texture", "background"):
                found.setdefault(row["name"], []).append(number)
        chosen = rng.permutation(sorted(found))[: self.captions]
        return [(str(name), int(rng.choice(found[str(name)]))) for name in chosen]

    def different_drawings(self, count: int = 200) -> np.ndarray:
        """Distances of pairs of exemplars of one name in one style by different hands."""
        rng = np.random.default_rng(5)
        groups: dict[str, list[int]] = {}
        for number, row in enumerate(self.index.rows):
            if row["style"] == STYLE:
                groups.setdefault(row["name"], []).append(number)
        pairs = []
        for name in rng.permutation(sorted(groups)):
            numbers = groups[str(name)]
            other = [n for n in numbers if self.index.rows[n]["source"] != self.index.rows[numbers[0]]["source"]]
            pairs += [(numbers[0], other[0])] if other else []
        one, two = (drawing(self.exemplars(list(side))) for side in zip(*pairs[:count], strict=True))
        return np.sqrt(((one - two) ** 2).mean(1))

    def exemplars(self, numbers: list[int]) -> np.ndarray:
        """Decoded exemplars, uint8 [n, 64, 64, 4]."""
        import torch

        return self._decode(torch.stack([self.index.latent(number) for number in numbers]))

    def paint(self, prompts: list[str]) -> np.ndarray:
        """uint8 [n, 64, 64, 4]: one picture a prompt."""
        wishes = [replace(self.wish, prompt=prompt) for prompt in prompts]
        return np.stack([np.asarray(image, np.uint8) for image in paint(self.pipeline, self.encoder, wishes)])

    def ranks(self, images: np.ndarray, names: list[str]) -> dict[str, float]:
        texts = self.evaluator.texts(self.embedder.encode([f"a {name}" for name in names]))
        scores = self.evaluator.images(images) @ texts.T
        return {"rank1": round(rank_at(scores, 1), 3), "rank5": round(rank_at(scores, 5), 3)}

    def nearest(self, images: np.ndarray, starts: list[int]) -> np.ndarray:
        """Distance of each picture's drawing to the closest exemplar's, mirrored or not: [n].

        Looks closely at the exemplars with the closest latents, either way round, and at the picture's own start.
        """
        codes = self.index.all_latents().reshape(len(self.index), -1)
        views = (images, images[:, :, ::-1])
        near = [np.argsort(distances(self._encode(view), codes), axis=1)[:, :NEIGHBOURS] for view in views]
        wanted = [{*a.tolist(), *b.tolist(), start} for a, b, start in zip(*near, starts, strict=True)]
        needed = sorted(set.union(*wanted))
        pictures = drawing(self.exemplars(needed))
        place = {number: row for row, number in enumerate(needed)}
        both = [drawing(np.ascontiguousarray(view)) for view in views]
        return np.array(
            [
                min(float(distances(side[i : i + 1], pictures[[place[n] for n in row]]).min()) for side in both)
                for i, row in enumerate(wanted)
            ]
        )

    def _call(self, call: dict[str, Any]) -> np.ndarray:
        return np.stack([np.asarray(image, np.uint8) for image in self.pipeline(**call).images])

    def _encode(self, images: np.ndarray, batch: int = 32) -> np.ndarray:
        import torch

        vae = self.pipeline.vae
        with torch.inference_mode():
            parts = [
                vae.encode(to_tensor(np.ascontiguousarray(images[i : i + batch]))).latent_dist.mean.flatten(1)
                for i in range(0, len(images), batch)
            ]
        return (torch.cat(parts) * vae.config.scaling_factor).numpy()

    def _decode(self, latents: Any, batch: int = 32) -> np.ndarray:
        import torch

        vae, parts = self.pipeline.vae, []
        with torch.inference_mode():
            for start in range(0, len(latents), batch):
                decoded = vae.decode(latents[start : start + batch] / vae.config.scaling_factor).sample
                parts.append(((decoded.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy())
        return np.concatenate(parts)


SECTIONS = ("retrieval", "silhouettes", "colours", "diversity", "memory")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--embedder", required=True)
    parser.add_argument("--evaluator", type=Path)
    parser.add_argument("--strength", type=float)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--guidance", type=float)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS)
    args = parser.parse_args()

    from pipelines.nano.text import FolderEmbedder

    evaluator = Evaluator.load(args.evaluator) if args.evaluator else Evaluator.load()
    wish = Wish("", 1, strength=args.strength, steps=args.steps, guidance=args.guidance)
    evaluation = Evaluation(args.model, FolderEmbedder(args.embedder), evaluator, wish)
    print(json.dumps({name: getattr(evaluation, name)() for name in args.only}, indent=2))


if __name__ == "__main__":
    main()
