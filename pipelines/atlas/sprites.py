"""What is exported, and with which options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from errors import BadRequest

if TYPE_CHECKING:
    from PIL import Image

LARGEST_PAGE = 16384  # px; what current graphics hardware takes at most
MAX_GAP = 64  # px

# What each format is, for help texts and menus. Names are public API.
FORMATS: dict[str, str] = {
    "png": "one PNG for each image",
    "webp": "one WebP for each image",
    "spritesheet": "a sheet of equal cells",
    "texturepacker": "TexturePacker JSON (hash)",
    "texturepacker-array": "TexturePacker JSON (array)",
    "phaser": "Phaser 3 and 4 multi-atlas",
    "pixi": "PixiJS spritesheet",
    "godot": "Godot 4 resources (.tres)",
    "godot3": "Godot 3 resources (.tres)",
    "unity": "Unity sprite sheet (.png and .png.meta)",
    "tpsheet": "Unity with TexturePacker Importer (.tpsheet)",
    "aseprite": "Aseprite sheet and JSON",
}
# Formats that can say "rotated". Phaser is none of them: its parsers read the flag, but its renderers (4.2.1, WebGL and
# canvas alike) draw such a frame without turning it back.
TURNING = frozenset({"texturepacker", "texturepacker-array", "pixi"})
LOOSE = frozenset({"png", "webp"})
ALIASES = {
    "json": "texturepacker", "atlas": "texturepacker", "sheet": "spritesheet", "sprite sheet": "spritesheet",
    "pixijs": "pixi", "pixi.js": "pixi", "godot4": "godot", "godot 4": "godot", "godot 3": "godot3",
    "phaser3": "phaser", "phaser 3": "phaser", "multiatlas": "phaser", "unity3d": "unity",
}  # fmt: skip


def format_named(text: str) -> str:
    """The format that the words mean. Raises BadRequest with the list of formats."""
    name = " ".join(text.lower().replace("_", "-").split())
    name = ALIASES.get(name, name)
    if name not in FORMATS:
        raise BadRequest(f"There is no export format {text!r}. Choose one of {', '.join(FORMATS)}.")
    return name


@dataclass(frozen=True)
class ExportOptions:
    """`rotate` None: where every reader of the format can (PixiJS). Sizes in px. Raises BadRequest for values that make
    no sense.
    """

    format: str = "png"
    name: str = "atlas"  # of sheets and their data files
    trim: bool = True
    rotate: bool | None = None
    padding: int = 2
    extrude: int = 1
    page: int = 2048  # longest side of a sheet
    power_of_two: bool = False
    lossy: int | None = None  # WebP quality 1..100; None: lossless
    columns: int = 0  # of a sprite sheet; 0: as square as it gets
    fps: float = 8.0  # of animations
    point: bool = True  # pixels stay hard when enlarged (Unity's import setting)
    strip: bool = False  # leave prompts, seeds and models out

    def __post_init__(self) -> None:
        object.__setattr__(self, "format", format_named(self.format))
        self._check("padding", self.padding, 0, MAX_GAP)
        self._check("extrude", self.extrude, 0, MAX_GAP)
        self._check("page size", self.page, 16, LARGEST_PAGE)
        self._check("number of columns", self.columns, 0, LARGEST_PAGE)
        self._check("number of frames per second", self.fps, 0.1, 240)
        if self.lossy is not None:
            self._check("WebP quality", self.lossy, 1, 100)

    def _check(self, what: str, value: float, low: float, high: float) -> None:
        if not low <= value <= high:
            raise BadRequest(f"The {what} can be {low:g} to {high:g}; {value:g} cannot be used.")

    @property
    def turns(self) -> bool:
        return self.format in TURNING and (self.format == "pixi" if self.rotate is None else self.rotate)


@dataclass(frozen=True)
class Sprite:
    """One image to export. `name` may be any text; equal and unsafe ones are made right."""

    name: str
    image: Image.Image
    normal: Image.Image | None = None  # normal map of the same size
    pivot: tuple[float, float] = (0.5, 0.5)  # share of width and height, from the top left
    duration: int = 0  # ms, of an animation's frame; 0: as the options' fps say
    tiles: bool = False  # is repeated: needs a texture of its own where an atlas region cannot be
    data: bytes | None = None  # the PNG file as it is kept, with its text chunks
    origin: dict[str, Any] | None = field(default=None, compare=False)  # provenance, for the sidecar
