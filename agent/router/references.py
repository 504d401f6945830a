# ruff: noqa: E501
"""Which pictures of the last gallery a clause talks about: "#7", "2, 5 and 8", "10 through 14", "the last two", "the rest"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agent.router.lists import APPROVE, REJECT

Ref = int | str

# Numbers that count, measure or name something else; they are blanked before references are read.
_OTHER_NUMBERS = re.compile(
    r"\b(?:batch|job|level|lvl|act|chapter|version|part|stage|episode|godot|unreal|ue|unity|phaser|pixi|seed|step|tier|page|wave|season"
    r"|world|python|phase|draft|milestone|week|day|year)s?\s*#?\d+(?:\.\d+)*\b"
    r"|\b\d+(?:x|×|\*|\s+(?:x|\*)\s+)\d+\b|\b\d+(?:\.\d+)?\s*-?\s*(?:x|px|pixels?|fps|k|%|times|fold|percent|dpi|seconds?|secs?|minutes?|mins?|hours?"
    r"|days?|weeks?|each|frames?|more(?!\s+\w+(?:er|oscuro|escuro)\b)|extra|versions?|variants?|variations?|options?|takes|alternatives|tries|colou?rs?|degrees?)\b"
    r"|\b\d+\s*[x%](?!\w)|\bx\s*\d+\b|\b(?:by|factor(?: of)?|times|scale(?: of)?)\s+\d+\b(?!\s*,\s*\d)|\b(?:factor|scale)\s*[=:]\s*\d+\b|\(\d{1,2}\)(?=\s*[a-z])"
    r"|\b1\s+(?:big |large |single |common |texture |sprite |png |webp )*(?:sheet|atlas|image|file|zip|archive|folder|spritesheet|png|picture|page|row|go|pass|sprite sheet)\b"
    r"|\b(?:to|at)\s+\d+x\b|\b\d+d\b",
    re.I,
)
_RANGE_WORD = (
    r"\.?\s*(?:-|(?:to|through|thru|till|until|up to)(?: the(?: number)?| zur| zum)?|\.\.+|(?<=\d )[àa](?= \d))\s*"
)
_NUMBER = r"(?:#\s*|nr\.?\s*|no\.\s*|num(?:ber)?s?\.?\s*|assets?\s+|images?\s+|pictures?\s+|pics?\s+|sprites?\s+|tiles?\s+|icons?\s+|props?\s+)?(\d+)(?:st|nd|rd|th)?(?![\w.]*[a-z]{2,}\d)"
_PATTERN = re.compile(
    rf"(?P<between>\bbetween\s+#?\d+\s+and\s+#?\d+\b)"
    rf"|(?P<range>(?<![\w.]){_NUMBER}{_RANGE_WORD}(?:#|number\s+)?(\d+)(?:st|nd|rd|th)?\b)"
    r"|(?P<firstn>\b(?:the\s+)?(?:1st|top|initial)\s+(\d+)\b)"
    r"|(?P<lastn>\b(?:the\s+)?(?:last|final|bottom)\s+(\d+)\b)"
    r"|(?P<penult>\b(?:the\s+)?(?:penultimate|next[\s-]+to[\s-]+last)\b(?:\s+(?:one|image|picture))?"
    r"|\b(?:the\s+)?\d+(?:st|nd|rd|th)[\s-]+(?:to[\s-]+(?:the[\s-]+)?last|last|from[\s-]+(?:the[\s-]+)?(?:end|last|back))\b(?:\s+(?:one|image|picture))?)"
    r"|(?P<half>\b(?:the\s+)?(?:1st|2nd|last|latter)\s+half\b(?:\s+of\s+(?:them|these|those))?)"
    r"|(?P<middle>\b(?:the\s+)?(?:one\s+in\s+the\s+middle|middle\s+(?:one|image|picture|sprite)|centre one|center one)\b)"
    r"|(?P<onward>\b(?:from\s+|starting (?:at|from|with)\s+|everything from\s+)?(?:#|number\s+)?\d+(?:st|nd|rd|th)?(?:\s*\+(?!\s*\d)|\s+(?:and\s+(?:up|above|higher|beyond|over|later|onwards?|everything after(?: (?:it|that))?)|onwards?|upwards?|to the end|through (?:to )?the end)\b))"
    r"|(?P<after>\b(?:everything|all|anything|the ones)\s+after\s+(?:#|number\s+)?\d+\b)"
    r"|(?P<before>\b(?:everything|all|anything|the ones)\s+(?:before|up to|until)\s+(?:#|number\s+)?\d+\b)"
    r"|(?P<last>\b(?:the\s+)?(?:very\s+)?(?:last|final|latest|newest)(?:\s+(?:one|image|picture|asset|pic|sprite)\b|(?=\s*(?:$|[,.;!?]|and\b|is\b|looks?\b)))(?!\s+\d))"
    r"|(?P<both>\bboth\b(?:\s+of\s+(?:them|these|those))?)"
    r"|(?P<parity>\b(?:odd|even)(?:[\s-]numbered)?\s*(?:ones|numbers|images|pictures)?\b)"
    r"|(?P<rest>(?<!\blike )(?<!\bas )(?<!\bas in )(?<!\bas on )(?<!\bthe )\b(?:the\s+)?(?:rest|others|other ones|remaining(?:\s+\w+)?|remainder|leftovers)\b(?:\s+of\s+(?:them|these|those))?|\beverything else\b|\ball (?:the )?others\b)"
    r"|(?P<keepers>\b(?:the|my|our|all)\s+(?:keepers|winners|good ones|best ones|chosen ones|favou?rites)\b|\b(?:the ones|what(?:ever)?|all|everything)\s+(?:that\s+)?i\s+(?:kept|liked|picked|chose|loved)\b)"
    r"|(?P<approved>(?<!\d )\b(?:all\s+|everything\s+|what(?:ever)?\s+|the\s+)*(?:ones?\s+)?(?:that\s+)?(?:i(?:'ve)?\s+)?(?:just\s+)?(?:approved|accepted)\b(?:\s+(?:ones|assets|art|images|sprites|props|items|icons|tiles|characters|textures|stuff))?)"
    r"|(?P<all>\beverything\b|\beverybody\b|\beveryone\b|(?<!\bat )\ball\b(?:\s+(?:of\s+)?(?:the(?:m|se)?|those|it)\b)?|\bthem all\b|\bevery (?:single )?(?:one|image|asset|picture)\b|\bthe (?:whole|entire|complete) (?:batch|set|lot|gallery)\b|\bthe lot\b|\bany of (?:them|these|those)\b|\bnone\b(?:\s+of\s+(?:them|these|those))?)"
    r"|(?P<batch>\bbatch(?:es)?\s*(?:#|number\s*|no\.?\s*)?(\d+)\b)"
    rf"|(?P<one>(?<![\w.\-]){_NUMBER}\b)",
    re.I,
)  # fmt: skip
_ORDINAL_NOUN = re.compile(
    r"\b\d+(?:st|nd|rd|th)\s+(?:level|act|chapter|stage|draft|world|boss|person|time|phase|edition|game|half)\b"
    r"|(?:^|[,.;]|\band\b)\s*1st(?=\s+(?:of all|up ?scale|scale|enlarge|blow|double|redo|re-?(?:make|generate|draw|roll)|approve|accept|reject|delete|remove|export|make|draw|generate|search|find|tag|label|change)\b)",
    re.I,
)
_POINTING_VERB = re.compile(
    r"\b(?:approve|accept|keep|love|like|hate|reject|delete|drop|bin|trash|toss|discard|redo|regenerate|remake|reroll|retry|try|upscale|enlarge|export|asset|assets"
    r"|number|numbers|to|on|for|and|or|with|of|change|scrap|remove|image|images|picture|pictures|from|through|both|ship|take)\s+$|[#,&+]\s*$",
    re.I,
)
# words that may follow a picture's number; any other word is the thing that a number counts
_FOLLOWER = re.compile(
    rf"\s*(?:{APPROVE}|{REJECT})(?!\w)|"
    r"\s*(?:$|[^\w\s]|\d|(?:and|or|to|through|thru|with|without|but|is|are|was|were|looks?|needs?|should|could|would|can|has|have|had|the|an?|in|on|at|as|for|by|so|again"
    r"|please|pls|plz|too|also|now|then|more|less|much|slightly|from|of|into|out|away|up|down|over|off|double|twice|yes|no|ok|okay|good|great|bad|came|turned|gets?|goes|go|stays?|anew"
    r"|once|another|back|fac(?:e|ing)|instead|like|high|hi|hd|big|large|times|together|only|both|all|not|redo|regenerate|upscale|export|new|larger|approved|rejected|rocks?|sucks?|won|wins|fails?|pass(?:es)?|makes?|made"
    r"|doesn't|does|isn't|wasn't|didn't|won't|do|did|must|might|may|will|seems?|feels?|works?|deserves?|wants?|that|this|it|i|we|you|they|if|when|because|since|which|while|until"
    r"|red|blue|green|yellow|purple|black|white|pink|orange|brown|grey|gray|golden|if|use|just|than|yay|nay|nope|yep|after|before|looked|appears?|became|lacks?|misses|x|get|gimme|give|be|been|adn|e|y|und|et|webp|png|jpe?g|gif|svg|psd|json|godot|unity|unreal|phaser)\b|[\w-]+er\b|more\b)",
    re.I,
)
PRONOUN = re.compile(r"\b(?:it|them|these|those|that one|this one|they|its|their|that)\b", re.I)
_EXCEPT = re.compile(
    r"\b(?:except(?:ing)?(?:\s+for)?|but(?:\s+not)?|apart from|aside from|bar|save(?: for)?|besides|minus|without|other than|excluding|leaving out|barring|sparing)"
    r"\s+(?:for\s+)?(?:the\s+)?(?:very\s+)?(?:images?\s+|pictures?\s+|sprites?\s+|icons?\s+|assets?\s+)?(?=#|\d|numbers?\b|last|middle|penultimate|one in)",
    re.I,
)
MAX_RANGE = 1000


@dataclass(frozen=True)
class RefSpan:
    """Pictures named by one stretch of plain text; numbers are 1-based, words are `all`, `rest`, `last`, `approved`, `batch N`."""

    start: int
    end: int
    refs: tuple[Ref, ...]
    sure: bool = True  # False: a bare number that may count something instead


@dataclass
class Mentions:
    spans: list[RefSpan] = field(default_factory=list)

    @property
    def refs(self) -> list[Ref]:
        """All pictures, in the order said, none twice."""
        return list(dict.fromkeys(ref for span in self.spans for ref in span.refs))


def mask_numbers(plain: str) -> str:
    """`plain` with sizes, factors, levels, job and engine numbers blanked (same length)."""

    def blank(match: re.Match[str]) -> str:
        text = match.group(0)
        return text if text.lower().startswith("batch") else " " * len(text)

    return _ORDINAL_NOUN.sub(lambda m: " " * len(m.group(0)), _OTHER_NUMBERS.sub(blank, plain))


def _span(low: int, high: int) -> tuple[Ref, ...]:
    step = 1 if high >= low else -1
    if abs(high - low) > MAX_RANGE:
        return (low, high)
    return tuple(range(low, high + step, step))


def _refs(kind: str, text: str, gallery: int | None) -> tuple[Ref, ...]:
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    if kind in ("between", "range"):
        return _span(numbers[0], numbers[-1])
    if kind == "firstn":
        return tuple(range(1, min(numbers[-1], MAX_RANGE) + 1))
    if kind == "lastn":
        count = numbers[-1]
        return tuple(range(max(1, gallery - count + 1), gallery + 1)) if gallery else (f"last {count}",)
    if kind == "penult":
        back = numbers[0] if numbers else 2
        return (gallery - back + 1,) if gallery and gallery >= back else ("second to last",)
    if kind == "half":
        if not gallery:
            return (text.lower(),)
        middle = (gallery + 1) // 2
        return _span(1, middle) if "1st" in text.lower() else _span(middle + 1, gallery)
    if kind == "middle":
        return ((gallery + 1) // 2,) if gallery else ("middle",)
    if kind in ("onward", "after"):
        low = numbers[0] + (kind == "after")
        return _span(low, gallery) if gallery and low <= gallery else (low,)
    if kind == "before":
        high = numbers[0] - ("before" in text.lower())
        return _span(1, max(1, high))
    if kind == "last":
        return (gallery,) if gallery else ("last",)
    if kind == "parity":
        first = 1 if text.lower().startswith("odd") else 2
        return tuple(range(first, gallery + 1, 2)) if gallery else (text.lower().split()[0],)
    if kind == "both":
        return (1, 2) if gallery == 2 else ("both",)
    if kind == "batch":
        return (f"batch {numbers[-1]}",)
    if kind == "keepers":
        return ("approved",)
    if kind == "one":
        return (numbers[-1],)
    return (kind,)  # all, rest, approved


def _counts_something(text: str, match: re.Match[str]) -> bool:
    if not match.group(0)[0].isdigit() or re.search(r"(?:st|nd|rd|th)$", match.group(0)):
        return False  # "#4", "number 4", "the 4th"
    about = re.match(r"\s*(?:or|to|-)\s*(\d+)\s+(?=[a-z])", text[match.end() :], re.I)
    if about and not _FOLLOWER.match(text, match.end() + about.end(1)):
        return True  # "6 or 7 bushes"
    return not _FOLLOWER.match(text, match.end()) and not _POINTING_VERB.search(text[: match.start()])


def find(plain: str, gallery: int | None = None) -> Mentions:
    """References in digitised text, left to right. `gallery`: pictures shown last, to resolve "the last two"."""
    text = mask_numbers(plain)
    spans = []
    for match in _PATTERN.finditer(text):
        kind = next(name for name, value in match.groupdict().items() if value)
        if kind in ("one", "range") and _counts_something(text, match):
            continue
        spans.append(RefSpan(*match.span(), _refs(kind, match.group(0), gallery)))
    return Mentions(spans)


def exceptions(plain: str) -> re.Match[str] | None:
    """The word that opens an exception ("all except 4"), if any."""
    return _EXCEPT.search(plain)
