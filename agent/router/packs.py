# ruff: noqa: E501
"""Arguments of `create_style_pack`: what it shall be called, how carefully it is trained, by which word it is called up."""

from __future__ import annotations

import re
from typing import Any

from agent.router.text import Spanned

_NAME_LEAD = r"(?:call(?:ed)?(?: it| this| that| them)?|nam(?:ed|e)\b(?: it| this| them| that)?(?: is| =| :)?|titled?(?: it)?|under the (?:title|name)(?: of)?|(?:save|register|store|remember|keep|label|file)(?: it| them| this| that| these)(?: all)? (?:as|under)|with the name|known as|dubbed|name\s*[:=]|title\s*[:=]|named?\s*[:=]|as style|let's go with)"
_NAME = (
    re.compile(
        rf"\b{_NAME_LEAD}[\s:=]*(?:the |a |an )?(?:style |pack |style pack )?(?:\"([^\"]+)\"|(?<!\w)'([^']+)'|([A-Z][\w']*(?:\s+(?:[A-Z0-9][\w']*|&|of|the|and(?=\s+[A-Z])))*)|([\w&'-]+(?:[ ](?!on\b|from|for\b|and\b|with|using|please|trigger|preset|pls|based|out|thanks|style|pack)[\w&'-]+){{0,2}}))"
    ),
    re.compile(r"([\w\u30fc]+)という(?:名前|スタイル)()()()"),
    re.compile(r"([\w\u30fc]*[A-Za-z\u30a0-\u30ff]+)って(?:呼|いう|言)()()()"),
    re.compile(r"\"([^\"]+)\"|(?<!\w)'([^']+)'()()"),
    re.compile(r"\b(?:style|pack|lora|style pack)\s*[:=,-]?\s*([A-Z][\w']*(?:\s+(?:[A-Z0-9][\w']*|&|of|the))*)()()()"),
    re.compile(
        r"\b(?:the|a|an|my|our|new)\s+([A-Z][\w']+(?:\s+(?:[A-Z0-9][\w']*|&|of))*)\s+(?:style|pack|look)\b()()()"
    ),
    re.compile(
        r"\b(?:as|into|titled|under)\s+(?:the |a |an )?(?:style |pack )?([A-Z][\w']*(?:\s+(?:[A-Z0-9][\w']*|&|of|the))*)()()()"
    ),
    re.compile(r"(?:[.,:;-]|->|=>|→)\s+([A-Z][\w']+(?:\s+(?:[A-Z0-9][\w']*|&|of|the))*)\s*[.!]?\s*$()()()"),
)
_TRIGGER = re.compile(
    r",?\s*\b(?:with |and |use |using )*(?:the )?trigger(?: ?word)?s?\s*(?:is|of|=|:|should be)?\s*[\"']?([\w-]+)[\"']?",
    re.I,
)
_PRESETS = {
    "fast": r"\b(?:quick(?:ly)?|fast|draft|rough|speedy)\b",
    "balanced": r"\bbalanced\b",
    "quality": r"\b(?:(?:high|best|top|maximum|max)[- ]?quality|quality preset|thorough(?:ly)?|careful(?:ly)?)\b",
}


def style_pack(clause: Spanned) -> dict[str, Any]:
    args: dict[str, Any] = {}
    trigger = clause.strike_all(_TRIGGER)
    text = clause.visible
    for pattern in _NAME:
        match = pattern.search(text) or (
            re.compile(pattern.pattern, re.I).search(text) if pattern is _NAME[0] else None
        )
        if match:
            said = next(at for at, group in enumerate(match.groups(), start=1) if group)
            name = " ".join(clause.source(*match.span(said)).split()).strip(" .,!?'\"")
            if name.lower() not in ("it", "this", "that", "these", "them", "from", "pack", "style", "on", "a"):
                args["name"] = name
                break
    outside = text.replace(args.get("name", "\0"), " ")
    for preset, words in _PRESETS.items():
        if re.search(words, outside, re.I):
            args["preset"] = preset
            break
    if trigger:
        args["trigger"] = trigger[0][1]
    return args
