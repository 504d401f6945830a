"""Several phrasings of one concept, so that the model does not hang on one wording."""

from __future__ import annotations

from pipelines.nano.records import Record

STYLE_PHRASES = {"pixel": "pixel art", "3d": "3d render", "flat": "flat icon"}
KIND_PHRASES = {
    "prop": "game prop", "item": "game item", "character": "game character", "tile": "game tile",
    "texture": "seamless texture", "icon": "game icon", "ui": "interface icon", "background": "scenery",
    "effect": "visual effect",
}  # fmt: skip


def prompt_text(prompt: str, style: str | None, kind: str | None) -> str:
    """The wording the model was trained on: '<prompt>, <style phrase>' plus the kind for textures."""
    parts = [prompt.strip()]
    if style in STYLE_PHRASES:
        parts.append(STYLE_PHRASES[style])
    if kind == "texture":
        parts.append(KIND_PHRASES[kind])
    return ", ".join(parts)


def captions(record: Record) -> list[str]:
    """Four phrasings: with style, with tags, with kind, and bare (the style then is left to chance)."""
    style = STYLE_PHRASES[record.style]
    kind = KIND_PHRASES[record.kinds[0]]
    tags = [tag for tag in record.tags if tag not in record.name][:2]
    return [
        f"{record.name}, {style}",
        ", ".join([record.name, *tags, style]),
        f"{style} {record.name}, {kind}",
        f"a {record.name}",
    ]
