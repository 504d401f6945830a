"""What every export is held against: the sprite that a client would draw is the sprite that went in, byte for byte."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from pipelines.atlas.build import frame_names
from pipelines.atlas.sprites import ExportOptions, Sprite

NAMES = (
    "cactus", "Rusty Sword", "a b/c", "../../x", "CON", "nul.png", "剣", "épée", "🗡", "🗡️🗡️", "नमस्ते",
    "walk 0", "walk 1", "walk 2", "idle_0", "idle_1", "constructor", "__proto__", "7", "1e5", "true", "%:;#", "",
    "a" * 120, "x", "width", "name", "cactus",
)  # fmt: skip


@st.composite
def sprites(draw: st.DrawFn, most: int = 9) -> list[Sprite]:
    """Small sprites of every awkward kind: 1 px, empty, equal ones, wide margins, hidden colours left black."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    made: list[Sprite] = []
    for _ in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(["noise", "noise", "margins", "pixel", "empty", "again", "solid"]))
        width, height = draw(st.integers(1, 24)), draw(st.integers(1, 24))
        if kind == "again" and made:
            pixels = np.asarray(made[int(rng.integers(len(made)))].image)
        elif kind == "pixel":
            pixels = rng.integers(1, 256, (1, 1, 4), np.uint8)
        elif kind == "empty":
            pixels = np.zeros((height, width, 4), np.uint8)
        elif kind == "margins":
            pixels = np.zeros((height + 6, width + 4, 4), np.uint8)
            pixels[2 : 2 + height, 3 : 3 + width] = rng.integers(0, 256, (height, width, 4), np.uint8)
        else:
            pixels = rng.integers(0, 256, (height, width, 4), np.uint8)
            if kind == "solid":
                pixels[..., 3] = 255
        pixels = np.where(pixels[..., 3:] == 0, 0, pixels).astype(np.uint8)
        made.append(Sprite(draw(st.sampled_from(NAMES)), Image.fromarray(pixels), pivot=draw(PIVOTS)))
    return made


PIVOTS = st.sampled_from([(0.5, 0.5), (0.5, 1.0), (0.25, 0.75)])
PAGES = st.sampled_from([40, 64, 2048])


def options(format: str, pages: st.SearchStrategy[int] = PAGES) -> st.SearchStrategy[ExportOptions]:
    return st.builds(
        ExportOptions,
        format=st.just(format),
        trim=st.booleans(),
        rotate=st.sampled_from([None, True, False]),
        padding=st.integers(0, 3),
        extrude=st.integers(0, 2),
        page=pages,
        power_of_two=st.booleans(),
        name=st.sampled_from(["atlas", "My Sprites"]),
    )


def image_of(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGBA"))


def sizes_of(files: dict[str, bytes], names: Sequence[str]) -> list[list[int]]:
    return [list(image_of(files[name]).shape[1::-1]) for name in names]


def drawn(page: np.ndarray, frame: dict[str, Any]) -> np.ndarray:
    """The sprite that a client draws: its region turned back, at its place in the source's canvas."""
    x, y, w, h = (int(frame[key]) for key in ("x", "y", "w", "h"))
    region = np.rot90(page[y : y + w, x : x + h]) if frame["rotated"] else page[y : y + h, x : x + w]
    assert region.shape[:2] == (h, w), f"{frame} reaches beyond its page"
    canvas = np.zeros((int(frame["height"]), int(frame["width"]), 4), np.uint8)
    left, top = int(frame["left"]), int(frame["top"])
    canvas[top : top + h, left : left + w] = region
    return canvas


def check(found: dict[str, np.ndarray], sprites: Sequence[Sprite]) -> None:
    names = frame_names(sprites)
    assert sorted(found) == sorted(names)
    for name, sprite in zip(names, sprites, strict=True):
        assert np.array_equal(found[name], np.asarray(sprite.image)), f"{name} differs"


def check_apart(atlas: Any, settings: ExportOptions) -> None:
    """No two different regions are closer than extrude and padding ask, and none leaves its page."""
    regions = {(f.page, f.x, f.y, *((f.height, f.width) if f.rotated else (f.width, f.height))) for f in atlas.frames}
    for page, x, y, w, h in regions:
        width, height = atlas.pages[page].size
        assert settings.extrude <= x and x + w + settings.extrude <= width
        assert settings.extrude <= y and y + h + settings.extrude <= height
        for other, u, v, a, b in regions:
            gap = 2 * settings.extrude + settings.padding
            if (other, u, v, a, b) != (page, x, y, w, h) and other == page:
                assert x + w + gap <= u or u + a + gap <= x or y + h + gap <= v or v + b + gap <= y
