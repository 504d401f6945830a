# ruff: noqa: E501 (word lists and patterns)
"""What a subject means: one thing, a class of things, a theme, or a list of these."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from agent.planning.modifiers import KNOWN
from agent.planning.vocabulary import Vocabulary
from agent.planning.words import head, head_index, is_plural, singular, singular_phrase, tidy

_GENERIC_THEME = (
    r"props?|objects?|items?|assets?|things?|stuff|decorations?|scenery|set pieces?|set dressing|characters?|enem(?:y|ies)|npcs?"
    r"|monsters?|creatures?|tiles?|tilesets?|textures?|backgrounds?|backdrops?|pick-?ups?|collectibles?|loot|elements?|materials?|effects?"
)
_GENERIC_LOOK = r"sprites?|icons?|images?|pictures?|pics?|drawings?|graphics?|artworks?|art|illustrations?|designs?"
_TRAILING = re.compile(rf"(?:\s+|^)(?:{_GENERIC_THEME}|{_GENERIC_LOOK}|themed|theme|related|style[ds]?)$", re.I)
_LEADING = re.compile(
    r"^(?:(?:\d+|some|several|many|various|different|assorted|random|distinct|unique|more|other|new|matching|set of|pack of|collection of"
    r"|a set of|variety of|kinds of|types of|sorts of|ui|hud|gui|game|video game|2d|sprite)\s+)+",
    re.I,
)
_DIFFERING = re.compile(
    r"\s+(?:in|with|of)\s+(?:\w+\s+)?(?:different|various|several|many|all|multiple|varying|assorted|mixed|diverse)\s+.*$",
    re.I,
)
_SPLIT = re.compile(r"\s*(?:,\s*(?:and\s+)?|\s+(?:and|plus|&|\+|as well as)\s+)", re.I)
_WHOLE = re.compile(
    r"\b(?:black and white|salt and pepper|hammer and (?:pick|sickle|wrench)|bow and arrows?|mortar and pestle|fork and knife"
    r"|knife and fork|skull and crossbones|cup and saucer|ball and chain|rock and roll|sword and (?:shield|sorcery)|bread and butter"
    r"|day and night|yin and yang|nuts? and bolts?|needle and thread|arts and crafts|search and rescue|stars and stripes)\b",
    re.I,
)
_HOLDS = re.compile(r"\b(?:with|holding|wearing|riding|carrying|made of|full of|between|against)\b", re.I)


ANY_PLACE = ("medieval", "dungeon", "forest")  # of "12 props"


@dataclass(frozen=True)
class Phrase:
    """`count` subjects to find. `text` is what they are or belong to, in the singular."""

    text: str
    count: int
    is_theme: bool = False
    places: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    adjectives: tuple[str, ...] = ()  # words that every subject gets: "rusty" of "rusty desert props"


def read(subject: str, request: str, kind: str, count: int, vocabulary: Vocabulary) -> list[Phrase]:
    """Phrases in order, their counts summing to `count`."""
    whole = _stripped(subject)
    if re.fullmatch(rf"(?:{_GENERIC_THEME}|{_GENERIC_LOOK}|\s)+", whole, re.I):
        return [Phrase(whole, count, is_theme=True, places=ANY_PLACE)]
    named_theme = _followed_by_theme_word(whole, subject, request)
    parts = split_list(whole, count, vocabulary)
    share, extra = divmod(count, len(parts))
    return [
        _phrase(part, share + (index < extra), named_theme, kind, vocabulary)
        for index, part in enumerate(parts)
        if share + (index < extra)
    ]


_FOUND = re.compile(
    rf"^(?:{_GENERIC_THEME})\s+(?:(?:that|which)\s+)?(?:(?:an?|the|my|our|your|every|any)\s+)?(\w[\w' -]*?)\s+(?:would|could|might|may|should|can|will|'d)?\s*"
    r"(?:carry|carries|use|uses|own|owns|have|has|need|needs|wear|wears|sell|sells|keep|keeps|bring|hold)\b.*$"
    rf"|^(?:{_GENERIC_THEME})\s+(?:(?:that|which)\s+)?(?:you(?:'d| would| can| could| might)? |one (?:would |can |could )?|to be )?(?:find|found|see|seen|buy|bought|sold|lying|standing)\b[^,]*?\b(?:in|on|at|inside)\s+(?:an?\s+|the\s+|my\s+|our\s+)?(.+)$",
    re.I,
)
_WHERE = re.compile(
    r"\s+(?:for|in|on)\s+(?:an?|the|my|our|this|that)\s+(?:[\w'-]+\s+){0,2}(?:ui|hud|gui|menu|interface|screen|shop|store|inventory|game|level|stage)$",
    re.I,
)
_LEVEL = re.compile(r"\s+(?:levels?|stages?|biomes?|zones?|areas?|worlds?|maps?)$", re.I)


def _stripped(subject: str) -> str:
    text = tidy(_LEADING.sub("", re.sub(r"^something\b[\s,]*(?:like|with)?\s+(?=\w)", "", tidy(subject), flags=re.I)))
    noun, _, after = text.partition(". ")
    if after and all(word.lower() in KNOWN for word in re.findall(r"\w+", after)):
        text = " ".join([*re.findall(r"\w+", after), noun])  # "barrels. wooden."
    found = _FOUND.match(text)
    if found:  # "items a wizard would carry", "things you'd find in a kitchen"
        text = tidy(found[1] or found[2])
    text = _WHERE.sub("", _LEVEL.sub("", _DIFFERING.sub("", text)) or text) or text
    while (shorter := tidy(_TRAILING.sub("", text))) != text and shorter:
        text = shorter
    return text


def _followed_by_theme_word(whole: str, subject: str, request: str) -> bool:
    """ "desert props": the words name a theme; "cactus sprites" and "5 cacti" name the thing itself."""
    for text in (subject, request):
        if re.search(rf"{re.escape(whole)}[\s-]+(?:themed\s+|style\s+)?(?:{_GENERIC_THEME})\b", text, re.I):
            return True
        if re.search(
            rf"\b(?:{_GENERIC_THEME})\s+(?:for|from|of|in|about)\s+(?:an?\s+|the\s+|my\s+|our\s+)?{re.escape(whole)}",
            text,
            re.I,
        ):
            return True
    return False


def split_list(text: str, count: int, vocabulary: Vocabulary) -> list[str]:
    """ "wooden crates and barrels" -> two phrases that share the adjective; "fire and ice spells" share the noun."""
    if count < 2 or _WHOLE.search(text) or _HOLDS.search(text) or _is_alias(text, vocabulary):
        return [text]
    parts = [tidy(part) for part in _SPLIT.split(text) if tidy(part)]
    if not 2 <= len(parts) <= count:
        return [text]
    last = parts[-1].split()
    for index, part in enumerate(parts[:-1]):
        words = part.split()
        stands_alone = is_plural(words[-1].lower()) or not is_plural(last[-1].lower()) or len(words) > 2
        if len(last) > 1 and not stands_alone and (_describes(words[-1], vocabulary)):
            parts[index] = f"{part} {' '.join(last[1:])}"
    first = parts[0].split()
    shared = [word for word in first[:-1] if word.lower() in KNOWN]
    if shared and len(shared) == len(first) - 1:
        parts[1:] = [f"{' '.join(shared)} {part}" if len(part.split()) == 1 else part for part in parts[1:]]
    return parts


def _describes(word: str, vocabulary: Vocabulary) -> bool:
    """Whether a word stands before a noun rather than being the thing: "fire" of "fire and ice spells"."""
    lower = word.lower()
    return lower in KNOWN or lower in vocabulary.places or lower not in vocabulary.by_head or lower in ("fire", "ice")


def _is_alias(text: str, vocabulary: Vocabulary) -> bool:
    alias = " ".join(singular(word) for word in re.findall(r"[^\W_]+", text.lower()))
    return alias in vocabulary.places or alias in vocabulary.classes


def _phrase(text: str, count: int, named_theme: bool, kind: str, vocabulary: Vocabulary) -> Phrase:
    words = text.lower().split()
    at = head_index(words)
    plural = is_plural(words[at])
    found = vocabulary.themes_of(text)
    phrase = Phrase(singular_phrase(text), count)
    if count == 1 and not (named_theme and not found.rest and kind not in ("background", "tile", "texture", "effect")):
        return phrase
    adjectives = tuple(word for word in found.rest if word in KNOWN)
    unexplained = [word for word in found.rest if word not in KNOWN and word not in _SMALL]
    places, classes = _without_weak(found.places), found.classes
    if kind in ("tile", "texture") and places:
        classes = ()  # "sci-fi floor tiles": the kind says floor already
    head_named = words[at] not in found.rest
    if kind == "background" and unexplained:
        return phrase  # "moonlit castle": the words say more than the list of castles
    if classes and head_named and not unexplained and vocabulary.has_all(classes, kind, count):
        return replace(phrase, is_theme=True, places=places, classes=classes, adjectives=adjectives)
    if plural and not named_theme:
        return phrase
    if places and head_named and (named_theme or count > 1) and not classes:
        return replace(phrase, is_theme=True, places=places, adjectives=adjectives)
    if named_theme and not head_named and places and singular(words[at]) not in vocabulary.by_head:
        return replace(phrase, is_theme=True, places=places, adjectives=adjectives)
    if named_theme and singular(words[at]) not in vocabulary.by_head and not classes:
        return replace(phrase, is_theme=True, adjectives=_coined(words))
    return phrase


def _without_weak(places: tuple[str, ...]) -> tuple[str, ...]:
    """ "western town", "viking village": the genre says more than the kind of place."""
    strong = tuple(place for place in places if place not in ("city", "medieval"))
    return strong or places


_SMALL = frozenset(
    [
        "of",
        "the",
        "a",
        "an",
        "in",
        "on",
        "for",
        "from",
        "with",
        "and",
        "my",
        "our",
        "level",
        "game",
        "style",
        "themed",
        "theme",
    ]
)


def _coined(words: Iterable[str]) -> tuple[str, ...]:
    """The word that an unknown theme lends its things: "clockwork" of "clockwork bazaar"."""
    first = next((word for word in words if word not in _SMALL), "")
    return (first,) if first else ()


__all__ = ["Phrase", "head", "read", "split_list"]
