# ruff: noqa: E501
"""Arguments of `generate_assets`: what, how many, which kind, and only those extras that the words ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agent.router.lists import KINDS
from agent.router.looks import SURFACE, TILE, extras_of
from agent.router.slots import POLITE
from agent.router.text import Spanned, tidy

_MAKE = (
    r"(?:generate|create|draw|paint|render|make|queue(?: up)?|crank out|churn out|pump out|spit out|bang out|knock out|spawn|print|animate|hit|hook|toss|load|throw|produce|design|whip up|cook up|give|get|do|build|craft|sketch|illustrate|add|show|have|see|use|gimme|fill|spawn|throw in|bring|come up with|put together|prepare|start over with|start again with|provide|model|animate|pixel|mock up|conjure|dream up|imagine|doodle|compose|sculpt|deliver|start over with|begin with|continue with|go with|could use|could do with|would like|need)\b"
    r"(?:\s+(?:me|us|up|out|in|my|our|another|more))*"
)
_OPENING = re.compile(
    rf"^\s*(?:{POLITE}|(?:fill|decorate|furnish|populate|stock)\s+(?:it|them|this|that)\s+(?:up\s+)?with\b[\s,]*|(?:i|we|you|it|they) (?=(?:could|would|need|want)\b)|how about\b\s*|what about\b\s*|{_MAKE}[\s,:]*|(?:trouble|bother|ask) you for\b\s*|(?:(?:like|about|around|roughly|say|maybe)\b\s+(?=\d))|(?:there (?:should|could) be|is missing|missing|needed)\b[\s:]*)*",
    re.I,
)
_TAIL = re.compile(
    r"[\s,.!?-]+(?:please|pls|plz|thanks(?: a lot)?(?: in advance)?|thank you|thx|ok\??|if possible|if you can|for me|for us|asap|quickly|right now|now|instead|rendered|drawn|painted|made|(?:next )?to (?:each|the) other|of them|of those|of these|(?:that )?i can use\b.*|(?:that|which) (?:tile|tiles|loop|loops|repeat|repeats)\b.*|(?:lying|standing|scattered|spread) around\b.*|let's say|say)\s*[.!?]*$",
    re.I,
)
_PURPOSE = re.compile(
    r"\s+(?:(?:to (?:fight|put|use|place|go|decorate|fill|hang|sell|drop|scatter)\b|so (?:that )?(?:i|we|it|they)\b)[^,.;]*"
    r"|(?:for|to|in|on|as) (?:(?:the|my|our|a|an|this|that|its|next|first|second|final|last|main|title|start|loading|pause|new|current|whole|boss|intro|shop|store|\d+(?:st|nd|rd|th)?)\s+)*"
    r"(?:(?:level|levels|game|games|scene|screen|menu|hud|gui|ui|map|biome|world|stage|act|chapter|page|project|background|backdrop|arena|tutorial|intro|prototype|jam|shop|it|me|us)\b(?:\s+(?:\d+|one|two|three|screen|menu|page|jam))?)+(?=\s*(?:$|[,.;!?])))",
    re.I,
)
_VARIANTS = re.compile(
    r"\b(?:comes?\s+)?(?:in\s+)?(\d+)\s+(?:different |possible |random |distinct |separate |unique )?(?:variants?|varients?|versions?|seeds|takes(?=\s*(?:$|[,.;!?])))\b(?:\s+(?:of|for)\b)?(?:\s+(?:the same|one|1|an?|the)\b)?(?:\s+single\b)?|\b(?:the )?same\b(?=.*\b\d+ versions)",
    re.I,
)
_TAKES = re.compile(
    r"\b(?:different |possible )?(?:variations?|options?|takes|alternatives|kinds|types|sorts|sets|designs|sprites?|images?|pictures?|drawings?|pieces|copies)\s+(?:of|on|for)\s+(?:the same |an? |the )?|,\s*(?=\d+\s+(?:options?|variations?|alternatives)\b)",
    re.I,
)
_SHEET_OF = re.compile(
    r"(?<![\w-])(?:1|an?)?\s*(?:big |single )?(?:sheet|page|set|pack|batch|collection|series|bunch) of\s+(?=\d)", re.I
)
_VARIANTS_EACH = re.compile(
    r",?\s*(?:\b(?:with|in|and)\s+)?\b(\d+)\s+(?:different )?(?:takes|variants?|varients|versions?|variations?|options?|alternatives|tries|goes)\s+(?:of\s+|for\s+|per\s+|on\s+)?(?:each|every 1|every one|one|item|piece|thing)\b(?:\s+1\b)?"
    r"|,?\s*\beach (?:one |1 )?in (\d+) (?:different )?(?:takes|variants|versions|variations)\b",
    re.I,
)
_AS_KIND = re.compile(
    r"\s+as\s+(?:\w+\s+){0,2}(?:icons?|sprites?|props|items|tiles|images|pictures|pngs|stickers|assets|pickups)\s*$",
    re.I,
)
_OPTIONS = re.compile(r"(?<=\d)\s+(?:different )?(?:options?|variations?|alternatives)\b", re.I)
_EACH = re.compile(
    r",?\s*(?:\b(\d+)\s+(?:of\s+)?each\b|\beach\s+(?:in\s+)?(\d+)\b|\b(\d+)\s+(?:\w+\s+){1,3}each\b)(?:\s+of)?", re.I
)
_COUNT = re.compile(
    r"(?<![\w.#/(])(-?\d+)(?:\s*x\b|\s*×)?(?![\w%/]|\.\d|-frame)(?:\s+(?:more|extra|additional|different|distinct|separate|unique|individual|new|other|of)\b)*(?:\s+(?:of\s+)?(?:those|these|them)\b)?|\bx\s*(\d+)\b",
    re.I,
)
_NOT_COUNT_BEFORE = re.compile(
    r"\b(?:level|lvl|act|chapter|stage|batch|job|version|tier|part|godot|unity|unreal|phase|page|no\.|number|world|area|zone|seed)\s*#?$",
    re.I,
)
_PART_BEFORE = re.compile(r"\w{3,}\s+(?:with|holding|wearing|having|has|carrying|between|riding)\s+$", re.I)
_FILLING = re.compile(
    r"\b(?:fill|decorat|furnish|populat|stock|litter|scatter|load|equip|line|start|begin|continue|go|help)\w*\b", re.I
)
_VAGUE = re.compile(
    r"\b(?:some(?! (?:sort|kind|type|form) of\b)|a bunch of|bunch of|a set of|set of|a collection of|various|a variety of|assorted|lots of|a lot of|many|a pack of|pack of|a series of|multiple)\b",
    re.I,
)
_ONE = re.compile(r"\b(?:only|just) (?:1|one)\b", re.I)
_SEVERAL = re.compile(r"\bseveral\b", re.I)
_JOIN = re.compile(r"\s*(?:,\s*(?:and|then)\b|,|\b(?:and )?then\b|\band\b|&|\+|\bplus\b|\bas well as\b|;|\.)\s*$", re.I)
_HOLDS = re.compile(
    r"\b(?:with|on|in|of|holding|riding|wearing|next to|under|between|made|from|inside|near|for|carrying|against|fighting)\b",
    re.I,
)
_AND_A = re.compile(r"(?:,\s*(?:and\s+)?|\s+(?:and|plus|&)\s+)(?:an?|another|the)\s+(?=\w)", re.I)
_SCENE_FEEL = re.compile(
    r"\s+\b(?:looks?|feels?|seems?|is|are|needs?|wants?|has|have|could|should|would|wants)\b.*$", re.I
)
_GENERIC = re.compile(
    r"\s*\b(?:props?|objects?|assets?|sprites?|items?|icons?|characters?|enem(?:y|ies)|npcs?|monsters?|tiles?|textures?|images?|pictures?|pics?|backgrounds?|backdrops?|effects?|vfx|things?|stuff|artworks?|art|drawings?|illustrations?|portraits?|decorations?|themed)\s*$",
    re.I,
)
_GENERIC_FOR = re.compile(
    r"^(?:props?|objects?|assets?|sprites?|items?|icons?|characters?|enem(?:y|ies)|things?|stuff|pieces|pictures?|images?|portraits?|tiles?|textures?|art)\s+(?:for|of|from|with|to fit)\s+(?:an?\s+|the\s+|my\s+|our\s+)?(?=\w)",
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
    ("item", re.compile(r"\bsomething to \w+(?: \w+){0,3} with\b", re.I)),
    (
        "background",
        re.compile(
            r"\b(?:in the distance|far away|far off|(?:hang|go|put|place) behind|behind (?:the|my|our)|horizon|vista|parallax|(?:stormy|night|cloudy|starry|evening|morning) sky)\b",
            re.I,
        ),
    ),
)

KindOf = Callable[[str], str]


@dataclass(frozen=True)
class Earlier:
    """What the message said before: the scene that a request is for, the thing that "ones" means, the style pack made."""

    setting: str = ""
    noun: str = ""
    pack: str | None = None


NOTHING_EARLIER = Earlier()
_STAND_IN = re.compile(
    r"(?:(?:maybe|perhaps|of|for|with|the|some|more|new|fresh|extra|it|them|these|those|ones?|things?|stuff|pieces|bits|idk|that|this|both|diff\w*|another|we|us|he|she|him|her|they|i|you)\b[\s,?!.]*)+",
    re.I,
)
_WANTS = re.compile(
    r"\b(?:needs?|wants?|lacks?|is missing|are missing|could use|has no|have no)\s+(?:an?|some|more|another)\s+([^,.;!?]+)",
    re.I,
)
_SAME_PACK = re.compile(
    r",?\s*\b(?:with|using|in|from)\s+(?:it|that|this|the new|that new)(?:\s+(?:style|pack|look|style pack))?\s*(?=$|[,.;!?])",
    re.I,
)
_FILLER = re.compile(
    r",?\s*\b(?:no (?:2|two) (?:are |of them )?(?:alike|the same)|(?:each|every) (?:1|one) different|all (?:of them )?(?:different|unique|distinct)|idk|i don'?t know|i dunno|dunno|i guess|(?:(?:would|will|should|'ll) (?:do|suffice|be (?:enough|fine|plenty|great))|(?:is|are) (?:enough|plenty))(?=\s*(?:$|[,.;!?]))|or so|or something(?: like (?:that|it))?|let'?s say|you know)\b,?",
    re.I,
)
_HOLDING = re.compile(
    r"\b(?:with|holding|riding|wearing|carrying|next to|between|against|fighting|under|inside|full of)\b", re.I
)
_ABOUT_COUNT = re.compile(r"(?<=\d)\s*(?:or|to|-|~)\s*\d+(?=\s+[a-z])", re.I)
_ONE_THING = re.compile(r"\s*(?:an?|1|one|some|something|anything)\s", re.I)
_LAST_JOIN = re.compile(r"\s(?:and|&|plus)\s(?!.*,)|\w/\w", re.I)
_COLLECTIVE = re.compile(
    r"\b(?:weapons?|food|animals?|buildings?|tools?|utensils|furniture|fruits?|vegetables|vehicles?|plants?|clothes|armou?r|stuff|things?|pieces|sprites?|pictures?|images?|assets?|list|following|these|this|art|sets?)$",
    re.I,
)
_ITEM = re.compile(r"\s*(?:,\s*(?:and\s+)?|\s+(?:and|&|plus)\s+|/)\s*", re.I)


def kind_named(plain: str) -> str | None:
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


def is_kind_alone(plain: str) -> bool:
    """Whether the words name a kind of picture and no thing ("icons", "sprite sheet"), unlike "buttons"."""
    return not tidy(_GENERIC.sub("", " " + re.sub(r"\b(?:sheets?|shots?|of|ui|hud|gui|game|pixel)\b", " ", plain)))


def kind_hinted(plain: str) -> str | None:
    """The kind that the use of a thing gives away."""
    return next((kind for kind, pattern in _HINTS if pattern.search(plain)), None)


def stands_in(words: str) -> bool:
    """Whether they name nothing by themselves: "fresh ones"."""
    return bool(_STAND_IN.fullmatch(words))


def vague_count(plain: str) -> int:
    """How many "several" and "some" are; one without such a word."""
    if _ONE.search(plain):
        return 1
    return 5 if _SEVERAL.search(plain) else 4 if _VAGUE.search(plain) else 1


def _counts(visible: str) -> list[re.Match[str]]:
    return [match for match in _COUNT.finditer(visible) if not _belongs_to_thing(visible[: match.start()])]


def _belongs_to_thing(before: str) -> bool:
    """ "level 3", and "a sky with 2 moons": the number is not how many to draw."""
    if _NOT_COUNT_BEFORE.search(before):
        return True
    return bool(_PART_BEFORE.search(before)) and not _FILLING.search(before)


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
    for pattern in (_TAIL, _AS_KIND, _PURPOSE):
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
    return head_of(what.visible)


def head_of(text: str) -> str:
    """The same of a text."""
    plain = tidy(_VAGUE.sub(" ", text))
    thing = tidy(_AFTER_HEAD.sub("", _GENERIC_FOR.sub("", plain))) or plain
    thing = re.split(r"\s*(?:,|\bplus\b|\band\b|&)\s*", thing)[0] or thing
    thing = tidy(_GENERIC.sub("", thing)) or thing
    return re.sub(r"^.*'s\s+(?=\w)", "", thing)


def _things(text: str, listed: bool) -> list[str]:
    """The things of an uncounted list ("health bar, mana bar & stamina bar"); empty when it is none."""
    parts = [tidy(part) for part in _ITEM.split(text.strip(" .!?"))]
    few = all(part and len(part.split()) <= 4 and not re.search(r"\d", part) for part in parts)
    joined = bool(_LAST_JOIN.search(text)) or listed
    return parts if len(parts) >= 3 - listed and few and joined and not _HOLDING.search(text) else []


def _spread(context: str, things: Sequence[str]) -> list[str]:
    """ "treasure chests: closed, open" names the thing before the colon, and what sets each apart after it."""
    noun = tidy(_OPENING.sub("", re.sub(r"[:.,]\s*$", "", context)))
    noun = tidy(re.sub(r"^\d+\s+|\s+(?:x\s*)?\d+$", "", noun))
    plain = bool(noun) and len(noun.split()) <= 3 and not _COLLECTIVE.search(noun) and not _kind_word(noun)
    if not plain or any(len(thing.split()) > 2 for thing in things):
        return list(things)
    single = re.sub(r"(?<=[^s])s$", "", noun)
    last = single.split()[-1].lower()
    return [thing if last in thing.lower() else f"{thing} {single}" for thing in things]


def _kind_word(noun: str) -> bool:
    """ "enemies: bat, rat": the word before the colon is what kind they are, and none of them."""
    named = kind_named(noun)
    return named is not None and (named != "ui" or noun.lower() in ("ui", "hud", "gui"))


def generate(
    clause: Spanned, packs: Sequence[str], kind_of: KindOf, earlier: Earlier = NOTHING_EARLIER
) -> list[dict[str, Any]]:
    """Arguments of one or several `generate_assets` calls.

    Counts are literal: 0, negative and huge ones are passed on, so that the planner can answer them in words.
    """
    for pattern in (_FILLER, _ABOUT_COUNT):
        clause.strike_all(pattern)
    same_pack = earlier.pack is not None and bool(clause.strike_all(_SAME_PACK))
    tiles = [match.start() for match in TILE.finditer(clause.visible)]
    extras = extras_of(clause, packs)
    if same_pack:
        extras.setdefault("style_pack", earlier.pack)
    visible = clause.visible
    head = _HEADED.match(visible)
    context = ""
    told: int | None = None  # a count given before the colon
    start = 0
    if head and re.search(r"\w", visible[head.end() :]):
        context = visible[: head.end()]
        before = _counts(context)
        told = int(before[0][1] or before[0][2]) if before and not _counts(visible[head.end() :]) else None
        start = head.end()
        clause = clause.slice(start, len(visible))
    opening = _OPENING.match(clause.visible)
    if opening and opening.end() < len(clause.plain.rstrip(" .!?")):
        clause.strike(*opening.span())
    variants = [match[1] or match[2] for match in clause.strike_all(_VARIANTS_EACH)]
    variants += [match[1] for match in clause.strike_all(_VARIANTS) if match[1]]
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
    named_context = kind_named(context) if ":" in context else None
    calls = []
    for count, what in portions:
        vague = vague_count(what.visible)
        what.strike_all(_TAKES)
        named = kind_named(what.visible)
        subject = _subject(what)
        if not subject or _STAND_IN.fullmatch(subject):
            subject = _stood_in(earlier, named_context, context) or subject
        subject = subject or tidy(context) or tidy(what.plain)
        things = (
            _things(subject, bool(context))
            if count is None and not variants and not _ONE_THING.match(what.plain) and not _ONE.search(what.plain)
            else []
        )
        if things:
            subject = ", ".join(_spread(context, things))
        hinted = kind_hinted(visible)
        kind = ("background" if hinted == "background" and named != "icon" else named) or named_context or hinted
        own = dict(extras)
        if "tileable" in own and len(portions) > 1 and not _tiles_here(what, clause, tiles, start):
            del own["tileable"]
        if kind is None:
            kind = (
                "texture"
                if own.get("tileable")
                else "prop"
                if _BARE_THING.match(tidy(what.source()))
                else kind_of(_head(what) if not _STAND_IN.fullmatch(tidy(what.source())) else subject)
            )
        call: dict[str, Any] = {"subject": subject, "kind": kind}
        if variants and count is not None:
            call |= {"count": count, "variants": int(variants[0])}
        elif variants:
            call["count"] = int(variants[0])  # of one thing, as the planner sees
        else:
            call["count"] = count if count is not None else len(things) if things else vague
        calls.append(call | own)
    return calls


def _stood_in(earlier: Earlier, named_context: str | None, context: str) -> str:
    """What "ones", "things" and the like stand for: a thing named before, else the scene that they are for."""
    if earlier.noun:
        return earlier.noun
    wanted = _WANTS.search(earlier.setting)
    if wanted:
        return tidy(wanted[1])
    scene = _subject(Spanned.of(earlier.setting or context))
    return _SCENE_FEEL.sub("", scene).strip() if scene and not named_context else ""


def _tiles_here(what: Spanned, clause: Spanned, tiles: Sequence[int], start: int) -> bool:
    """Whether "seamless" stands beside this thing, or the thing is a surface."""
    at = clause.plain.find(what.plain)
    return any(at <= tile - start < at + len(what.plain) for tile in tiles) or bool(SURFACE.search(what.visible))
