"""Sprites onto pages: trim, share what is identical, pack, extrude, paint. Equal input gives equal bytes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from errors import BadRequest
from pipelines.atlas.names import sequences, unique_names
from pipelines.atlas.packing import Paper, pack
from pipelines.atlas.sprites import ExportOptions, Sprite

PNG_LEVEL = 6
FLAT_NORMAL = (128, 128, 255, 255)  # a surface that faces the viewer


@dataclass(frozen=True)
class Frame:
    """Where a sprite lies. `width`, `height`: of the trimmed sprite, not rotated; all px, y down."""

    name: str
    page: int
    x: int
    y: int
    width: int
    height: int
    rotated: bool  # 90 degrees clockwise: it takes `height` in x and `width` in y
    offset: tuple[int, int]  # of the trimmed box in the source
    source: tuple[int, int]
    pivot: tuple[float, float]
    trimmed: bool
    duration: int = 0  # ms; 0: as the options' fps say


@dataclass(frozen=True)
class Animation:
    name: str
    frames: tuple[int, ...]  # places in `Atlas.frames`, in their order of time


@dataclass(frozen=True)
class Atlas:
    frames: tuple[Frame, ...]  # in the order of the sprites
    pages: tuple[Image.Image, ...]
    normals: tuple[Image.Image, ...]  # beside each page, or empty
    animations: tuple[Animation, ...]


def frame_names(sprites: Sequence[Sprite]) -> list[str]:
    return unique_names(sprite.name for sprite in sprites)


def find_animations(sprites: Sequence[Sprite]) -> list[Animation]:
    """Sprites named "walk 0", "walk 1" ... are the frames of "walk"."""
    found: dict[str, list[tuple[int, int]]] = {}
    for index, key in enumerate(sequences(sprite.name for sprite in sprites)):
        if key is not None:
            found.setdefault(key[0], []).append((key[1], index))
    return [Animation(name, tuple(index for _, index in sorted(members))) for name, members in found.items()]


def speed(frames: Iterable[Frame | Sprite], fps: float) -> float:
    """Frames per second of an animation: what its frames say on average, else `fps`."""
    known = [frame.duration for frame in frames if frame.duration]
    return round(1000 * len(known) / sum(known), 2) if known else fps


def build_atlas(sprites: Sequence[Sprite], options: ExportOptions) -> Atlas:
    """Pack the sprites onto pages of at most `options.page` px.

    Raises:
        BadRequest: a sprite is larger than a page; it is named.
    """
    names = frame_names(sprites)
    animations = find_animations(sprites)
    cuts = [_cut(sprite, options.trim) for sprite in sprites]
    first_like: dict[tuple[object, ...], int] = {}
    leader = []  # the first sprite with the same pixels
    for index, (pixels, _, normal) in enumerate(cuts):
        key = (pixels.shape, pixels.tobytes(), None if normal is None else normal.tobytes())
        leader.append(first_like.setdefault(key, index))
    unique = list(first_like.values())
    around = 2 * options.extrude
    sizes = [(cuts[index][0].shape[1] + around, cuts[index][0].shape[0] + around) for index in unique]
    gap = options.padding
    paper = Paper(options.page, options.page, gap, options.turns, options.power_of_two)
    inflated = [(width + gap, height + gap) for width, height in sizes]
    for index, size in zip(unique, inflated, strict=True):
        if not paper.holds(size):
            raise too_large(names[index], sprites[index].image.size, options)
    together = _together(animations, leader)
    packing = pack(inflated, paper, [together.get(index) for index in unique])
    place_of = dict(zip(unique, packing.places, strict=True))

    pages = [np.zeros((height, width, 4), np.uint8) for width, height in packing.pages]
    has_normals = any(normal is not None for _, _, normal in cuts)
    normals = [np.tile(np.array(FLAT_NORMAL, np.uint8), (*page.shape[:2], 1)) for page in pages] if has_normals else []
    for index in unique:
        place, (pixels, _, normal) = place_of[index], cuts[index]
        _paint(pages[place.page], pixels, place.x, place.y, place.rotated, options.extrude)
        if normal is not None:
            _paint(normals[place.page], normal, place.x, place.y, place.rotated, options.extrude)
    frames = []
    for index, (sprite, (pixels, offset, _)) in enumerate(zip(sprites, cuts, strict=True)):
        place = place_of[leader[index]]
        height, width = pixels.shape[:2]
        frames.append(
            Frame(
                name=names[index],
                page=place.page,
                x=place.x + options.extrude,
                y=place.y + options.extrude,
                width=width,
                height=height,
                rotated=place.rotated,
                offset=offset,
                source=sprite.image.size,
                pivot=sprite.pivot,
                trimmed=sprite.image.size != (width, height),
                duration=sprite.duration,
            )
        )
    return Atlas(
        tuple(frames),
        tuple(Image.fromarray(page) for page in pages),
        tuple(Image.fromarray(page) for page in normals),
        tuple(animations),
    )


def too_large(name: str, size: tuple[int, int], options: ExportOptions) -> BadRequest:
    return BadRequest(
        f"{name} is {size[0]} x {size[1]} px and does not fit a page of {options.page} x {options.page} px. "
        "Choose larger pages, leave it out, or export single PNG files."
    )


def png_bytes(image: Image.Image) -> bytes:
    """The same pixels give the same bytes: no time, no name of a program."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=PNG_LEVEL)
    return buffer.getvalue()


def _together(animations: Sequence[Animation], leader: Sequence[int]) -> dict[int, str]:
    """Which regions belong onto one page. Animations that share a frame belong together."""
    group: dict[int, str] = {}
    for animation in animations:
        members = {leader[index] for index in animation.frames}
        merged = {group[index] for index in members if index in group}
        members |= {index for index, name in group.items() if name in merged}
        group.update(dict.fromkeys(members, animation.name))
    return group


def _cut(sprite: Sprite, trim: bool) -> tuple[np.ndarray, tuple[int, int], np.ndarray | None]:
    """(pixels, offset in the source, normal map's pixels). Of an empty sprite one pixel is left."""
    image = sprite.image.convert("RGBA")
    box = image.getchannel("A").getbbox() or (0, 0, 1, 1) if trim else (0, 0, *image.size)
    normal = None if sprite.normal is None else np.asarray(sprite.normal.convert("RGBA").crop(box))
    return np.asarray(image.crop(box)), (box[0], box[1]), normal


def _paint(page: np.ndarray, pixels: np.ndarray, x: int, y: int, rotated: bool, extrude: int) -> None:
    """Draw at (x, y), the outermost pixels repeated `extrude` times: filtering never reaches a neighbour."""
    if rotated:
        pixels = np.rot90(pixels, -1)
    around = pixels
    if extrude:
        rows = np.clip(np.arange(-extrude, pixels.shape[0] + extrude), 0, pixels.shape[0] - 1)
        columns = np.clip(np.arange(-extrude, pixels.shape[1] + extrude), 0, pixels.shape[1] - 1)
        around = pixels[rows][:, columns]
    page[y : y + around.shape[0], x : x + around.shape[1]] = around
