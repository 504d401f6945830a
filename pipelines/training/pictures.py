"""From whatever somebody dropped to pictures that a model can be trained on: refused by name, doubles left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from errors import BadRequest
from pipelines.training.settings import MAX_IMAGES, MIN_IMAGES

if TYPE_CHECKING:
    from PIL import Image

SMALLEST = 8  # px; a picture below says nothing about a look
NEAR = 6  # bits of 64 in which the hashes of two copies of one picture differ at most
SAME = 6.0  # of 255: mean difference of their thumbnails at most
_NOT_WORDS = re.compile(r"[^A-Za-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_SUBJECT = frozenset(
    ("img", "image", "images", "pic", "picture", "photo", "screenshot", "untitled", "new", "final", "copy", "sprite")
    + ("sprites", "asset", "assets", "ref", "reference", "style", "upload", "file", "png", "jpg", "dsc", "scan")
    + ("frame", "layer", "export", "tile", "icon")
)


@dataclass(frozen=True)
class Picture:
    """One accepted picture. `image` is upright RGBA; `caption` says what it shows and nothing about its look."""

    name: str  # of the file
    image: Image.Image
    caption: str


@dataclass
class PictureSet:
    pictures: list[Picture] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # one sentence each, with the file's name
    doubles: list[str] = field(default_factory=list)  # names left out
    sheets: dict[str, int] = field(default_factory=dict)  # name -> sprites that it seems to hold

    def notes(self) -> list[str]:
        """What the user should know, in sentences."""
        said = list(self.refused)
        if self.doubles:
            names = ", ".join(self.doubles[:5]) + (" and more" if len(self.doubles) > 5 else "")
            said.append(f"Left out as near-duplicates: {names}.")
        for name, count in self.sheets.items():
            said.append(
                f"{name} looks like a sheet of {count} sprites; ask to cut the sheets to train on each of them."
            )
        return said


def read_pictures(
    files: Sequence[Path],
    *,
    captions: dict[str, str] | None = None,
    describe: Callable[[Image.Image], str] | None = None,
    words: str = "",
    cut_sheets: bool = False,
    max_pixels: int = 64_000_000,
    max_bytes: int = 50 * 1024 * 1024,
    names: dict[str, str] | None = None,
) -> PictureSet:
    """Look at every file; those that cannot be used are named in `refused` and the rest goes on.

    Args:
        captions: what a file shows, by its name, where somebody said so.
        describe: an image-to-text model, asked when neither `captions` nor the file's name tells.
        words: what to call pictures that nothing else names.
        cut_sheets: cut sprite sheets into their sprites.
        names: the name that the user knows a file by, by path.
    """
    from pipelines.training.sheets import cut_sheet
    from pipelines.uploads import check_image, open_image

    found = PictureSet()
    seen: list[tuple[int, np.ndarray]] = []
    for file in files:
        name = (names or {}).get(str(file), file.name)
        try:
            facts = check_image(file, max_pixels, max_bytes)
            if min(facts.width, facts.height) < SMALLEST:
                raise BadRequest(f"{name} is too small: {facts.width} x {facts.height} pixels, {SMALLEST} are needed.")
            image = open_image(file)
        except BadRequest as error:
            found.refused.append(error.message.replace(file.name, name))
            continue
        except (OSError, ValueError, MemoryError) as error:
            found.refused.append(f"{name} cannot be read ({type(error).__name__}).")
            continue
        if image.getchannel("A").getbbox() is None:
            found.refused.append(f"{name} is wholly transparent.")
            continue
        pieces = cut_sheet(image)
        if len(pieces) >= 2 and not cut_sheets:
            found.sheets[name] = len(pieces)
        several = cut_sheets and len(pieces) >= 2
        told = (captions or {}).get(name) or caption_of(name)
        for number, piece in enumerate(pieces if several else [image], start=1):
            looks = difference_hash(piece), _thumbnail(piece)
            if any(_doubles(looks, other) for other in seen):
                found.doubles.append(f"{name} ({number})" if several else name)
                continue
            seen.append(looks)
            caption = told or (describe(piece) if describe is not None else "") or words or "game asset"
            found.pictures.append(Picture(f"{name} ({number})" if several else name, piece, caption))
    return found


def check_count(found: PictureSet) -> None:
    """Raises BadRequest unless there are enough pictures, and not too many."""
    count = len(found.pictures)
    if count > MAX_IMAGES:
        raise BadRequest(f"{count} images are too many: a style pack learns from {MIN_IMAGES} to {MAX_IMAGES}.")
    if count < MIN_IMAGES:
        what = "different images" if found.doubles else "images"
        if count == 0:
            have = "none of these can be used" if found.refused else "there is none"
        else:
            have = f"there {'is' if count == 1 else 'are'} {count}"
        why = " ".join(found.notes())
        raise BadRequest(f"A style pack needs at least {MIN_IMAGES} {what}, and {have}.{' ' + why if why else ''}")


def caption_of(name: str) -> str:
    """ "rusty_sword-03.png" -> "rusty sword"; empty when the name says nothing."""
    stem = Path(name).stem
    words = [word.lower() for word in _NOT_WORDS.split(_CAMEL.sub(" ", stem)) if len(word) > 2]
    words = [word for word in words if word not in _NO_SUBJECT]
    hexadecimal = re.fullmatch(r"[0-9a-f]{16,}", stem.lower()) is not None
    return "" if hexadecimal else " ".join(words[:6])


def _doubles(one: tuple[int, np.ndarray], other: tuple[int, np.ndarray]) -> bool:
    """The thumbnails tell apart what only has the same rough shape."""
    return (one[0] ^ other[0]).bit_count() <= NEAR and float(np.abs(one[1] - other[1]).mean()) <= SAME


def _thumbnail(image: Image.Image) -> np.ndarray:
    pixels = np.asarray(image.resize((24, 24)).convert("RGBA"), np.float32)
    return pixels * pixels[..., 3:] / 255


def difference_hash(image: Image.Image) -> int:
    """64 bits that stay alike when a picture is scaled or saved again (dHash, N. Krawetz 2013), half of them on alpha
    and colour: two sprites of one shape in other colours are not doubles.
    """
    pixels = np.asarray(image.resize((9, 8)).convert("RGBA"), np.float64)
    alpha = pixels[..., 3] / 255
    grey = (pixels[..., :3] @ np.array([0.299, 0.587, 0.114])) * alpha + 128 * (1 - alpha)
    bits = (np.diff(grey[::2], axis=1) > 2).ravel().tolist()
    red_green = (pixels[..., 0] - pixels[..., 1]) * alpha
    blue_yellow = (pixels[..., 2] - (pixels[..., 0] + pixels[..., 1]) / 2) * alpha
    for plane in (red_green, blue_yellow):
        small = plane[:, :8].reshape(4, 2, 4, 2).mean((1, 3))
        bits += (small > 12).ravel().tolist()
    value = 0
    for bit in bits:
        value = (value << 1) | int(bit)
    return value
