# ruff: noqa: E501 (patterns)
"""What an answer must hold to be one: a count of the thing, a price, a time, a length, a name.

Passages on the same subject come as near in meaning as the one that answers; whether a statement has the right kind
of value in it tells them apart (answer types as in Li and Roth, 2002, by plain patterns).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from memory.documents.words import alternatives, terms

Kind = Literal[
    "count",
    "price",
    "duration",
    "length",
    "speed",
    "often",
    "share",
    "when",
    "person",
    "name",
    "number",
    "retail",
    "engine",
    "any",
]

NUMBER = (
    r"(?:\d[\d.,:/]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|dozen|half"
    r"|quarter|third|twice|once|double|single|no|none|zero)"
)
_NUMBER = re.compile(rf"\b{NUMBER}\b|\d", re.I)
_TIME_UNIT = (
    r"(?:ms|s|secs?|seconds?|mins?|minutes?|h|hrs?|hours?|days?|nights?|weeks?|months?|years?|rounds?|turns?|waves?"
    r"|seasons?|evenings?|dawns?|beats?|frames?|ticks?)"
)
_LENGTH_UNIT = (
    r"(?:m|cm|mm|km|px|metres?|meters?|tiles?|hex(?:es)?|squares?|cells?|pixels?|units?|feet|ft|inch(?:es)?|miles?"
    r"|blocks?|steps?|kg|kilograms?|kilomet\w+|MB|GB|pages?|places?|slots?|people|shelves)"
)
_MONEY = (
    r"(?:gold|coins?|credits?|chits?|cinders?|gems?|dollars?|euros?|pounds?|cents?|usd|eur|crowns?|shillings?|marks?"
    r"|silver|copper|points?|shards?|scrap|tokens?|wood|stone|rope|iron|mana|free|nothing)"
)
_PATTERNS: dict[str, re.Pattern[str]] = {
    "price": re.compile(
        rf"{NUMBER}\W{{0,2}}(?:\w+\s){{0,2}}{_MONEY}\b|[$€£¥]\s?\d|\d\s?[$€£¥]|\b\d+[.,]99\b"
        rf"|\b(?:costs?|prices?|priced|pays?|sells?|fees?|fines?|rent|worth|buys?|spend|spent|for)\b.{{0,40}}\b(?:{NUMBER}|free)\b"
        rf"|{NUMBER}.{{0,16}}\b(?:to|at launch|each)\b|\(\d[\d.,]*[),;]",
        re.I,
    ),
    "duration": re.compile(
        rf"{NUMBER}(?:\s?(?:-|–|to|and|or|real|in-game|more|full)\s?(?:{NUMBER}|\w+)?)?[\s-]{{0,2}}{_TIME_UNIT}\b"
        r"|\b(?:forever|for good|permanent\w*|until|as long as|a (?:second|minute|hour|day|week|month|year)|never"
        r"|overnight|instantly|at once)\b",
        re.I,
    ),
    "length": re.compile(
        rf"{NUMBER}(?:\s?(?:-|–|to|by|x|×)\s?{NUMBER})?[\s\\,-]{{0,3}}{_LENGTH_UNIT}\b|{NUMBER}\s?(?:by|x|×)\s?{NUMBER}",
        re.I,
    ),
    "speed": re.compile(
        rf"{NUMBER}.{{0,24}}(?:\bper\b|\ba (?:second|minute|hour|day)\b|/s|/h|m/s|km/h|mph|knots?\b|{_TIME_UNIT}\b|%)"
        r"|\b(?:faster|slower|twice|half|quick\w*|speed|slow\w*)\b",
        re.I,
    ),
    "often": re.compile(
        rf"\b(?:every|each|per|daily|weekly|monthly|yearly|twice|once|always|never|{NUMBER} times)\b|\b{NUMBER} (?:a|an)\b",
        re.I,
    ),
    "share": re.compile(
        rf"\d\s?%|\bper ?cent\b|{NUMBER} (?:in|out of|of) {NUMBER}|\b(?:half|quarter|third|tenth|fifth|always|never|odds"
        r"|guarantee\w*|certain\w*)\b",
        re.I,
    ),
    "when": re.compile(
        rf"\d{{1,2}}:\d\d|\b(?:when|while|until|once|after|before|during|at (?:dawn|dusk|night|noon|the)|if|as soon as"
        rf"|below|above|only|dawn|night|day \d+|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january"
        r"|february|march|april|may|june|july|august|september|october|november|december|q[1-4]|20\d\d"
        rf"|spring|summer|autumn|fall|winter|on the \d|season)\b|{NUMBER}\s?{_TIME_UNIT}\b|\bin\b|\bat\b|\bday\b",
        re.I,
    ),
    "retail": re.compile(r"[$€£¥]\s?\d|\d\s?[$€£¥]|\b\d+[.,]\d\d\b|\bfree[ -]to[ -]play\b|\bprice\b.{0,20}\d", re.I),
    "engine": re.compile(
        r"\b(?:Godot|Unity|Unreal|Phaser|Pygame|Bevy|GameMaker|Defold|Construct|Ren'?Py|RPG Maker|CryEngine|own engine)\b",
        re.I,
    ),
    "number": _NUMBER,
}
_ASKED_BY: tuple[tuple[Kind, str], ...] = (
    ("engine", r"\b(?:which|what) (?:game )?engine\b|\bengine\b.*\b(?:built|made|written|developed) (?:in|with|on)\b"),
    ("share", r"\b(?:chances?|odds|probability|percent(?:age)?|likelihood|(?:drop )?rates?)\b"),
    ("price", r"\b(?:how (?:much|expensive)\b.*\b(?:costs?|price|pay|charge|worth|sell|buy|fee|rent)|(?:price|cost|fee|rent|fine) (?:of|for)\b|what (?:does|do|is|are|'s).*\b(?:cost|price|rent|fee)s?\b|how much (?:is|are) (?:a|an|the)\b)"),
    ("often", r"\bhow often\b|\bhow frequent\w*"),
    ("speed", r"\bhow (?:fast|quick\w*)\b|\b(?:top )?speed of\b|\bwhat speed\b"),
    ("duration", r"\bhow long\b.*\b(?:last|take|stay|until|wait|remain|before|for|does|do|can|session|day|run|game|voyage|battle)|\b(?:duration|cooldown)\b|\bhow (?:many|much) (?:seconds|minutes|hours|days|weeks|months|years|time)\b"),
    ("length", r"\bhow (?:far|deep|wide|tall|high|big|large|long|close|near|heavy)\b|\b(?:range|radius|size|width|height|distance) of\b"),
    ("count", r"\bhow many\b|\bnumber of\b"),
    ("number", r"\bhow (?:much|strong|old|hard)\b|\b(?:maximum|minimum|max|min)\b"),
    ("when", r"^\W*(?:and |so )?(?:when|since when|until when)\b|\bwhat (?:time|day|date|year)\b|\b(?:release|launch|due) date\b|\bbirthday\b"),
    ("name", r"\bname of\b|\bnamed?\b|\bwhich (?:actor|artist|person|composer|voice actor)\b|\bcalled\b"),
    ("person", r"^\W*(?:and |so )?who(?:m|se)?\b"),
)  # fmt: skip
_ASKED: list[tuple[Kind, re.Pattern[str]]] = [(kind, re.compile(pattern, re.I)) for kind, pattern in _ASKED_BY]
_MEASURE = re.compile(
    r"\bhow (fast|quick\w*|long|far|deep|wide|tall|high|big|large|heavy|strong|old|often|frequent\w*|expensive|close)\b"
    r"|\bwhat (?:is the |are the )?(kinds?|types?|sorts?|name)\b",
    re.I,
)
_COUNTED = re.compile(
    r"\b(?:how many|number of)\s+(?:(?:different|more|other|total|of|the|new|distinct|kinds of|types of|sorts of|unique)\s+)*"
    r"(?P<noun>[\w'-]+(?:\s+[\w'-]+){0,3})",
    re.I,
)
_ENDS_NOUN = re.compile(
    r"^(?:do|does|did|can|could|are|is|was|were|has|have|had|will|would|may|must|should|per|in|on|at|of|for|to|with|a|the"
    r"|there|you|i|we|it|they|each|make|makes|fit|never|always|exist|be|used|needed|inside|from|by|when|that)$",
    re.I,
)
_ANY_COUNT = frozenset(terms("people persons players things times ways points units ones items copies", keep_stop=True))
_SOMEBODY = re.compile(
    r"\b(?:he|she|they|who|nobody|no one|none|no|everyone|everybody|anyone|anybody|players?|crew|sailors?|people|team|one)\b",
    re.I,
)
_NAME = re.compile(r"[A-Z][\w'-]*[a-z]")  # no acronym
_PRICE_WORDS = frozenset(
    terms("cost costs price priced prices pay buy purchase retail launch sell sold charge", keep_stop=True)
)


@dataclass(frozen=True)
class Expected:
    """`counted`: stems of the head noun of "how many ...", empty: any."""

    kind: Kind
    counted: frozenset[str] = frozenset()

    @property
    def measured(self) -> bool:
        """Is the answer a number?"""
        return self.kind not in ("any", "when", "person", "name", "often", "engine")


@lru_cache(maxsize=256)
def expected(question: str, subject: tuple[str, ...]) -> Expected:
    """`subject`: stems of what it is about. A price of nothing in particular is what the game itself sells for."""
    for kind, pattern in _ASKED:
        if pattern.search(question):
            if kind == "count":
                return Expected(kind, _head_noun(question))
            return Expected("retail" if kind == "price" and _PRICE_WORDS.issuperset(subject) else kind)
    return Expected("any")


def measure_words(question: str) -> frozenset[str]:
    """Stems of "fast" in "how fast", "long" in "how long": what `holds` looks for, not what is spoken about."""
    return frozenset(stem for pair in _MEASURE.findall(question) for word in pair for stem in terms(word))


def _head_noun(question: str) -> frozenset[str]:
    found = _COUNTED.search(question)
    if found is None:
        return frozenset()
    noun = ""
    for word in found["noun"].split():
        if _ENDS_NOUN.match(word):
            break
        noun = word
    if re.search(r"hit ?points?$", " ".join(found["noun"].split()[:2]), re.I):
        noun = "health"
    stems = frozenset(terms(noun, keep_stop=True))
    return frozenset() if stems & _ANY_COUNT else stems


def holds(wanted: Expected, statement: str, headed: frozenset[str] = frozenset()) -> bool:
    """Is a value of the wanted kind in it? `headed`: stems of the heading, which may name what is counted."""
    if wanted.kind == "any":
        return True
    if wanted.kind == "person" and _SOMEBODY.search(statement):
        return True
    if wanted.kind in ("person", "name"):
        return any(_NAME.match(word) for word in re.findall(r"[^\W\d_][\w'-]+", statement)[1:]) or bool(
            re.match(
                r"\W*(?:[A-Z]\w+ ){1,3}(?:runs|makes?|made|warns?|wrote|writes|plays|keeps|leads|sells|owns)\b",
                statement,
            )
        )
    if wanted.kind == "count":
        return _counts(wanted.counted, statement, headed)
    if wanted.kind == "length" and _PATTERNS["duration"].search(statement):
        return True  # a window may be 0.3 s wide
    return bool(_PATTERNS[wanted.kind].search(statement))


def _counts(noun: frozenset[str], statement: str, headed: frozenset[str]) -> bool:
    """A number beside the counted thing: "61 hexes", "Lives: 20", "hand limit is eight"."""
    tokens = re.findall(r"\d[\d.,]*|[^\W\d_][\w'-]*|[:;.|(]", statement)
    numbers = [place for place, token in enumerate(tokens) if re.fullmatch(NUMBER, token, re.I)]
    if not noun or noun & headed:
        return bool(numbers)
    wanted = noun | frozenset(other for word in noun for other in alternatives(word))
    things = [place for place, token in enumerate(tokens) if token[0].isalpha() and wanted.intersection(_stems(token))]
    return any(0 < thing - number <= 4 or 0 < number - thing <= 4 for number in numbers for thing in things)


@lru_cache(maxsize=4096)
def _stems(token: str) -> frozenset[str]:
    return frozenset(terms(token, keep_stop=True))
