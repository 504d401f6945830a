"""How a style pack is trained: three presets, and what each means for these images on this machine."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from errors import BadRequest

Preset = Literal["fast", "balanced", "quality"]
PRESETS: tuple[Preset, ...] = ("fast", "balanced", "quality")
MIN_IMAGES, MAX_IMAGES = 3, 100
GIB = 1024**3

# steps for 10 images; more images get more, by the square root of their number
_SMALL_STEPS: dict[Preset, int] = {"fast": 100, "balanced": 200, "quality": 500}
_LARGE_STEPS: dict[Preset, int] = {"fast": 400, "balanced": 1000, "quality": 2000}
_SMALL_RANK: dict[Preset, int] = {"fast": 8, "balanced": 16, "quality": 24}
_LARGE_RANK: dict[Preset, int] = {"fast": 8, "balanced": 16, "quality": 32}
_FEW_IMAGES = 10
_LESSONS = 64
# seconds for one optimisation step of the batch below; measured on the built-in model, published figures for SDXL
_STEP_SECONDS = {("cpu", True): 0.6, ("cuda", True): 0.08, ("cuda", False): 0.9, ("mps", True): 0.3}
_SLOW_STEP_SECONDS = 900.0
_SMALL_START_SECONDS, _LARGE_START_SECONDS = 30.0, 90.0  # loading, caching, samples and the check at the end
_SMALL_BYTES = int(1.2 * GIB)
_LARGE_BYTES = 10 * GIB  # UNet only, bf16, checkpointing, 8-bit Adam
_LARGE_PLAIN_BYTES = 22 * GIB  # without them, on a CPU


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that a run depends on beside its images. Noise levels are shares (0..1) of the schedule."""

    preset: Preset = "balanced"
    rank: int = 16
    learning_rate: float = 1e-3
    steps: int = 300
    batch: int = 8
    resolution: int = 64  # px, side of the square whose area each picture gets
    convolutions: bool = False  # adapt convolutions, too: texture and outline live there
    noise_from: float = 0.0
    noise_to: float = 1.0
    restyle: float = 0.0  # share of inputs that show a recoloured copy of the picture to be painted
    lessons: int = 0  # starting pictures of the base that are shown with their restyled copies; see lessons.py
    lesson_share: float = 0.6  # of the inputs
    min_snr_gamma: float = 5.0
    caption_dropout: float = 0.05
    warmup: int = 20
    prior_images: int = 0
    prior_weight: float = 0.5
    text_encoders: bool = False  # adapt them, too (SDXL); the embeddings of captions are then computed in each step
    text_learning_share: float = 0.5  # of `learning_rate`, for the text encoders
    preference_weight: float = 0.0  # of the pairs (approved, rejected); see preference.py
    preference_beta: float = 500.0
    mirror: bool = True
    gradient_checkpointing: bool = False
    adam_8bit: bool = False
    precision: Literal["no", "bf16", "fp16"] = "no"
    sample_every: int = 75
    checkpoint_every: int = 50
    keep_checkpoints: int = 2
    held_out: int = 0  # images that are not trained on, for the check
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> TrainingSettings:
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in known})


@dataclass(frozen=True)
class Machine:
    """What the presets look at. `small`: the base is a toy beside SDXL."""

    device: str  # "cpu", "cuda", "mps"
    free_bytes: int
    small: bool
    native_size: int  # px
    starts_from_pictures: bool = False
    pack_strength: float = 1.0  # share of the noise schedule that images with a pack begin at


@dataclass(frozen=True)
class Estimate:
    seconds: float
    memory_bytes: int
    warning: str  # empty: it fits

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def choose(preset: str, images: int, machine: Machine, seed: int = 0) -> TrainingSettings:
    """Settings for a number of images on a machine. Raises BadRequest for a preset that does not exist."""
    if preset not in PRESETS:
        raise BadRequest(f"There is no preset {preset!r}. Use {', '.join(PRESETS)}.")
    name: Preset = preset  # type: ignore[assignment]
    growth = max(0.7, min(3.0, (images / _FEW_IMAGES) ** 0.5))
    held_out = 0 if images < 8 else max(1, min(5, images // 8))
    if machine.small:
        steps = round(_SMALL_STEPS[name] * growth)
        return TrainingSettings(
            preset=name,
            rank=_SMALL_RANK[name],
            learning_rate=2e-3,
            steps=steps,
            batch=8,
            resolution=machine.native_size,
            convolutions=True,
            noise_from=0.02 if machine.starts_from_pictures else 0.0,
            noise_to=min(1.0, machine.pack_strength + 0.05) if machine.starts_from_pictures else 1.0,
            restyle=0.85 if machine.starts_from_pictures else 0.0,
            lessons=_LESSONS if machine.starts_from_pictures else 0,
            sample_every=max(20, steps // 4),
            checkpoint_every=25,
            held_out=held_out,
            seed=seed,
        )
    steps = round(_LARGE_STEPS[name] * growth)
    on_card = machine.device == "cuda"
    return TrainingSettings(
        preset=name,
        rank=_LARGE_RANK[name],
        learning_rate=1e-4,
        steps=steps,
        batch=1,
        resolution=machine.native_size,
        gradient_checkpointing=True,
        adam_8bit=on_card and _has_8bit_adam(),
        precision="bf16" if machine.device in ("cuda", "cpu") else "no",
        sample_every=max(50, steps // 5),
        checkpoint_every=100,
        held_out=held_out,
        seed=seed,
    )


def estimate(settings: TrainingSettings, machine: Machine) -> Estimate:
    """Time and memory before the start, and a sentence when it will not fit."""
    per_step = _STEP_SECONDS.get((machine.device, machine.small), _SLOW_STEP_SECONDS) * settings.batch / 8
    if not machine.small:
        per_step = _STEP_SECONDS.get((machine.device, False), _SLOW_STEP_SECONDS) * settings.batch
    start = _SMALL_START_SECONDS if machine.small else _LARGE_START_SECONDS
    seconds = start + settings.steps * per_step
    memory = _SMALL_BYTES
    if not machine.small:
        memory = _LARGE_BYTES if machine.device == "cuda" else _LARGE_PLAIN_BYTES
    warning = ""
    if memory > machine.free_bytes:
        warning = (
            f"It needs about {memory / GIB:.0f} GB of memory and {machine.free_bytes / GIB:.0f} GB are free: "
            "it will be very slow or stop. Close other programs, or train on the built-in model."
        )
    elif machine.device == "cpu" and not machine.small:
        warning = (
            "Without a graphics card this model takes days to train. Use the built-in model or a machine with a card."
        )
    return Estimate(seconds, memory, warning)


def _has_8bit_adam() -> bool:
    import importlib.util

    return importlib.util.find_spec("bitsandbytes") is not None
