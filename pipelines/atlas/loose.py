"""One file for each sprite (PNG, WebP), and sheets of equal cells."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from math import ceil, sqrt
from typing import Any
from xml.sax.saxutils import quoteattr

from PIL import Image

from pipelines.atlas.build import find_animations, frame_names, png_bytes, speed, too_large
from pipelines.atlas.sprites import ExportOptions, Sprite
from pipelines.atlas.textures import APP, page_name, to_json

TEXT_KEYS = ("parameters", "gameforge")
USER_COMMENT = 0x9286  # EXIF; where the tools that read `parameters` from a PNG look in a WebP
EXIF_FOLDER = 0x8769
XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    ' xmlns:gameforge="https://gameforge.invalid/ns/1/" gameforge:origin={origin}/></rdf:RDF></x:xmpmeta>'
    '<?xpacket end="r"?>'
)


def png_files(sprites: Sequence[Sprite], options: ExportOptions) -> dict[str, bytes]:
    """The files as they are kept; stripped, or of sprites that have none, encoded anew from the same pixels."""
    return {
        f"{name}.png": sprite.data if sprite.data is not None and not options.strip else png_bytes(sprite.image)
        for name, sprite in zip(frame_names(sprites), sprites, strict=True)
    }


def webp_files(sprites: Sequence[Sprite], options: ExportOptions) -> dict[str, bytes]:
    return {
        f"{name}.webp": webp_bytes(sprite.image, {} if options.strip else kept_texts(sprite.data), options.lossy)
        for name, sprite in zip(frame_names(sprites), sprites, strict=True)
    }


def kept_texts(data: bytes | None) -> dict[str, str]:
    """The text chunks of a PNG that say how it was made."""
    if data is None:
        return {}
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        texts: dict[str, Any] = getattr(image, "text", {})
    return {key: str(texts[key]) for key in TEXT_KEYS if key in texts}


def webp_bytes(image: Image.Image, texts: dict[str, str], lossy: int | None) -> bytes:
    """Lossless keeps every pixel, also the colours under transparent ones; `lossy` is a quality of 1..100."""
    buffer = io.BytesIO()
    about: dict[str, Any] = {}
    if "parameters" in texts:
        exif = Image.Exif()
        exif.get_ifd(EXIF_FOLDER)[USER_COMMENT] = b"UNICODE\0" + texts["parameters"].encode("utf-16-be")
        about["exif"] = exif.tobytes()
    if "gameforge" in texts:
        about["xmp"] = XMP.format(origin=quoteattr(texts["gameforge"])).encode()
    quality = {"lossless": True, "exact": True} if lossy is None else {"quality": lossy, "exact": False}
    image.convert("RGBA").save(buffer, "WEBP", method=4, **quality, **about)
    return buffer.getvalue()


def sheet_files(sprites: Sequence[Sprite], options: ExportOptions) -> dict[str, bytes]:
    """Cells of the largest sprite's size, row by row, smaller sprites in the middle; a JSON names the cells.

    Frames of an animation stand beside each other, before the rest. Raises BadRequest: a sprite is larger than a sheet.
    """
    names = frame_names(sprites)
    animations = find_animations(sprites)
    order = [index for animation in animations for index in animation.frames]
    order += [index for index in range(len(sprites)) if index not in set(order)]
    width, height = (max(sprite.image.size[side] for sprite in sprites) for side in (0, 1))
    margin, spacing = options.extrude, options.padding + 2 * options.extrude
    across, down = ((options.page - 2 * margin + spacing) // (side + spacing) for side in (width, height))
    if not across or not down:
        widest = max(range(len(sprites)), key=lambda index: max(sprites[index].image.size))
        raise too_large(names[widest], sprites[widest].image.size, options)
    wanted = options.columns or ceil(sqrt(len(sprites) * height / width))
    columns = min(across, wanted, len(sprites))
    per_sheet = columns * down
    files: dict[str, bytes] = {}
    sheets = []
    for start in range(0, len(order), per_sheet):
        cells = order[start : start + per_sheet]
        rows = ceil(len(cells) / columns)
        size = [2 * margin + count * (side + spacing) - spacing for count, side in ((columns, width), (rows, height))]
        if options.power_of_two:
            size = [1 << (side - 1).bit_length() for side in size]
        sheet = Image.new("RGBA", (size[0], size[1]))
        for place, index in enumerate(cells):
            image = sprites[index].image.convert("RGBA")
            x = margin + place % columns * (width + spacing) + (width - image.width) // 2
            y = margin + place // columns * (height + spacing) + (height - image.height) // 2
            sheet.paste(image, (x, y))
        name = f"{page_name(options, len(sheets))}.png"
        files[name] = png_bytes(sheet)
        sheets.append({"image": name, "frames": [names[index] for index in cells], "columns": columns, "rows": rows})
    data = {
        "sheets": sheets,
        "frameWidth": width,
        "frameHeight": height,
        "margin": margin,
        "spacing": spacing,
        "animations": {item.name: [names[index] for index in item.frames] for item in animations},
        "frameRate": speed([sprites[index] for item in animations for index in item.frames], options.fps),
        "meta": {"app": APP, "version": "1.0"},
    }
    files[f"{options.name}.json"] = to_json(data)
    return files


def sidecar(names: Sequence[str], sprites: Sequence[Sprite]) -> bytes | None:
    """What each exported image was made from, by its name; None when nothing is known."""
    known = {name: sprite.origin for name, sprite in zip(names, sprites, strict=True) if sprite.origin is not None}
    return to_json({"version": 1, "assets": known}) if known else None


def read_webp_origin(data: bytes) -> dict[str, Any] | None:
    """The `gameforge` object of a WebP that `webp_bytes` wrote, or None."""
    import re
    from html import unescape

    with Image.open(io.BytesIO(data)) as image:
        found = re.search(rb"gameforge:origin=(\"[^\"]*\"|'[^']*')", image.info.get("xmp", b""))
    return json.loads(unescape(found[1][1:-1].decode())) if found else None
