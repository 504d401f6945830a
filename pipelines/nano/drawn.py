"""Things that games need and no icon set has (furniture, interface parts, ground), drawn for this project as SVG.

Each drawing in drawings.json is a short SVG body on a 64 x 64 ground with three colours: {a} the main one, {b} its
shade, {c} its light. A drawing is rendered in every material that suits it and in all three styles.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image

from pipelines.nano.records import Record, fit_smooth, to_pixel_art

SOURCE = "Drawn for GameForge"
LICENCE = "CC0-1.0"

MATERIALS: dict[str, tuple[str, str, str]] = {
    "wooden": ("#9a6534", "#6d4522", "#c08a52"),
    "stone": ("#8d939b", "#646a73", "#b6bcc4"),
    "golden": ("#e0a92e", "#a87417", "#ffd96b"),
    "iron": ("#6f7b8a", "#475160", "#a3b0bf"),
    "red": ("#c8332e", "#8e1f1f", "#ef6a5a"),
    "blue": ("#2f6fd0", "#1e4790", "#6aa5f5"),
    "green": ("#3f9a3c", "#266428", "#79c96a"),
    "purple": ("#8446b8", "#57298a", "#b57fe0"),
    "sandstone": ("#d9b06a", "#a97f3f", "#f0d69c"),
    "ice": ("#8fd3ee", "#4f9fc4", "#d6f4ff"),
    "mossy": ("#7d8a6a", "#566049", "#8fbf5a"),
    "white": ("#e6e8ec", "#b3b8c2", "#ffffff"),
    "": ("#9a6534", "#6d4522", "#c08a52"),
}
_LIGHT = (
    '<filter id="l"><feGaussianBlur in="SourceAlpha" stdDeviation="1.6" result="b"/><feSpecularLighting in="b" '
    'surfaceScale="5" specularConstant=".75" specularExponent="42" lighting-color="#fff" result="s">'
    '<feDistantLight azimuth="235" elevation="48"/></feSpecularLighting><feComposite in="s" in2="SourceAlpha" '
    'operator="in" result="t"/><feComposite in="SourceGraphic" in2="t" operator="arithmetic" k1="0" k2=".92" k3=".7" '
    'k4="0"/></filter>'
)


def render(body: str, lit: bool = False, size: int = 192) -> Image.Image:
    """An SVG body on the 64 x 64 ground as RGBA; `lit` adds the soft relief of a 3D render."""
    import resvg_py

    inner = f'{_LIGHT}<g filter="url(#l)">{body}</g>' if lit else body
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">{inner}</svg>'
    return Image.open(BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size)))).convert("RGBA")


def read_drawn() -> Iterator[tuple[Record, Image.Image]]:
    """Every drawing in every material and style with its record."""
    text = Path(__file__).with_name("drawings.json").read_text(encoding="utf-8")
    for drawing in json.loads(text):
        noun, kinds, materials = drawing["name"], drawing["kinds"], drawing["materials"]
        for material in materials:
            main, shade, light = MATERIALS[material]
            svg = drawing["svg"].replace("{a}", main).replace("{b}", shade).replace("{c}", light)
            fixed = len(materials) == 1 or material in noun
            name = noun if fixed else f"{material} {noun}"
            plain = render(svg)
            views = {"flat": fit_smooth(plain), "3d": fit_smooth(render(svg, lit=True)), "pixel": to_pixel_art(plain)}
            for style, image in views.items():
                key = f"drawn-{style}/{noun}-{material}".replace(" ", "-")
                flip = "ui" not in kinds
                yield Record(key, name, style, list(kinds), SOURCE, LICENCE, list(drawing["tags"]), flip=flip), image
