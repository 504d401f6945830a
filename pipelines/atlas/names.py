"""Names that every target takes: file systems, JSON keys, Godot resources, Unity sprites."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 80  # characters; room for a suffix below the 255 bytes of most file systems
NUMBERED = re.compile(r"^(.*?\D)[\s_.-]?(\d{1,4})$")
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


def safe_name(text: str) -> str:
    """Lower-case words joined by "_": letters and digits of any language, no path, no device name, never empty.

    An emoji becomes its Unicode name where nothing else is left: "🗡" is "dagger_knife".
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", text).lower() if unicodedata.category(sign) != "Cf")
    name = _joined(plain)
    if not name:
        name = _joined(
            " ".join(unicodedata.name(sign, "").lower() for sign in plain if unicodedata.category(sign) == "So")
        )
    name = unicodedata.normalize("NFC", name or "sprite")
    while len(name.encode()) > LONGEST:
        name = name[:-1]
    name = name.strip("_-")
    return f"{name}_" if name in _DEVICES else name


def unique_names(texts: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """A safe name for each text, in order; the second of equal ones ends in "_2". Equal without regard to case."""
    used = {name.casefold() for name in taken}
    found = []
    for text in texts:
        base = name = safe_name(text)
        number = 1
        while name.casefold() in used:
            number += 1
            name = f"{base}_{number}"
        used.add(name.casefold())
        found.append(name)
    return found


def sequences(texts: Iterable[str]) -> list[tuple[str, int] | None]:
    """(name, number) of each text that is a frame of a numbered sequence, as "walk 0", "walk 1"; else None.

    A sequence has at least two frames, starts at 0 or 1 and leaves no number out or said twice.
    """
    texts = list(texts)
    parts = [NUMBERED.match(text.strip()) for text in texts]
    keyed = [(safe_name(part[1]), int(part[2])) if part and safe_name(part[1]) else None for part in parts]
    numbers: dict[str, list[int]] = {}
    for key in keyed:
        if key is not None:
            numbers.setdefault(key[0], []).append(key[1])
    whole = {
        name
        for name, found in numbers.items()
        if len(found) > 1 and min(found) in (0, 1) and sorted(found) == list(range(min(found), min(found) + len(found)))
    }
    return [key if key is not None and key[0] in whole else None for key in keyed]


def _joined(text: str) -> str:
    kept = "".join(sign if sign in "_-" or unicodedata.category(sign)[0] in "LMN" else " " for sign in text)
    return "_".join(part for part in kept.split() if part.strip("_-")).strip("_-")
