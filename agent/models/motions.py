"""Requests for animations, read by rule: their words are few and fixed, so that nothing has to be learned for them."""

from __future__ import annotations

import re
from typing import Any

from agent.router.normalise import plain_layer
from agent.router.types import RoutedCall
from pipelines.animation import BY_NAME

TOOL = "animate_assets"
_MOTION = "|".join(sorted((re.escape(word) for word in BY_NAME), key=len, reverse=True))
_WORD = r"(?:cycle|animation|anim|loop|sequence|frames?|strip)"
_LEAD = re.compile(
    r"(?:(?:please|now|ok|okay|then|and|also|can you|could you|i(?:'d)? (?:need|want|like)|we need|let's have"
    r"|let's make|give me|make me|make|create|generate|draw|do|add)\b[\s,]*)*(?:(?:an?|one|the|some)\s+)?",
    re.I,
)
_FRAMES = re.compile(
    r"\b(?:(?:with|in|of|at|using)\s+)?(\d{1,3})[\s-]*frames?\b(?=\s*[,.;!]*\s*(?:$|of|for|from|at|with|in|\w))", re.I
)
_FPS = re.compile(r"[,\s]*\b(?:at|with|in)?\s*(\d{1,3})\s*(?:fps|frames (?:per|a) second)\b", re.I)
_OF = re.compile(rf"(?:loop(?:ing|ed)\s+)?({_MOTION})(?:[\s-]+{_WORD})*(?:\s+(?:of|for|from|with)\s+(.+))?", re.I)
_NAMED = re.compile(rf"(.+?)[\s-]+({_MOTION})[\s-]+{_WORD}(?:\s+{_WORD})*", re.I)
_MOVING = re.compile(rf"({_MOTION})\s+(?!of\b|for\b)(.+?)[\s-]+{_WORD}(?:\s+{_WORD})*", re.I)
_ANIMATE = re.compile(
    rf"animate\s+(.+?)(?:[,\s]+(?:as|with|doing|in|to|like|so that (?:it|he|she) |(?=(?:{_MOTION})\b))"
    rf"\s*(?:an?\s+|the\s+)?({_MOTION})(?:s|es)?(?:[\s-]+{_WORD})*)?",
    re.I,
)
_LET = re.compile(rf"(?:make|let|have)\s+((?:image|number|picture|#)?\s*#?\d+|it|this|that)\s+({_MOTION})", re.I)
_SIGN = re.compile(rf"\b(?:animate|{_WORD[3:-1]})\b", re.I)
_ELSE = re.compile(
    r"\b(?:scaffold|code|script|export|find|search|show|documents?|gdd|controller|state machine|class|system)\b|\?",
    re.I,
)
_NUMBER = re.compile(r"(?:(?:the )?(?:image|number|picture|sprite|asset|one)\s*)?#?\s*(\d{1,4})", re.I)
_IT = re.compile(r"(?:it|this|that|this one|that one|the last one)", re.I)


def read_motion(text: str, gallery: int | None) -> RoutedCall | None:
    """The call for a message that asks for an animation and for nothing else, or None."""
    plain = re.sub(r"\s+", " ", plain_layer(text[:300]).plain).strip(" .!;,")
    plain = re.sub(r"[,\s]+(?:please|pls|thanks|thank you)$", "", plain, flags=re.I)
    if _ELSE.search(plain):
        return None
    let = _LET.fullmatch(plain)
    if let is None and not _SIGN.search(plain):
        return None
    args: dict[str, Any] = {}
    rest = plain
    for name, pattern in (("fps", _FPS), ("frames", _FRAMES)):
        match = pattern.search(rest)
        if match:
            args[name] = int(match[1])
            rest = f"{rest[: match.start()]} {rest[match.end() :]}"
    rest = re.sub(r"\bhit[\s-]+flash\b", "hit", re.sub(r"\s+", " ", rest), flags=re.I).strip(" ,.-")
    if let is None:
        rest = _LEAD.sub("", rest, count=1)
    if let is not None:
        what, motion = let[1], let[2]
    elif match := _ANIMATE.fullmatch(rest):
        what, motion = match[1], match[2] or "idle"
    elif (match := _OF.fullmatch(rest)) or (match := _MOVING.fullmatch(rest)):
        what, motion = match[2], match[1]
    elif match := _NAMED.fullmatch(rest):
        what, motion = match[1], match[2]
    else:
        return None
    if not what and not gallery:
        return None
    args["motion"] = BY_NAME[motion.lower()]
    what = re.sub(r"^(?:an?|the|my|our)\s+", "", (what or "it").strip(" ,."), flags=re.I)
    if number := _NUMBER.fullmatch(what):
        args["assets"] = [int(number[1])]
    elif _IT.fullmatch(what):
        args["assets"] = ["last"]
    else:
        args["subject"] = what
    return RoutedCall(TOOL, args, 1.0)
