"""Small copies of large pictures, for lists; made when they are first asked for and kept in a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from errors import BadRequest, NotFound

if TYPE_CHECKING:
    from library.library import Library

SIDES = (64, 128, 256, 512)


def thumbnail(library: Library, sha256: str, side: int, folder: Path) -> Path:
    """A PNG with the longer side `side` px (one of SIDES), or the file itself when it is no larger.

    Raises BadRequest (size, name), NotFound (no such version, or its file is damaged).
    """
    if side not in SIDES:
        raise BadRequest(f"Small pictures come in {', '.join(map(str, SIDES))} px.")
    source = library.version_path(sha256)
    target = folder / sha256[:2] / f"{sha256}-{side}.png"
    if target.is_file():
        return target
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(source) as image:
            if max(image.size) <= side:
                return source
            small = image.convert("RGBA").convert("RGBa")
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_suffix(f".{os.getpid()}.part")
            small.convert("RGBA").save(partial, "PNG")
            partial.replace(target)
    except (UnidentifiedImageError, SyntaxError) as error:
        raise NotFound(f"The file of version {sha256[:12]} is damaged.", detail=str(error)) from error
    except OSError:
        return source  # a full disk must not hide the picture
    return target
