# ruff: noqa: E501
"""Arguments of `generate_assets`: what, how many, which kind, and only those extras that the words ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from agent.router.lists import KINDS, STYLE_ADJECTIVES, STYLES
from agent.router.slots import POLITE
from agent.router.text import Spanned, tidy

_MAKE = (
    r"(?:generate|create|draw|paint|render|make|produce|design|whip up|cook up|give|get|do|build|craft|sketch|illustrate|add|show|have|see|use|gimme|fill|spawn|throw in|bring|come up with|put together|prepare|start over with|start again with|provide|model|animate|pixel|mock up|conjure|dream up|imagine|doodle|compose|sculpt|deliver|start over with|begin with|continue with|go with|could use|could do with|would like|need)\b"
    r"(?:\s+(?:me|us|up|out|in|my|our|another|more))*"
)
_OPENING = re.compile(
    rf"^\s*(?:{POLITE}|(?:i|we|you|it|they) (?=(?:could|would|need|want)\b)|how about\b\s*|what about\b\s*|{_MAKE}[\s,:]*|(?:(?:like|about|around|roughly|say|maybe)\b\s+(?=\d))|(?:there (?:should|could) be|is missing|missing|needed)\b[\s:]*)*",
    re.I,
)
_TAIL = re.compile(
    r"[\s,.!?-]+(?:please|pls|plz|thanks(?: a lot)?|thank you|thx|ok\??|if possible|if you can|for me|for us|asap|quickly|right now|now|(?:next )?to (?:each|the) other|of them|of those|of these|(?:that )?i can use\b.*|(?:that|which) (?:tile|tiles|loop|loops|repeat|repeats)\b.*|(?:lying|standing|scattered|spread) around\b.*|let's say|say)\s*[.!?]*$",
    re.I,
)
_PURPOSE = re.compile(
    r"\s+(?:(?:to (?:fight|put|use|place|go|decorate|fill|hang|sell|drop|scatter)\b|so (?:that )?(?:i|we|it|they)\b)[^,.;]*"
    r"|(?:for|to|in|on|as) (?:(?:the|my|our|a|an|this|that|its|next|first|second|final|last|main|title|start|loading|pause|new|current|whole|boss|intro|shop|store|\d+(?:st|nd|rd|th)?)\s+)*"
    r"(?:(?:level|levels|game|games|scene|screen|menu|hud|gui|ui|map|biome|world|stage|act|chapter|page|project|background|backdrop|arena|tutorial|intro|prototype|jam|shop|it|me|us)\b(?:\s+(?:\d+|one|two|three|screen|menu|page|jam))?)+(?=\s*(?:$|[,.;!?])))",
    re.I,
)
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
)
_STYLE_FREE = re.compile(
    r"(?:,?\s*\b(?:in|with|using)\s+(?:an? |the )?)((?!different|many|various|same|that|this|one|no\b|transparent|my|our)[a-z][\w'-]*(?: [\w'-]+){0,2}?)\s+(?:style|look|aesthetic)\b|,\s*([a-z][\w'-]*(?: [\w'-]+)?)\s+(?:style|look|aesthetic)\b",
    re.I,
)
_SURE = "|".join(sorted(map(re.escape, STYLES), key=len, reverse=True))
_LOOSE = "|".join(sorted(map(re.escape, STYLE_ADJECTIVES), key=len, reverse=True))
_STYLE_KNOWN = re.compile(
    rf"(?:,?\s*\b(?:in|as)\s+)?(?:an?\s+)?(?<![\w-])(?:({_SURE})(?![\w-])(?:[\s-]+(?:style|look|art|styled|graphics)\b)?(?:\s+of\s+(?:an?\s+)?)?"
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
)
_OPAQUE = re.compile(
    r",?\s*\b(?:(?:with|on) (?:an? )?(?:solid|opaque|full|white|black|plain|colou?red) background|not transparent|no transparency|opaque|non-?transparent|without transparency|keep the background|with (?:the |a )?background)\b",
    re.I,
)
_CUTOUT = re.compile(
    r",?\s*\b(?:(?:with|on|and|,)?\s*(?:an? )?(?:transparent|see-?through|no|empty|clear|alpha) (?:backgrounds?|bg|backdrop)s?|without (?:an? |any )?(?:background|bg|backdrop)s?|background[- ]?(?:less|free|removed)|with (?:an )?alpha(?: channel)?|transparent|transparency|cut[- ]?outs?|alpha channel|isolated)\b(?:\s+so (?:that )?[^,.;]*)?",
    re.I,
)
_TILE = re.compile(
    r",?\s*\b(?:(?:that|which) )?(?:(?:should |must |can |could )?(?:tiles? (?:nicely|well|perfectly|seamlessly|properly|endlessly|cleanly)|loops? (?:seamlessly|nicely|perfectly|forever)|repeats?(?: (?:seamlessly|forever|endlessly|nicely|without (?:any )?(?:visible )?(?:edges|seams)))?)|seamless(?:ly)?(?: (?:tiling|tileable|repeating|looping))?|tileable|tiling|repeatable|repeating|without (?:any )?(?:visible )?(?:seams|edges)|wraps? around|endless)\b",
    re.I,
)
_SURFACE = re.compile(r"\b(?:textures?|tiles?|tile ?sets?|tileable|seamless|materials?|repeats?)\b", re.I)
_BARE_SIZE = re.compile(r",\s*(16|24|32|48|64|96|128|192|256|384|512|1024|2048)\b(?=\s*(?:$|[,.;!?]))")
_SEED = re.compile(r",?\s*\b(?:with |using |and )?(?:the )?seed\s*(?:number|of|is|=|:|#)?\s*(\d+)\b", re.I)
_VARIANTS = re.compile(
    r"\b(?:comes?\s+)?(?:in\s+)?(\d+)\s+(?:different |possible |random )?(?:variants?|versions?|seeds)\b(?:\s+(?:of|for)\b)?(?:\s+(?:the same|one|an?|the)\b)?|\b(?:the )?same\b(?=.*\b\d+ versions)",
    re.I,
)
_TAKES = re.compile(
    r"\b(?:different |possible )?(?:variations?|options?|takes|alternatives|kinds|types|sorts|sets|designs|sprites|images|pictures|pieces|copies)\s+(?:of|on|for)\s+(?:the same |an? |the )?|,\s*(?=\d+\s+(?:options?|variations?|alternatives)\b)",
    re.I,
)
_SHEET_OF = re.compile(
    r"(?<![\w-])(?:1|an?)?\s*(?:big |single )?(?:sheet|page|set|pack|batch|collection|series|bunch) of\s+(?=\d)", re.I
)
_OPTIONS = re.compile(r"(?<=\d)\s+(?:different )?(?:options?|variations?|alternatives)\b", re.I)
_EACH = re.compile(
    r",?\s*(?:\b(\d+)\s+(?:of\s+)?each\b|\beach\s+(?:in\s+)?(\d+)\b|\b(\d+)\s+(?:\w+\s+){1,3}each\b)(?:\s+of)?", re.I
)
_COUNT = re.compile(
    r"(?<![\w.#/])(-?\d+)(?:\s*x\b|\s*×)?(?![\w%/]|\.\d)(?:\s+(?:more|extra|additional|different|distinct|separate|unique|individual|new|other|of)\b)*(?:\s+(?:of\s+)?(?:those|these|them)\b)?|\bx\s*(\d+)\b",
    re.I,
)
_NOT_COUNT_BEFORE = re.compile(
    r"\b(?:level|lvl|act|chapter|stage|batch|job|version|tier|part|godot|unity|unreal|phase|page|no\.|number|world|area|zone|seed)\s*#?$",
    re.I,
)
_VAGUE = re.compile(
    r"\b(?:some|a bunch of|bunch of|a set of|set of|a collection of|various|a variety of|assorted|lots of|a lot of|many|a pack of|pack of|a series of|multiple)\b",
    re.I,
)
_SEVERAL = re.compile(r"\bseveral\b", re.I)
_JOIN = re.compile(r"\s*(?:,\s*and\b|,|\band\b|&|\+|\bplus\b|\bas well as\b|;|\.)\s*$", re.I)
_HOLDS = re.compile(
    r"\b(?:with|on|in|of|holding|riding|wearing|next to|under|between|made|from|inside|near|for|carrying|against|fighting)\b",
    re.I,
)
_AND_A = re.compile(r"(?:,\s*(?:and\s+)?|\s+(?:and|plus|&)\s+)(?:an?|another|the)\s+(?=\w)", re.I)
_GENERIC = re.compile(
    r"\s*\b(?:props?|objects?|assets?|sprites?|items?|icons?|characters?|enem(?:y|ies)|npcs?|monsters?|tiles?|textures?|images?|pictures?|pics?|backgrounds?|backdrops?|effects?|vfx|things?|stuff|artworks?|art|drawings?|illustrations?|decorations?|themed)\s*$",
    re.I,
)
_GENERIC_FOR = re.compile(
    r"^(?:props?|objects?|assets?|sprites?|items?|icons?|characters?|enem(?:y|ies)|things?|stuff|pieces|pictures?|images?|tiles?|textures?|art)\s+(?:for|of|from|with|to fit)\s+(?:an?\s+|the\s+|my\s+|our\s+)?(?=\w)",
    re.I,
)
_BARE_THING = re.compile(r"(?:assets?|things?|stuff|pieces|sprites?)\b", re.I)
_AFTER_HEAD = re.compile(
    r"\s+(?:for|with|in|on|of|from|at|that|which|who|holding|wearing|riding|next to|under|inside)\b.*$", re.I
)
_SCENE = r"(?:level|zone|room|scene|map|area|village|town|shop|dungeon|city|forest|game|screen|shopkeeper|hero|player|castle|world|act|chapter|stage)"
_HEADED = re.compile(
    rf"^[^:]{{0,60}}:\s+(?=.*\S)|^[^,.]{{0,60}}\b{_SCENE}\b[^,.]*?\b(?:(?:could|can|would) (?:use|do with|need)|needs?|wants?|lacks?|is missing)\s+(?=\S)"
    rf"|^[^,.]{{0,60}}\b{_SCENE}\b[^,.]*?\b(?:feels?|looks?|is|are|seems?|has nothing)\b[^,.]*?(?:,\s*|\.\s+)",
    re.I,
)

_HINTS = (
    ("character", re.compile(r"\b(?:to fight|to battle|hostile|that attacks?|walk cycle|who|whose)\b", re.I)),
    (
        "background",
        re.compile(
            r"\b(?:(?:hang|go|put|place) behind|behind (?:the|my|our)|horizon|vista|parallax|(?:stormy|night|cloudy|starry|evening|morning) sky)\b",
            re.I,
        ),
    ),
)

KindOf = Callable[[str], str]


def _kind_named(plain: str) -> str | None:
    """The kind whose word stands in the text; the rightmost one is the head of an English noun phrase."""
    found = [
        (match.end(), len(match.group(0)), name)
        for name, words in KINDS.items()
        for match in re.finditer(rf"(?<!\w)(?:{words})(?!\w)", plain, re.I)
    ]
    if not found:
        return None
    names = {name for _, _, name in found}
    for strong in ("icon", "effect", "background"):
        if strong in names:
            return strong
    return max(found)[2]


def _kind_hinted(plain: str) -> str | None:
    """The kind that the use of a thing gives away."""
    return next((kind for kind, pattern in _HINTS if pattern.search(plain)), None)


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


def _extras(clause: Spanned, packs: Sequence[str]) -> dict[str, Any]:
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
    if "size" not in extras and _SURFACE.search(clause.visible):
        bare = clause.strike_all(_BARE_SIZE)
        if bare:
            extras["size"] = int(bare[0][1])
    if clause.strike_all(_OPAQUE):
        extras["transparent"] = False
    elif clause.strike_all(_CUTOUT):
        extras["transparent"] = True
    if clause.strike_all(_TILE):
        extras["tileable"] = True
    return extras


def _counts(visible: str) -> list[re.Match[str]]:
    return [match for match in _COUNT.finditer(visible) if not _NOT_COUNT_BEFORE.search(visible[: match.start()])]


def _listed(visible: str, start: int) -> list[tuple[int, int]]:
    """Spans of "a slime, a bat and a mimic", up to the first thing that holds or wears another."""
    parts = []
    for more in _AND_A.finditer(visible, start):
        if _HOLDS.search(visible[start : more.start()]):
            break
        parts.append((start, more.start()))
        start = more.end()
    return [*parts, (start, len(visible))]


def _portions(clause: Spanned) -> list[tuple[int | None, Spanned]]:
    """(count, what) for each counted thing; one portion when only one number, or none, counts."""
    visible = clause.visible
    counts = _counts(visible)
    starts = counts[:1] + [match for match in counts[1:] if match[1] and _JOIN.search(visible[: match.start()])]
    if len(starts) > 1 and not visible[: starts[0].start()].strip(" ,.:;-"):
        marks = [(match.start(), match.end(), int(match[1] or match[2])) for match in starts]
        marks += [
            (match.start(), match.end(), 1)
            for match in _AND_A.finditer(visible)
            if match.start() > marks[0][0] and not _HOLDS.search(visible[marks[0][1] : match.start()])
        ]
        marks.sort()
        ends = [mark[0] for mark in marks[1:]] + [len(visible)]
        return [(value, clause.slice(stop, end)) for (_, stop, value), end in zip(marks, ends, strict=True)]
    if len(starts) == 1 and not visible[: starts[0].start()].strip(" ,.:;-"):
        value, after = int(starts[0][1] or starts[0][2]), starts[0].end()
        more = _AND_A.search(visible, after)
        if more and not _HOLDS.search(visible[after : more.start()]):
            return [(value, clause.slice(after, more.start())), (1, clause.slice(more.end(), len(visible)))]
    if not counts:
        match = re.match(r"\s*(?:an?|some)\s+", visible)
        parts = _listed(visible, match.end()) if match else []
        return [(1, clause.slice(start, end)) for start, end in parts] if len(parts) > 1 else [(None, clause)]
    for match in counts:
        clause.strike(*match.span())
    return [(int(counts[0][1] or counts[0][2]), clause)]


def _subject(what: Spanned) -> str:
    for pattern in (_VAGUE, _SEVERAL):
        what.strike_all(pattern)
    text = tidy(what.source())
    for pattern in (_TAIL, _PURPOSE):
        shorter = tidy(pattern.sub("", text))
        if shorter and not re.fullmatch(_GENERIC, " " + shorter):
            text = shorter
    bare = text
    while (shorter := tidy(_GENERIC.sub("", bare))) != bare:
        bare = shorter
    bare = _GENERIC_FOR.sub("", bare)
    bare = re.sub(r"^could\s+(?=\w)", "", bare, flags=re.I)
    bare = re.sub(r"^(?:for|of|with|as|to)\s+(?:the\s+|my\s+|our\s+)?", "", bare, flags=re.I)
    return bare or text


def _head(what: Spanned) -> str:
    """The thing itself in plain words, without whose it is, what it is for or holds: that decides its kind."""
    plain = tidy(_VAGUE.sub(" ", what.visible))
    thing = tidy(_AFTER_HEAD.sub("", _GENERIC_FOR.sub("", plain))) or plain
    thing = re.split(r"\s*(?:,|\bplus\b|\band\b|&)\s*", thing)[0] or thing
    return re.sub(r"^.*'s\s+(?=\w)", "", thing)


def generate(clause: Spanned, packs: Sequence[str], kind_of: KindOf) -> list[dict[str, Any]]:
    """Arguments of one or several `generate_assets` calls.

    Counts are literal: 0, negative and huge ones are passed on, so that the planner can answer them in words.
    """
    extras = _extras(clause, packs)
    visible = clause.visible
    head = _HEADED.match(visible)
    context = ""
    told: int | None = None  # a count given before the colon
    if head and re.search(r"\w", visible[head.end() :]):
        context = visible[: head.end()]
        before = _counts(context)
        told = int(before[0][1] or before[0][2]) if before and not _counts(visible[head.end() :]) else None
        clause = clause.slice(head.end(), len(visible))
    opening = _OPENING.match(clause.visible)
    if opening and opening.end() < len(clause.plain.rstrip(" .!?")):
        clause.strike(*opening.span())
    variants = [match for match in clause.strike_all(_VARIANTS) if match[1]]
    clause.strike_all(_OPTIONS)
    clause.strike_all(_SHEET_OF)
    visible = clause.visible
    each = _EACH.search(visible)
    if each:
        clause.strike(*each.span())
        things = [part for part in re.split(r",|\band\b|&|\bplus\b|/", clause.visible) if re.search(r"\w{2}", part)]
        portions = [(int(next(group for group in each.groups() if group)) * max(1, len(things)), clause)]
    else:
        portions = [(told if count is None else count, what) for count, what in _portions(clause)]
    named_context = _kind_named(context)
    calls = []
    for count, what in portions:
        vague = 5 if _SEVERAL.search(what.visible) else 4 if _VAGUE.search(what.visible) else 1
        what.strike_all(_TAKES)
        named = _kind_named(what.visible)
        subject = _subject(what) or tidy(context) or tidy(what.plain)
        hinted = _kind_hinted(visible)
        kind = ("background" if hinted == "background" and named != "icon" else named) or named_context or hinted
        if kind is None:
            kind = (
                "texture"
                if extras.get("tileable")
                else "prop"
                if _BARE_THING.match(tidy(what.source()))
                else kind_of(_head(what))
            )
        call: dict[str, Any] = {"subject": subject, "kind": kind}
        if variants:
            call |= {"count": count if count is not None else 1, "variants": int(variants[0][1])}
        else:
            call["count"] = count if count is not None else vague
        calls.append(call | extras)
    return calls


# ---------------------------------------------------------------- style packs

_NAME_LEAD = r"(?:call(?:ed)?(?: it| this| that| them)?|nam(?:e|ed)(?: it| this| them| that)?(?: is| =| :)?|titled?(?: it)?|under the (?:title|name)(?: of)?|(?:save|register|store|remember|keep|label|file)(?: it| them| this| that| these)(?: all)? (?:as|under)|with the name|known as|dubbed|name\s*[:=]|title\s*[:=]|named?\s*[:=]|as style|let's go with)"
_NAME = (
    re.compile(
        rf"\b{_NAME_LEAD}[\s:=]*(?:the |a |an )?(?:style |pack |style pack )?(?:\"([^\"]+)\"|(?<!\w)'([^']+)'|([A-Z][\w']*(?:\s+(?:[A-Z0-9][\w']*|&|of|the|and(?=\s+[A-Z])))*)|([\w&'-]+(?:[ ](?!on\b|from|for\b|and\b|with|using|please|trigger|preset|pls|based|out|thanks|style|pack)[\w&'-]+){{0,2}}))"
    ),
    re.compile(r"\"([^\"]+)\"|(?<!\w)'([^']+)'()()"),
    re.compile(r"\b(?:style|pack|lora|style pack)\s*[:=,-]?\s*([A-Z][\w']*(?:\s+(?:[A-Z0-9][\w']*|&|of|the))*)()()()"),
    re.compile(
        r"\b(?:the|a|an|my|our|new)\s+([A-Z][\w']+(?:\s+(?:[A-Z0-9][\w']*|&|of))*)\s+(?:style|pack|look)\b()()()"
    ),
    re.compile(r"[.,:;-]\s+([A-Z][\w']+(?:\s+(?:[A-Z0-9][\w']*|&|of|the))*)\s*[.!]?\s*$()()()"),
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
    text = clause.source()
    for pattern in _NAME:
        match = pattern.search(text) or (
            re.compile(pattern.pattern, re.I).search(text) if pattern is _NAME[0] else None
        )
        if match:
            name = next(group for group in match.groups() if group).strip(" .,!?'\"")
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
