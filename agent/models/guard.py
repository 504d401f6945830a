"""Holds a small model's tool calls against the message: optional arguments stay only with evidence in the words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import ToolCall

from agent.models.protocol import make_call
from agent.router import references, slots
from agent.router.normalise import plain_layer
from agent.router.types import TurnContext

_TILEABLE = re.compile(
    r"\b(seamless\w*|til(?:e|es|ed|ing|eable)\b|repeat\w*|loop\w*|wrap\w*|endless\w*"
    r"|without (?:visible )?(?:edges|seams)|nahtlos\w*|sans (?:couture|raccord)|sin costuras|sem emendas)",
    re.I,
)
_OPAQUE = re.compile(
    r"\b(?:backgrounds?|backdrops?|opaque|solid|alpha|cut[- ]?out|fondo|fond|hintergrund|fundo)\b|transparen|背景|透明",
    re.I,
)
_VARIANTS = re.compile(
    r"\b(?:vari\w+|version\w*|options?|takes?|alternativ\w*|tries|of (?:it|them|each)|each|ways?)\b"
    r"|バリエーション|パターン",
    re.I,
)
_LOOK = re.compile(
    r"\b(styles?|looks?|vibe|packs?|train\w*|learn\w*|lora|aesthetics?|images?|pictures?|pics|art)\b", re.I
)
_PRESETS = re.compile(r"\b(fast|quick\w*|balanced|quality|best|high\w*|rough|thorough)\b", re.I)
_STATES = ("all", "rest", "approved", "both", "last", "odd", "even")


@dataclass(frozen=True)
class Evidence:
    """What the message says: its own words, the same with English key words and digits, its numbers."""

    text: str
    plain: str
    numbers: frozenset[int]
    context: TurnContext

    def says(self, phrase: Any) -> bool:
        """Whether every longer word of `phrase` stands in the message, as itself or as the beginning of a word."""
        words = re.findall(r"[^\W_]+", str(phrase).lower())
        said = f"{self.text} {self.plain}".lower()
        return bool(words) and all(word[: max(4, len(word) - 2)] in said for word in words)


def evidence(text: str, context: TurnContext) -> Evidence:
    plain = plain_layer(text).plain
    numbers = frozenset(int(number) for number in re.findall(r"\d{1,9}", f"{text} {plain}"))
    return Evidence(text, plain, numbers, context)


def _is_number(value: Any, seen: Evidence) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in seen.numbers


def _is_pack(value: Any, seen: Evidence) -> bool:
    known = str(value).lower() in (name.lower() for name in seen.context.style_packs)
    return str(value).lower() in seen.text.lower() or (known and seen.says(value))


_OPTIONAL: dict[str, Callable[[Any, Evidence], bool]] = {
    "count": _is_number,
    "variants": lambda value, seen: (
        value != 1 and _is_number(value, seen) and bool(_VARIANTS.search(f"{seen.text} {seen.plain}"))
    ),
    "size": _is_number,
    "seed": lambda value, seen: _is_number(value, seen) and "seed" in seen.plain.lower(),
    "job": _is_number,
    "style": lambda value, seen: seen.says(value),
    "style_pack": _is_pack,
    "transparent": lambda value, seen: bool(_OPAQUE.search(f"{seen.text} {seen.plain}")),
    "tileable": lambda value, seen: value is True and bool(_TILEABLE.search(f"{seen.text} {seen.plain}")),
    "preset": lambda value, seen: bool(_PRESETS.search(seen.plain)),
    "collection": lambda value, seen: "collection" in seen.plain.lower() and seen.says(value),
    "trigger": lambda value, seen: "trigger" in seen.plain.lower() and seen.says(value),
}
_PICTURES = ("assets", "approve", "reject", "reset")


def guarded(calls: Sequence[ToolCall], text: str, context: TurnContext) -> list[ToolCall]:
    """The calls without invented arguments; what rules can read in the message wins over the model's reading."""
    seen = evidence(text, context)
    out: list[ToolCall] = []
    for call in calls:
        args = _checked(call["name"], dict(call["args"]), seen)
        if args is not None and not any(_repeats(call["name"], args, earlier) for earlier in out):
            out.append(make_call(call["name"], args))
    return out


def _repeats(name: str, args: dict[str, Any], earlier: ToolCall) -> bool:
    """Whether a call says again what an earlier one said; one subject is not drawn twice under two kinds."""
    if name != earlier["name"]:
        return False
    return args == earlier["args"] or ("subject" in args and args["subject"] == earlier["args"].get("subject"))


def _checked(name: str, args: dict[str, Any], seen: Evidence) -> dict[str, Any] | None:
    """None: nothing sensible is left of the call."""
    args = {key: value for key, value in args.items() if value is not None and _OPTIONAL.get(key, _always)(value, seen)}
    for key in _PICTURES:
        if key in args:
            args[key] = _pictures(args[key], seen)
    match name:
        case "upscale_assets":
            factor = slots.factor(seen.plain)
            args.pop("factor", None)
            if factor is not None:
                args["factor"] = factor
        case "export_assets":
            args["format"] = slots.export_format(seen.plain) or args.get("format", "png")
        case "scaffold_code":
            args.pop("engine", None)  # the tool knows what to do when none is named
            if engine := slots.engine(seen.plain):
                args["engine"] = engine
        case "generate_assets":
            args.setdefault("count", 1)
        case "create_style_pack" if not seen.context.images and not _LOOK.search(seen.plain):
            return None
        case "label_assets":
            args["tags"] = [tag for tag in args.get("tags") or [] if seen.says(tag)]
            if not args["tags"] and not args.get("collection"):
                return None
        case "review_assets" if not any(args.get(key) for key in ("approve", "reject", "reset")):
            return None
    return args


def _always(value: Any, seen: Evidence) -> bool:
    return True


def _pictures(values: Any, seen: Evidence) -> list[int | str]:
    """Numbers that the message names (also in a range) and words for groups; what the rules read if none is left."""
    found = references.find(seen.plain, seen.context.gallery).refs
    named = {ref for ref in found if isinstance(ref, int)} | seen.numbers
    kept: list[int | str] = []
    for value in values if isinstance(values, list) else [values]:
        text = str(value).strip().lower().lstrip("#")
        if text.isdigit():
            if int(text) in named or not named:
                kept.append(int(text))
        elif text.split(" ")[0] in (*_STATES, "batch"):
            kept.append(text)
    return list(dict.fromkeys(kept)) or list(found)
