"""A training run from its folder: `run.json` and pictures in, LoRA, samples, metrics and a progress file out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import Cancelled, NotReady
from pipelines.lora_file import LoraFacts, architecture, read_facts, write_lora
from pipelines.request import StylePackUse
from pipelines.training.canvas import bucket, on_canvas
from pipelines.training.check import SUBJECTS, Comparison, compare, paint, subjects_for
from pipelines.training.pictures import Picture
from pipelines.training.progress import Progress
from pipelines.training.settings import TrainingSettings

if TYPE_CHECKING:
    from PIL import Image

    from pipelines.loaded import LoadedModel
    from pipelines.training.trainer import Trainer

RUN_FILE, RESULT_FILE, LORA_FILE = "run.json", "result.json", "pack.safetensors"
SAMPLES = 4
SAMPLE_SEED = 1000


@dataclass(frozen=True)
class RunSpec:
    """What to train. `pictures` are (file in the run's folder, name, caption), `rejected` those to get away from."""

    name: str
    trigger: str
    model: str
    device: str
    settings: TrainingSettings
    pictures: list[tuple[str, str, str]] = field(default_factory=list)
    rejected: list[tuple[str, str, str]] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / (RUN_FILE + ".tmp")
        partial.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        partial.replace(folder / RUN_FILE)

    @classmethod
    def read(cls, folder: Path) -> RunSpec:
        """Raises NotReady when the folder holds no run."""
        try:
            data = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
            pictures = [(str(a), str(b), str(c)) for a, b, c in data.pop("pictures")]
            rejected = [(str(a), str(b), str(c)) for a, b, c in data.pop("rejected", [])]
            settings = TrainingSettings.from_dict(data.pop("settings"))
            return cls(settings=settings, pictures=pictures, rejected=rejected, **data)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotReady("The files of this training are gone. Start it again.", detail=str(error)) from error


def run(folder: Path, load: Callable[[RunSpec], LoadedModel], stopped: Callable[[], bool] = lambda: False) -> None:
    """Train, write `pack.safetensors`, check it as the product would use it, write `result.json`.

    Raises:
        Cancelled: `stopped` said so; the state is kept and the next call goes on.
        NotReady, ResourceError: the model cannot be loaded, or a disk or memory is full.
    """
    from pipelines.training.base import build_cache
    from pipelines.training.checkpoint import checkpoints
    from pipelines.training.lessons import make_lessons
    from pipelines.training.trainer import Trainer, validation_loss

    spec, progress = RunSpec.read(folder), Progress(folder)
    settings = spec.settings
    progress.write("phase", text="Loading the base model")
    model = load(spec)
    pictures = [Picture(name, _open(folder / file), caption) for file, name, caption in spec.pictures]
    progress.write("phase", text=f"Preparing {len(pictures)} images")
    references = _on_canvases(model, pictures, settings.resolution)
    lessons = make_lessons(model, references, settings.lessons, settings.seed)
    cache = build_cache(model, pictures, spec.trigger, settings, settings.seed, lessons)
    prior = _prior(model, settings)
    rejected = _rejected(model, folder, spec)
    captions = [picture.caption for picture in pictures]
    rows, held = split(len(pictures), settings.held_out)
    before = paint(model, subjects_for(captions)[:SAMPLES], SAMPLE_SEED, None)
    _save_samples(folder, progress, 0, captions, before)
    if stopped():
        raise Cancelled
    trainer = Trainer(model, cache, settings, rows, folder, progress, prior, rejected)
    facts = _facts(model, spec)
    model.adapters.adopt(_training_pack(), facts)
    last = checkpoints(folder / "state")
    progress.rewind(trainer.start)
    progress.write("phase", text="Training" if not last else f"Going on from step {trainer.start}", step=trainer.start)

    def sample(step: int) -> None:
        painted = paint(model, subjects_for(captions)[:SAMPLES], SAMPLE_SEED, _training_pack())
        _save_samples(folder, progress, step, captions, painted)

    trainer.run(stopped, sample)
    progress.write("phase", text="Checking the result", step=settings.steps)
    held_loss = _validation(trainer, held, validation_loss)
    layers = trainer.layers()
    own = {**_own(facts), "cross_width": facts.cross_width}
    write_lora(folder / LORA_FILE, layers, name=spec.name, own=own, training=_training_facts(model, spec, captions))
    model.adapters.drop(_training_pack())
    comparison = check(model, folder, spec, pictures)
    _save_samples(folder, progress, settings.steps, captions, comparison.with_pack[:SAMPLES])
    _write_result(folder, spec, comparison, held_loss)
    progress.write("done", step=settings.steps)


def check(model: LoadedModel, folder: Path, spec: RunSpec, pictures: list[Picture]) -> Comparison:
    """Load the written file as anybody would and paint with it."""
    path = folder / LORA_FILE
    read_facts(path, spec.name)
    model.adapters.find = lambda use: path
    references = _on_canvases(model, pictures, spec.settings.resolution)
    return compare(model, references, [picture.caption for picture in pictures], StylePackUse(spec.name), SAMPLE_SEED)


def _on_canvases(model: LoadedModel, pictures: list[Picture], resolution: int) -> list[Image.Image]:
    return [
        on_canvas(picture.image, bucket(*picture.image.size, resolution), alpha=model.native_alpha).convert("RGBA")
        for picture in pictures
    ]


def split(count: int, held_out: int) -> tuple[list[int], list[int]]:
    """Numbers of the pictures to train on, and of those kept for the check (evenly spread)."""
    held = sorted({round((i + 0.5) * count / held_out) % count for i in range(held_out)}) if held_out else []
    return [row for row in range(count) if row not in held], held


def _training_pack() -> StylePackUse:
    from pipelines.training.trainer import PACK

    return PACK


def _validation(trainer: Trainer, held: list[int], measure: Callable[..., float]) -> dict[str, float]:
    if not held:
        return {}
    pipe = trainer.model.pipe
    pipe.enable_lora()
    after = measure(trainer, held)
    pipe.disable_lora()
    before = measure(trainer, held)
    return {"held_out_images": len(held), "held_out_loss": round(after, 5), "held_out_loss_without": round(before, 5)}


def _prior(model: LoadedModel, settings: TrainingSettings) -> Any:
    """Prior preservation (Ruiz et al. 2023, DreamBooth): pictures by the base itself, trained on as well."""
    from pipelines.training.base import build_cache

    if settings.prior_images <= 0:
        return None
    subjects = [SUBJECTS[i % len(SUBJECTS)] for i in range(settings.prior_images)]
    painted = paint(model, subjects, 1, None)
    pictures = [Picture(subject, image, subject) for subject, image in zip(subjects, painted, strict=True)]
    return build_cache(model, pictures, "", settings)


def _rejected(model: LoadedModel, folder: Path, spec: RunSpec) -> Any:
    from pipelines.training.base import build_cache

    if not spec.rejected or spec.settings.preference_weight <= 0:
        return None
    pictures = [Picture(name, _open(folder / file), caption) for file, name, caption in spec.rejected]
    return build_cache(model, pictures, spec.trigger, replace(spec.settings, restyle=0.0))


def _facts(model: LoadedModel, spec: RunSpec) -> LoraFacts:
    config = model.pipe.unet.config
    width = config.cross_attention_dim
    return LoraFacts(
        trigger=spec.trigger,
        base_id=model.source.id if model.source.kind != "file" else model.source.name,
        base_name=model.source.name,
        base_hash=model.hash,
        architecture=architecture(config),
        start_strength=model.source.pack_strength if model.source.start_strength is not None else None,
        rank=spec.settings.rank,
        cross_width=max(width) if isinstance(width, (list, tuple)) else int(width),
    )


def _own(facts: LoraFacts) -> dict[str, Any]:
    names = ("trigger", "base_id", "base_name", "base_hash", "architecture", "start_strength")
    return {name: getattr(facts, name) for name in names}


def _training_facts(model: LoadedModel, spec: RunSpec, captions: list[str]) -> dict[str, Any]:
    prediction = str(model.pipe.scheduler.config.prediction_type)
    extra = {"images": len(captions), "captions": captions, "prediction_type": prediction.removesuffix("_prediction")}
    return {**spec.settings.to_dict(), **extra}


def _open(path: Path) -> Image.Image:
    from PIL import Image

    with Image.open(path) as image:
        return image.convert("RGBA")


def _save_samples(
    folder: Path, progress: Progress, step: int, captions: list[str], pictures: list[Image.Image]
) -> None:
    target = folder / "samples"
    target.mkdir(exist_ok=True)
    names = []
    for number, picture in enumerate(pictures):
        names.append(f"{step:05d}-{number}.png")
        picture.save(target / names[-1])
    progress.write(
        "sample", step=step, files=names, prompts=list(subjects_for(captions)[: len(pictures)]), seed=SAMPLE_SEED
    )


def _write_result(folder: Path, spec: RunSpec, comparison: Comparison, held_loss: dict[str, float]) -> None:
    pairs = []
    for number, subject in enumerate(comparison.subjects):
        pair = {"subject": subject}
        for kind, picture in (("without", comparison.without[number]), ("with", comparison.with_pack[number])):
            pair[kind] = f"samples/final-{number}-{kind}.png"
            picture.save(folder / pair[kind])
        pairs.append(pair)
    result = {"metrics": {**comparison.metrics, **held_loss}, "comparison": pairs, "lora": LORA_FILE}
    partial = folder / (RESULT_FILE + ".tmp")
    partial.write_text(json.dumps(result), encoding="utf-8")
    partial.replace(folder / RESULT_FILE)
