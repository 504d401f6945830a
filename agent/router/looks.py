# ruff: noqa: E501
"""How new pictures shall look: style pack, style, size, background, edges, seed. Only what the words ask for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from agent.router.lists import STYLE_ADJECTIVES, STYLES
from agent.router.text import Spanned

_NAME_IN_PACK = r"(?:\"([^\"]+)\"|'([^']+)'|([A-Z][\w']*(?:[\s_-]+(?:[A-Z][\w']*|&|(?:of|the|and)(?=\s+(?:the\s+)?[A-Z])))*|\w*[_\d]\w*|\w+[A-Z]\w*))"
_PACK = (
    re.compile(
        r"(?i:\b(?:and use|use|using|with|apply(?: the)?|in|via|through|on)\s*)?(?i:\b(?:the|my|our)\s+)?(?i:\b(?:style ?packs?|styles?|packs?|lora)\s*(?:called|named|:|=)?\s+)"
        + _NAME_IN_PACK
    ),
    re.compile(
        r"(?i:\b(?:in|with|using|use|from|of|following|follow|matching|match)\s+)(?i:(?:the|our|my|that)\s+)?"
        + _NAME_IN_PACK
        + r"\s+(?i:style ?pack|style|pack|look|lora)\b,?"
    ),
    re.compile(r"(?i:\busing)\s+([A-Z][a-z]\w*(?: [A-Z][a-z]\w*)+)(?=\s*(?:[:,.;]|$))"),
    re.compile(r"(?:[,;(]|\s-)\s*" + _NAME_IN_PACK + r"\s+(?i:style ?pack|pack|lora)\b"),  # "five bats, BoomBox pack"
)
_STYLE_FREE = re.compile(
    r"(?:,?\s*\b(?:in|with|using)\s+(?:an? |the )?)((?!different|many|various|same|that|this|one|no\b|transparent|my|our)[a-z][\w'-]*(?: [\w'-]+){0,2}?)\s+(?:style|look|aesthetic)\b|,\s*([a-z][\w'-]*(?: [\w'-]+)?)\s+(?:style|look|aesthetic)\b",
    re.I,
)
_SURE = "|".join(sorted(map(re.escape, STYLES), key=len, reverse=True))
_LOOSE = "|".join(sorted(map(re.escape, STYLE_ADJECTIVES), key=len, reverse=True))
_STYLE_KNOWN = re.compile(
    rf"(?:,?\s*\b(?:in|as)\s+)?(?:an?\s+)?(?<![\w-])(?:({_SURE})(?:-?ish\b|(?![\w-]))(?:[\s-]+(?:style|look|art|styled|graphics)\b)?(?:\s+of\s+(?:an?\s+)?)?"
    rf"|({_LOOSE})[\s-]+(?:style|look|art|styled|graphics|drawing)\b)|\bin\s+({_LOOSE})(?=\s*(?:$|[,.;]))",
    re.I,
)
_SIZE = (
    re.compile(
        r",?\s*(?:\b(?:at|in|of|size|each|with)\s+)?(?:an? )?(?:size (?:of )?|resolution (?:of )?)?(\d{1,5})\s*(?:x|\*|by)\s*(\d{1,5})(?:\s*(?:px|pixels?))?(?:\s+each)?(?![\w%])",
        re.I,
    ),
    re.compile(
        r",?\s*(?:\b(?:at|in|of|size|each)\s+)?(?:an? )?(\d{1,5})[\s-]*(?:px|pixels?)\b(?!\s*art)(?:\s*(?:each|wide|tall|size|square|big|large))?()",
        re.I,
    ),
    re.compile(r",?\s*\b(?:size|resolution)[\s:=]*(?:of )?(\d{2,5})\b()", re.I),
    re.compile(r",?\s*\b(\d{2,5}) (?:wide|tall|high|across)\b()", re.I),
)
_OPAQUE = re.compile(
    r",?\s*\b(?:(?:with|on) (?:an? )?(?:solid|opaque|full|white|black|plain|colou?red) background|not transparent|no transparency|opaque|non-?transparent|without transparency|keep (?:the |its )?background(?: (?:solid|plain|flat|all))*(?: (?:black|white|grey|gray|green|blue|red|dark|light))?|with (?:the |a )?background)\b",
    re.I,
)
_CUTOUT = re.compile(
    r",?\s*\b(?:(?:with|on|and|,)?\s*(?:an? )?(?:transparent|see-?through|no|empty|clear|alpha) (?:backgrounds?|bg|backdrop)s?|without (?:an? |any )?(?:background|bg|backdrop)s?|(?:background|bg)[- ]?(?:less|free|removed|stripped(?: off)?|cut (?:out|off|away)|knocked out|deleted)|with (?:an )?alpha(?: channel)?|transparent|transparency|cut[- ]?outs?|alpha channel|isolated)\b(?:\s+so (?:that )?[^,.;]*)?",
    re.I,
)
TILE = re.compile(
    r",?\s*\b(?:(?:that|which|it|and|they) )?(?:(?:should |must |can |could |has to |have to |needs to |need to )?(?:tiles? (?:nicely|well|perfectly|seamlessly|properly|endlessly|cleanly)|loops? (?:seamlessly|nicely|perfectly|forever|clean(?:ly)?)|repeats?(?: (?:seamlessly|forever|endlessly|nicely|without (?:any )?(?:visible )?(?:edges|seams)))?)|(?:should|must|can|has to|have to|needs? to) (?:be )?tile(?:able|d)?|seamless(?:ly)?(?: (?:tiling|tileable|repeating|looping))?|tileable|tiling|repeatable|repeating|without (?:any )?(?:visible )?(?:seams|edges)|wraps?[- ]around|endless)\b",
    re.I,
)
SURFACE = re.compile(r"\b(?:textures?|tiles?|tile ?sets?|tileable|seamless|materials?|repeats?)\b", re.I)
_BARE_SIZE = re.compile(r"[,.;]\s*(16|24|32|48|64|96|128|192|256|384|512|1024|2048)\b(?=\s*(?:$|[,.;!?]))")
_SEED = re.compile(
    r",?\s*\b(?:with |using |and |keep(?:ing)? )*(?:the )?(?:same )?seed\s*(?:number|of|is|=|:|#)?\s*(\d+)\b", re.I
)


def _pack(clause: Spanned, packs: Sequence[str]) -> str | None:
    for name in sorted(packs, key=len, reverse=True):
        pattern = re.compile(
            rf",?\s*\b(?:(?:in|with|using|use|from|apply|and)\s+)*(?:the |my |our )?(?:style ?pack |pack |style )?[\"']?{re.escape(name)}[\"']?(?:\s+(?:style ?pack|style|pack|look))?(?!\w)",
            re.I,
        )
        if clause.strike_all(pattern):
            return name
    for pattern in _PACK:
        found = clause.strike_all(pattern)
        if found:
            return next(group for group in found[0].groups() if group).strip()
    return None


def _style(clause: Spanned) -> str | None:
    known = clause.strike_all(_STYLE_KNOWN)
    if known:
        said = [next(group for group in match.groups() if group) for match in known]
        words = list(
            dict.fromkeys(word.lower().replace("-", " ") if "pixel" in word.lower() else word for word in said)
        )
        return ", ".join("pixel art" if word in ("pixel art", "pixelart", "pixelated") else word for word in words)
    free = clause.strike_all(_STYLE_FREE)
    return (free[0][1] or free[0][2]) if free else None


def extras_of(clause: Spanned, packs: Sequence[str]) -> dict[str, Any]:
    extras: dict[str, Any] = {}
    pack = _pack(clause, packs)
    if pack:
        extras["style_pack"] = pack
    seed = clause.strike_all(_SEED)
    if seed:
        extras["seed"] = int(seed[0][1])
    for pattern in _SIZE:
        sizes = clause.strike_all(pattern)
        if sizes:
            extras["size"] = max(int(side) for side in sizes[0].groups() if side)
            break
    style = _style(clause)
    if style:
        extras["style"] = style
    if "size" not in extras and SURFACE.search(clause.visible):
        bare = clause.strike_all(_BARE_SIZE)
        if bare:
            extras["size"] = int(bare[0][1])
    if clause.strike_all(_OPAQUE):
        extras["transparent"] = False
    elif clause.strike_all(_CUTOUT):
        extras["transparent"] = True
    if clause.strike_all(TILE):
        extras["tileable"] = True
    return extras
