"""Which style packs a request means: by the call's arguments, by name or meaning, with weights."""

from __future__ import annotations

import re
from typing import Any

from errors import NotFound
from tools.context import ToolContext

_OWN = re.compile(r"\b(?:my|our)\b|\bpack\b", re.I)
_ASKS = re.compile(r"\b(?:styles?|packs?|looks?|lora)\b", re.I)
_LOOKS = frozenset({"pixel art", "pixel", "3d", "flat", "flat icon", "watercolor", "cartoon", "hand-drawn", "vector"})
_SEPARATOR = re.compile(r"\s*(?:,|\+|&|\band\b)\s*", re.I)
_WEIGHT = (
    r"(?:\s+(?:style|pack|look|lora))*\W{0,3}(?:at|with|x|weight|strength)?\W{0,2}(\d{1,3}\s*%|[01]?\.\d+|1\.0|[012]\b)"
)


def chosen_packs(args: dict[str, Any], context: ToolContext) -> tuple[dict[str, Any], list[str], list[float]]:
    """The arguments without what named packs, the packs' own names, and their weights.

    "in my Western style" reaches this as a style: it means a pack when one has that name or is about that.

    Raises:
        NotFound: a pack is named that is not there.
        UserFixable: it was made for another image model.
    """
    args, named = dict(args), str(args.get("style_pack") or "")
    style = str(args.get("style") or "")
    names: list[str] = []
    if named:
        names = _resolve(named, context)
    elif style and context.style_packs and (found := _style_as_pack(style, context)) is not None:
        names, args["style"] = [found], None
    if names and _ASKS.search(context.request):
        rest = [name for name in context.style_packs if name not in names]
        names += [name for name in rest if re.search(rf"\b{re.escape(name)}\b", context.request, re.I)]
    args["style_pack"] = None
    if names and context.packs is not None:
        context.packs.check_usable(context.project, names)
    return args, names, _weights(names, context.request)


def _resolve(words: str, context: ToolContext) -> list[str]:
    if context.packs is None:
        known = {name.lower(): name for name in context.style_packs}
        if words.lower() not in known:
            raise NotFound(f"There is no style pack named {words}. Leave it out, or make it first.")
        return [known[words.lower()]]
    packs = context.packs.packs
    try:
        return [packs.find(context.project, words).name]
    except NotFound:
        parts = [part for part in _SEPARATOR.split(words) if part]
        if len(parts) < 2:
            raise
    return list(dict.fromkeys(packs.find(context.project, part).name for part in parts))


def _style_as_pack(style: str, context: ToolContext) -> str | None:
    """A pack of that name; of that meaning only where the user says "my" style, or pack."""
    if context.packs is None or style.lower() in _LOOKS or style.lower() in context.engine.info().styles:
        return None
    try:
        found = context.packs.packs.find(context.project, style).name
    except NotFound:
        return None
    same = style.lower() in found.lower() or found.lower() in style.lower()
    return found if same or _OWN.search(context.request) else None


def _weights(names: list[str], request: str) -> list[float]:
    weights = []
    for name in names:
        match = re.search(re.escape(name) + _WEIGHT, request, re.I)
        text = match[1].replace(" ", "") if match else "1"
        weights.append(float(text[:-1]) / 100 if text.endswith("%") else float(text))
    return weights if any(weight != 1 for weight in weights) else []
