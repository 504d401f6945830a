"""Emoji sets (MIT and Apache-2.0) as training data: names, tags and which of them make sense as game assets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from pipelines.nano.records import Record, coverage, fit_smooth, to_pixel_art

_DROP_SUBGROUPS = {
    "hand-fingers-open", "hand-fingers-partial", "hand-single-finger", "hand-fingers-closed", "hands", "hand-prop",
    "person-gesture", "family", "person-symbol", "skin-tone", "hair-style", "transport-sign", "warning", "arrow",
    "religion", "zodiac", "av-symbol", "gender", "math", "punctuation", "currency", "other-symbol", "keycap",
    "alphanum", "country-flag", "subdivision-flag", "hotel",
}  # fmt: skip
_DROP_NAME = re.compile(
    r"o.clock|-thirty|thirty|^flag:|skin tone|button|regional|:.*(hair|bald|beard)|^(man|woman) (?!with)|Japanese"
)
_KINDS = {
    "face": ["icon", "ui"], "cat-face": ["icon", "ui"], "monkey-face": ["icon", "ui"], "heart": ["icon", "ui", "item"],
    "emotion": ["icon", "ui", "effect"], "person": ["character"], "animal": ["character"], "plant": ["prop"],
    "food": ["item", "prop", "icon"], "drink": ["item", "prop", "icon"], "dishware": ["item", "prop"],
    "place": ["prop", "background"], "transport": ["prop"], "time": ["item", "prop", "icon"],
    "sky": ["icon", "effect", "background"], "geometric": ["icon", "ui"], "flag": ["prop", "icon"],
    "body": ["icon", "item"],
}  # fmt: skip
_NO_FLIP = (
    "book",
    "flag",
    "abc",
    "letter",
    "sign",
    "question",
    "input",
    "card",
    "dollar",
    "euro",
    "yen",
    "pound",
)


# What a picture shows, in a game developer's words, where its label is another.
_RENAME = {
    "goblin": "red tengu mask", "ogre": "red oni mask", "guard": "royal guard", "person": "villager",
    "deciduous tree": "tree", "evergreen tree": "pine tree", "mage": "wizard", "gem stone": "gem", "automobile": "car",
    "jack-o-lantern": "carved pumpkin", "kitchen knife": "knife", "military helmet": "helmet", "pick": "pickaxe",
    "rescue worker's helmet": "safety helmet", "amphora": "clay jar", "house with garden": "house with a garden",
    "derelict house": "ruined house", "spiral shell": "seashell", "wood": "wood logs", "t-rex": "t-rex dinosaur",
    "sauropod": "sauropod dinosaur", "high voltage": "lightning bolt", "collision": "explosion",
    "dashing away": "smoke puff", "alembic": "alchemy flask", "funeral urn": "urn", "headstone": "gravestone",
    "bottle with popping cork": "champagne bottle", "wastebasket": "trash can", "sport utility vehicle": "jeep car",
    "ear of corn": "corn", "locomotive": "steam train", "oil drum": "metal barrel", "billed cap": "cap",
    "running shoe": "shoe", "flying saucer": "ufo", "couch and lamp": "couch", "cut of meat": "raw meat",
    "sheaf of rice": "wheat", "soft ice cream": "ice cream", "tear-off calendar": "calendar", "old key": "key",
    "page with curl": "paper", "chart increasing": "chart", "shopping bags": "bags", "supervillain": "villain",
    "woman's clothes": "blouse", "woman's hat": "sun hat", "man's shoe": "leather shoe", "classical building": "temple",
    "hatching chick": "chick in an egg", "left speech bubble": "speech bubble", "pile of poo": "poo",
}  # fmt: skip


# Redrawn on so small a grid these cannot be told any more.
_UNCLEAR = {"noto-pixel/treasure-chest"}


class EmojiNames:
    """Label, tags and group of each emoji, from an emojibase data folder."""

    def __init__(self, folder: Path) -> None:
        rows = json.loads((folder / "en" / "data.json").read_text(encoding="utf-8"))
        groups = json.loads((folder / "meta" / "groups.json").read_text(encoding="utf-8"))
        self._subgroups = {int(number): name for number, name in groups["subgroups"].items()}
        self.by_hex: dict[str, dict[str, Any]] = {}
        self.by_label: dict[str, dict[str, Any]] = {}
        for row in rows:
            self.by_hex[short_hex(row["hexcode"])] = row
            self.by_label[slug(row["label"])] = row

    def describe(self, row: dict[str, Any]) -> tuple[str, list[str], list[str]] | None:
        """(name, tags, kinds) or None for what is no game asset: text glyphs, clocks, flags, gestures, families."""
        label = row["label"]
        subgroup = self._subgroups.get(row.get("subgroup", -1), "")
        if subgroup in _DROP_SUBGROUPS or not subgroup or _DROP_NAME.search(label):
            return None
        if row.get("gender") is not None and subgroup.startswith("person") and re.match(r"(wo)?man ", label):
            return None
        kinds = _KINDS.get(subgroup) or _KINDS.get(subgroup.split("-")[0]) or ["item", "prop", "icon"]
        name = re.sub(r"[“”\":,]", "", label.lower()).replace("’", "'")
        name = _RENAME.get(name, name)
        tags = [tag for tag in row.get("tags", []) if len(tag) > 2 and tag != name][:10]
        return name, tags + [subgroup.replace("-", " ")], list(kinds)


def short_hex(code: str) -> str:
    """Emoji code points without the variation selector, lower case: '2764-FE0F' -> '2764'."""
    return "-".join(part for part in code.lower().split("-") if part != "fe0f")


def slug(label: str) -> str:
    """A label as icon sets spell it: lower case, words joined by '-'."""
    text = label.lower().replace("’", "").replace("'", "").replace("&", "and").replace("ñ", "n").replace("å", "a")
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")


def finish(record: Record, image: Image.Image) -> Record:
    """What depends on the picture: a filled square is a scene, not an object; lettering must not be mirrored."""
    if coverage(image) > 0.84 and "background" in record.kinds:
        record.kinds = ["background", "icon"]
    record.flip = not any(word in record.name for word in _NO_FLIP)
    record.exemplar = not record.name.startswith("mahjong") and record.key not in _UNCLEAR
    return record


def read_webp(folder: Path, names: EmojiNames) -> Iterator[tuple[Record, Image.Image]]:
    """The rendered 3D set: one WebP a code point."""
    for file in sorted(folder.glob("*.webp")):
        row = names.by_hex.get(short_hex(file.stem))
        described = names.describe(row) if row else None
        if described is None:
            continue
        name, tags, kinds = described
        image = fit_smooth(Image.open(file).convert("RGBA"))
        if coverage(image) > 0.05:
            record = Record(f"fluent3d/{file.stem}", name, "3d", kinds, "Fluent Emoji 3D (Microsoft)", "MIT", tags)
            yield finish(record, image), image


def read_svg_set(
    folder: Path, names: EmojiNames, prefix: str, source: str, licence: str, pixel: bool = False
) -> Iterator[tuple[Record, Image.Image]]:
    """An icon set of SVG bodies: flat images, and the same redrawn as pixel art where `pixel` is set."""
    import resvg_py

    data = json.loads((folder / "icons.json").read_text(encoding="utf-8"))
    for key, icon in sorted(data["icons"].items()):
        row = names.by_label.get(key)
        described = names.describe(row) if row else None
        if described is None:
            continue
        name, tags, kinds = described
        width, height = icon.get("width", data.get("width", 32)), icon.get("height", data.get("height", 32))
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="0 0 {width} {height}">{icon["body"]}</svg>'
        )
        large = Image.open(BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=192, height=192)))).convert("RGBA")
        if coverage(large) < 0.03:
            continue
        views = [("flat", prefix, fit_smooth(large))]
        if pixel:
            views.append(("pixel", f"{prefix}-pixel", to_pixel_art(large)))
        for style, folder_name, image in views:
            record = Record(f"{folder_name}/{key}", name, style, list(kinds), source, licence, list(tags))
            yield finish(record, image), image
