# ruff: noqa: E501
"""Numbers as people write them: digits, words, dozens, ordinals. All become digits in the plain layer."""

from __future__ import annotations

import re

from agent.router.text import Piece, Spanned

_UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fourty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
    "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20,
}  # fmt: skip

_WORD = "|".join(sorted([*_UNITS, *_TENS, *_SCALES], key=len, reverse=True))
# the last group stops "three-headed" and "one-eyed": there the number belongs to the thing
_CARDINAL = re.compile(
    rf"\b(?:(?P<half>half a dozen|half-dozen)|(?P<couple>(?:(?:a couple(?: of)?|couple of)(?! dozen))|(?:a )?pair of(?! (?:\w+ )?(?:boots|shoes|gloves|glasses|goggles|scissors|pants|trousers|socks|wings|dice|sneakers|headphones|handcuffs|tongs|pliers)\b))|(?P<few>(?:a few(?! dozen)|a handful of))|(?P<score>a score of)|(?P<dozen_half>(?:a |1 )?dozen and a half)"
    rf"|(?P<dozens>(?:(?:(?:a )?couple(?: of)?|(?:a )?few|a|an|{_WORD}|\d+)[\s-]+)?dozens?(?: of)?)"
    rf"|(?P<scaled>(?:a|an|\d+(?:\.\d+)?)\s+(?:hundred|thousand|million|billion)(?:\s+and\s+(?:{_WORD})(?:[\s-](?:{_WORD}))?)?)"
    rf"|(?P<words>(?:{_WORD})(?:(?:[\s-]+and)?[\s-]+(?:{_WORD}))*)|(?P<thousands>\d{{1,3}}(?:,\d{{3}})+)|(?P<k>\d+)k)"
    r"\b(?!-[a-z])(?!['.]\d)",
    re.I,
)
_ORDINAL = re.compile(rf"\b(?:{'|'.join(_ORDINALS)})\b(?!-)", re.I)
_NOT_BEFORE_ONE = re.compile(
    r"(?:\b(?:the|this|that|which|each|any|no|every|last|next|first|second|third|fourth|fifth|new|other|another|\d+(?:st|nd|rd|th)"
    r"|red|blue|green|middle|left|right|top|bottom|upper|lower|centre|center|big|small|good|better|best|same|only|as)|'s)\s+$",
    re.I,
)
_NOT_AFTER_ONE = re.compile(r"^\s*(?:of\b|another\b|more (?:time|try|go|shot)\b|day\b|'s\b|$|[.,;!?])", re.I)
_NUMBERED_ONE = re.compile(
    r"(?:\b(?:numbers?|nos?\.|nr\.?|images?|pictures?|sprites?|icons?|assets?|tiles?)\s+|#)$", re.I
)
_BEFORE_SECOND = re.compile(r"\b(?:a|per|one|1|every|\d+)\s+$", re.I)


def words_value(text: str) -> int:
    """Value of a run of English number words ("two hundred and five")."""
    total = current = 0
    for word in re.split(r"[\s-]+", text.lower()):
        if word in _UNITS:
            current += _UNITS[word]
        elif word in _TENS:
            current += _TENS[word]
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in _SCALES:
            total, current = total + max(current, 1) * _SCALES[word], 0
    return total + current


def _value(match: re.Match[str]) -> int:
    text = match.group(0).lower()
    if match["half"]:
        return 6
    if match["score"]:
        return 20
    if match["dozen_half"]:
        return 18
    if match["couple"]:
        return 2
    if match["few"]:
        return 5 if "handful" in text else 3
    if match["dozens"]:
        count = re.split(r"[\s-]*dozen", text)[0].strip()
        if "couple" in count or "few" in count:
            return 24 if "couple" in count else 36
        return 12 * (int(count) if count.isdigit() else words_value(count) if count not in ("", "a", "an") else 1)
    if match["scaled"]:
        count, scale, *more = text.split()
        return int((1.0 if count in ("a", "an") else float(count)) * _SCALES[scale]) + words_value(" ".join(more))
    if match["thousands"]:
        return int(text.replace(",", ""))
    return int(match["k"]) * 1000 if match["k"] else words_value(text)


def _is_pronoun(text: str, match: re.Match[str]) -> bool:
    if match.group(0).lower() != "one":
        return False
    if _NUMBERED_ONE.search(text[: match.start()]):
        return False
    return bool(_NOT_BEFORE_ONE.search(text[: match.start()]) or _NOT_AFTER_ONE.search(text[match.end() :]))


def _runs(text: str, match: re.Match[str]) -> list[tuple[int, int, int]]:
    """(start, end, value) of a match; "one two three" (a list, not a sum) gives one entry a word."""
    if not match["words"]:
        return [(match.start(), match.end(), _value(match))]
    parts = [(m.start() + match.start(), m.end() + match.start()) for m in re.finditer(r"[A-Za-z]+", match.group(0))]
    groups: list[list[tuple[int, int]]] = []
    for start, end in parts:
        word = text[start:end].lower()
        before = text[groups[-1][-1][0] : groups[-1][-1][1]].lower() if groups else ""
        joins = bool(groups) and (
            word in _SCALES
            or before in _SCALES
            or word == "and"
            or before == "and"
            or (before in _TENS and _UNITS.get(word, 99) < 10)
        )
        if joins and word == "and" and before not in _SCALES:
            joins = False
        if joins and before == "and" and len(groups[-1]) < 2:
            joins = False
        if joins:
            groups[-1].append((start, end))
        else:
            groups.append([(start, end)])
    runs = []
    for group in groups:
        while group and text[group[-1][0] : group[-1][1]].lower() == "and":
            group.pop()
        if group:
            start, end = group[0][0], group[-1][1]
            runs.append((start, end, words_value(text[start:end])))
    return runs


def digits(text: str) -> Spanned:
    """`text` with number words as digits and ordinals as 1st, 2nd, ...; what was replaced is remembered."""
    found: list[tuple[int, int, str]] = []
    for match in _CARDINAL.finditer(text):
        if not _is_pronoun(text, match):
            found += [(start, end, str(value)) for start, end, value in _runs(text, match)]
    for match in _ORDINAL.finditer(text):
        word = match.group(0).lower()
        if word == "second" and _BEFORE_SECOND.search(text[: match.start()]):
            continue  # a unit of time
        value = _ORDINALS[word]
        found.append((*match.span(), f"{value}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(value if value < 4 else 0, 'th') }"))
    pieces, at = [], 0
    for start, end, plain in sorted(found):
        if start < at:
            continue
        pieces += [Piece(text[at:start], text[at:start]), Piece(plain, text[start:end])]
        at = end
    return Spanned([*pieces, Piece(text[at:], text[at:])])
