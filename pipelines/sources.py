"""Where an image model lies and what can be told about it without loading it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from errors import NotReady, UserFixable

BUILTIN = "builtin"
BUILTIN_FOLDER = Path(__file__).resolve().parent.parent / "models" / "forge-nano"
CARD_FILE = "nano.json"  # beside model_index.json: settings of a model that reads prompts in our way
PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
SDXL_CONFIG_REPO = "stabilityai/stable-diffusion-xl-base-1.0"
PIPELINE_CLASS = "StableDiffusionXLPipeline"
FALLBACK_STEPS = 25
FALLBACK_GUIDANCE = 6.0
FALLBACK_PACK_STRENGTH = 0.08  # of models that start from pictures
FALLBACK_PACK_STEPS = 4
SMALL_BYTES = 500_000_000

Kind = Literal["folder", "file", "hub"]


@dataclass(frozen=True)
class ModelSource:
    """A model's place. `folder` is set for folders and for hub models that are on this disk already."""

    id: str  # as in the settings
    kind: Kind
    path: Path | None = None
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)  # JSON by part: model_index, unet, vae, card

    @property
    def card(self) -> dict[str, Any]:
        return self.configs.get("card", {})

    @property
    def name(self) -> str:
        if "name" in self.card:
            return str(self.card["name"])
        return self.path.stem if self.kind == "file" and self.path else self.id.rstrip("/\\").split("/")[-1]

    @property
    def license(self) -> str:
        """SPDX name if the card tells; for other people's models see their own page."""
        default = "unknown, see the model's page" if self.kind == "hub" else "unknown"
        if self.id == BUILTIN:
            default = "Apache-2.0, its example pictures CC0-1.0, MIT and Apache-2.0"
        return str(self.card.get("license", self.card.get("licence", default)))

    @property
    def native_alpha(self) -> bool:
        return self.configs.get("vae", {}).get("out_channels", 3) == 4

    @property
    def native_size(self) -> int:
        """px, the side of the square that the model was trained on."""
        levels = len(self.configs.get("vae", {}).get("block_out_channels", (0,) * 4))
        return int(self.configs.get("unet", {}).get("sample_size", 128)) * 2 ** (levels - 1)

    @property
    def steps(self) -> int:
        return int(self.card.get("steps", FALLBACK_STEPS))

    @property
    def guidance(self) -> float:
        return float(self.card.get("guidance", FALLBACK_GUIDANCE))

    @property
    def start_strength(self) -> float | None:
        """How far the model leaves the pictures that it starts from; None: it starts from noise."""
        strength = self.card.get("start_strength")
        return None if strength is None else float(strength)

    @property
    def pack_strength(self) -> float:
        """The same with a style pack on: a look cannot come through without leaving the picture further."""
        return float(self.card.get("pack_strength", FALLBACK_PACK_STRENGTH))

    @property
    def pack_steps(self) -> int:
        """Steps with a style pack on."""
        return int(self.card.get("pack_steps", FALLBACK_PACK_STEPS if self.start_strength is not None else self.steps))

    @property
    def default_strength(self) -> float | None:
        """`start_strength` as requests name it: a share of the most that the model can bear."""
        most = float(self.card.get("max_strength", 1.0))
        return None if self.start_strength is None else self.start_strength / most

    @property
    def fixed_size(self) -> bool:
        return "size" in self.card

    @property
    def default_style(self) -> str | None:
        return self.card.get("default_style")

    @property
    def styles(self) -> tuple[str, ...]:
        return tuple(self.card.get("styles", ()))


def locate(model: str) -> ModelSource:
    """Find a model by its setting: `builtin`, a diffusers folder, a .safetensors file or a hub id. Loads nothing.

    Raises:
        NotReady: nothing usable lies there.
        UserFixable: the file is of a kind that is never loaded.
    """
    if model == BUILTIN:
        if not (BUILTIN_FOLDER / "model_index.json").is_file():
            raise NotReady(
                "The built-in image model's files are missing. Get the project's folder `models/forge-nano` again, "
                "or set GAMEFORGE_IMAGE_MODEL to another model."
            )
        return _folder(model, BUILTIN_FOLDER)
    path = Path(model).expanduser()
    if path.suffix.lower() in PICKLES:
        raise UserFixable(f"{path.name} is a pickle, which can run code when it is opened. Use a .safetensors file.")
    if path.suffix.lower() == ".safetensors":
        if not path.is_file():
            raise NotReady(f"The image model file {model} does not exist. Correct GAMEFORGE_IMAGE_MODEL.")
        config = config_folder(path)
        return ModelSource(model, "file", path, _configs(config) if config else {})
    if path.is_dir():
        return _folder(model, path)
    if path.is_absolute() or model.startswith((".", "~")) or model.count("/") != 1 or "\\" in model:
        raise NotReady(f"The image model {model!r} is neither a folder, a .safetensors file nor a hub id (owner/name).")
    cached = cached_snapshot(model)
    return ModelSource(model, "hub", cached, _configs(cached) if cached else {})


def _folder(model: str, path: Path) -> ModelSource:
    configs = _configs(path)
    kind = configs.get("model_index", {}).get("_class_name")
    if kind is None:
        raise NotReady(f"The folder {path} holds no diffusers model (model_index.json is missing).")
    if kind != PIPELINE_CLASS:
        raise NotReady(f"{path.name} is a {kind} model; GameForge paints with SDXL models ({PIPELINE_CLASS}).")
    return ModelSource(model, "folder", path, configs)


def _configs(folder: Path) -> dict[str, dict[str, Any]]:
    files = {"model_index": "model_index.json", "unet": "unet/config.json", "vae": "vae/config.json", "card": CARD_FILE}
    found = {}
    for part, name in files.items():
        if (folder / name).is_file():
            try:
                found[part] = json.loads((folder / name).read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise NotReady(f"{folder / name} cannot be read. Get the model again.", detail=str(error)) from error
    return found


def config_folder(file: Path) -> Path | None:
    """The configuration of a single-file model: a folder of the same name beside it, else the hub's on this disk."""
    beside = file.with_suffix("")
    if (beside / "model_index.json").is_file():
        return beside
    return cached_snapshot(SDXL_CONFIG_REPO)


def cached_snapshot(repo: str) -> Path | None:
    """Folder of a hub model that was downloaded before, found without the network."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repo, "model_index.json")
    return Path(found).parent if isinstance(found, str) else None


def weight_files(source: ModelSource) -> list[Path]:
    """The .safetensors files that loading will read, as far as they are on this disk."""
    if source.path is None:
        return []
    if source.kind == "file":
        return [source.path]
    return sorted(file for part in source.path.iterdir() if part.is_dir() for file in _weights(part))


def is_small(source: ModelSource) -> bool:
    """Whether the weights are a toy beside SDXL's: then full precision costs nothing anywhere."""
    files = weight_files(source)
    return bool(files) and sum(file.stat().st_size for file in files) < SMALL_BYTES


def _weights(part: Path) -> list[Path]:
    files = sorted(part.glob("*.safetensors"))
    half = [file for file in files if ".fp16." in file.name]
    return half or files
