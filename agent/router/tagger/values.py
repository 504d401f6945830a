# ruff: noqa: E501
"""Numbers and picture references in the words of a slot, in the six languages that the tagger was trained on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.router import number_words, references
from agent.router.number_words import flat
from agent.router.numbers import digits
from agent.router.references import Ref

_OTHERS = {
    "one": 1, "una": 1, "une": 1, "ein": 1, "eine": 1, "einen": 1, "einem": 1, "uma": 1, "duas": 2, "zwo": 2, "beide": 2, "par": 2, "paire": 2, "paar": 2, "pair": 2, "couple": 2,
    "fuenf": 5, "zwoelf": 12, "catorze": 14, "cien": 100, "cent": 100, "hundert": 100, "cem": 100, "fourty": 40, "dizaine": 10, "decena": 10, "dezena": 10,
    "quinzaine": 15, "vingtaine": 20, "trentaine": 30, "some": 4, "several": 5, "few": 3, "bunch": 4, "handful": 5, "algunos": 4, "algunas": 4, "quelques": 4, "einige": 4,
    "mehrere": 5, "alguns": 4, "algumas": 4, "another": 1, "otro": 1, "otra": 1, "outro": 1, "outra": 1, "single": 1, "a": 1, "an": 1, "veintiun": 21, "1 more": 1,
}  # fmt: skip
_DOZEN = re.compile(r"\b(?:docenas?|douzaines?|dutzend|duzias?|dozens?|dozn|doz|ダース)\b")
_HALF = re.compile(r"\b(?:media|demi(?:e)?|halbes|meia|half)\b")
_KANJI = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "〇": 0}


_NUMBERS = number_words.table() | _OTHERS
_WORDS = re.compile(
    "|".join(rf"(?<![^\W\d_]){re.escape(w)}(?![^\W\d_])" for w in sorted(_NUMBERS, key=len, reverse=True))
)


def number(words: str) -> int | None:
    """The count that the words name ("a dozen", "veintidós", "10体"), None without one."""
    plain = digits(words).plain
    found = re.search(r"-?\d+", plain.replace(",", ""))
    if found and not _DOZEN.search(flat(plain)):
        return int(found.group())
    bare = flat(plain)
    dozen = _DOZEN.search(bare)
    before = bare[: dozen.start()] if dozen else bare
    if dozen and _HALF.search(before):
        return 6
    named = re.search(r"\d+", before)
    words_said = [_NUMBERS[match.group()] for match in _WORDS.finditer(before)]
    of_words = next(
        (value for value in words_said if value != 1), words_said[0] if words_said else None
    )  # "une quinzaine"
    value = int(named.group()) if named else of_words if of_words is not None else _kanji(before)
    return 12 * (value or 1) if dozen else value


def _kanji(text: str) -> int | None:
    match = re.search(r"[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九]", text)
    if not match:
        return None
    said = match.group()
    if "十" not in said:
        return _KANJI[said]
    tens, _, units = said.partition("十")
    return 10 * _KANJI.get(tens, 1) + _KANJI.get(units, 0)


_SPAN = re.compile(
    r"#?(\d+)(?:番|st|nd|rd|th)?\s*(?:-|\.\.+|to|through|thru|till|until|up to|bis(?: zu)?|hasta(?: (?:el|la))?|al|a|à|au|jusqu'?(?:a|au|à)?|ate(?: (?:o|a))?|ao|から|~|〜)\s*(?:the |number |la |le |die |der |o |a |#)?(\d+)"
)
_BATCH = re.compile(
    r"\b(?:batch(?:es)?|lot(?:e)?|charge|lote|バッチ)\s*(?:#|number|no\.?|n[°º]|numero|nr\.?)?\s*(\d+)|バッチ\s*(\d+)"
)
_REST = re.compile(
    r"\b(?:rest(?:o|e)?|others|other ones|remaining|remainder|leftovers|everything else|demas|otros|otras|restantes?|autres|ubrigen|restlichen|anderen?|andren|outros|outras)\b|残り|他|ほか|あと(?![\d一二三四五六七八九十])"
)
_ALL = re.compile(
    r"\b(?:all|everything|every|everyone|everybody|entire|whole|lot of them|the lot|todos?|todas?|tudo|tous|toutes?|tout|alles?|alle|samtliche|none|nothing|any|ninguno|ninguna|nada|aucune?|keine?s?|nenhum|nenhuma)\b|全部|全て|すべて|全員|みんな"
)
_LAST = re.compile(r"\b(?:last|final|latest|newest|ultim[oa]|derniere?|letzten?|letzte[rs]?)\b|最後")
_BOTH = re.compile(
    r"\b(?:both|the (?:pair|two|duo|couple)|das paar|la paire|el par|o par|ambos|ambas|les deux|beide|os dois|as duas|los dos|las dos)\b|両方"
)
_APPROVED = re.compile(
    r"\b(?:approved?|accepted|keepers|winners|aprobad[oa]s|aprovad[oa]s|aceptad[oa]s|approuve(?:e)?s?|valide(?:e)?s?|genehmigten?|freigegebenen?|abgesegneten?|angenommenen?)\b|承認|採用"
)
_NUMBER_WORD = re.compile(r"\d+")


def refs(words: str, gallery: int | None, said: list[Ref]) -> list[Ref]:
    """Pictures that the words of a slot name, in their order; a pronoun alone means those `said` before."""
    plain = digits(words).plain
    bare = flat(plain)
    batch = _BATCH.search(bare)
    if batch:
        return [f"batch {batch[1] or batch[2]}"]
    out: list[Ref] = []
    for match in re.finditer(rf"{_SPAN.pattern}|(\d+)", bare):
        if match[1]:
            low, high = int(match[1]), int(match[2])
            out += list(range(low, high + 1)) if low <= high <= low + 1000 else [low, high]
        else:
            out.append(int(match[3]))
    if out and not re.search(r"\b(?:first|last|1st|top|half|after|before|onwards?|up)\b", bare):
        return list(dict.fromkeys(out))
    for pattern, name in ((_REST, "rest"), (_APPROVED, "approved")):
        if pattern.search(bare):
            return [name]
    named = references.find(plain, gallery).refs
    if named and named != ["both"]:
        return named
    if _BOTH.search(bare):
        return list(said) if len(said) == 2 else [1, 2] if gallery == 2 else ["both"]
    if _ALL.search(bare):
        return ["all"]
    if _LAST.search(bare):
        return [gallery] if gallery else ["last"]
    if out:
        return list(dict.fromkeys(out))
    one = number(words)
    if one is not None and not references.PRONOUN.search(bare):
        return [one]
    return list(said)


def number_places(text: str) -> list[tuple[int, int]]:
    """Where English number words of more than one word stand: "twenty one", "a dozen and a half"."""
    out, at = [], 0
    for piece in digits(text).pieces:
        end = at + len(piece.source)
        if piece.plain != piece.source and " " in piece.source.strip():
            out.append((at, end))
        at = end
    return out


_MULTIPLIED = (  # verbs that say how many times
    (
        4,
        re.compile(
            r"cu[aá]dr[uú]pl|quadr[uú]pl|quadrupl|vervierfach|viermal so|vier mal so|cuatro veces|quatre fois|quatro vezes|four times|四倍",
            re.I,
        ),
    ),
    (3, re.compile(r"tr[ií]pl[ií]|tripl[ae]|verdreifach|dreimal so|tres veces|trois fois|três vezes", re.I)),
    (2, re.compile(r"d[uú]pl[ií]|verdoppel|doublé|dobra|doppelt so|zweimal so|dos veces|deux fois|duas vezes", re.I)),
)
_FACTORS = (
    (4, re.compile(r"vierfach|viermal|cu[aá]druple|cuatro veces|quatre fois|quadruple|qu[aá]druplo|quatro vezes|(?:por|par|um) 4|四倍|4倍|times four|four times|\b4\b", re.I)),
    (3, re.compile(r"dreifach|dreimal|triple|tres veces|trois fois|três vezes|(?:por|par|um) 3|三倍|3倍|thrice|\b3\b", re.I)),
    (2, re.compile(r"doppelt|verdoppel|doble|duplic|dobro|dobra|dobre|double|doubl|deux fois|dos veces|duas vezes|zweifach|zweimal|二倍|2倍|倍|twice|twofold|\b2\b", re.I)),
)  # fmt: skip


def factor_word(words: str) -> int | None:
    """How many times larger, in words ("doppelt so gross")."""
    return next((value for value, pattern in _FACTORS if pattern.search(words)), None)


def multiplied(clause: str) -> int | None:
    """How many times larger a verb says ("cuadruplícale la resolución"); None where none does."""
    return next((value for value, pattern in _MULTIPLIED if pattern.search(clause)), None)


_BRIDGE = re.compile(r"\s*(?:\.\.+|-|~|〜|から|to|through|thru|bis|hasta|até|à|au|al)?\s*", re.I)


def bridged(text: str, places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches with only space or the word of a range between them as one: "10 a la" and "13"."""
    out: list[tuple[int, int]] = []
    for start, end in places:
        if out and _BRIDGE.fullmatch(text[out[-1][1] : start]):
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


_BETWEEN = re.compile(
    r"(?:[\s\d,&+#/-]|\b(?:and|to|through|number|images?|sprites?|pictures?|the|no|nr|st|nd|rd|th|y|et|und|e|o|a|la|el|le|die|der|das|los|las|les|os|as|batch|all)\b|番|と|、)*",
    re.I,
)


def in_one_list(found: Sequence[Ref], plain: str) -> bool:
    """Whether the numbers stand together, with nothing between them but what joins a list."""
    places = [m.span() for ref in found if isinstance(ref, int) for m in re.finditer(rf"(?<!\d){ref}(?!\d)", plain)]
    if not places:
        return True
    return bool(_BETWEEN.fullmatch(plain[min(start for start, _ in places) : max(end for _, end in places)]))


def uncounted(words: str, said: set[int]) -> str:
    """Without the number word that was heard as the count and tagged as part of the thing: "elf Wüstenfelsen"."""
    first, _, rest = words.partition(" ")
    if first == "score" and 20 in said:
        return rest.removeprefix("of ") or words
    return rest if rest and number(first) in said else words


def unplaced(words: str) -> str:
    """A query without the place that is searched: "library with a lighthouse"."""
    return re.sub(r"^(?:(?:the|our|my)\s+)?(?:library|gallery|collection|archive)\b\s*", "", words, flags=re.I) or words


def blanked(text: str, places: Sequence[tuple[int, int]]) -> str:
    """`text`, of the same length, with spaces at these places."""
    for start, end in places:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def whole_name(text: str, name: str) -> str:
    """A name with the capitalised words that go on from it: "Vieux" in "on l'appelle Vieux Port"."""
    more = re.search(rf"{re.escape(name)}(?: [A-ZÀ-Ý][\w'’-]+)+", text) if name[:1].isupper() else None
    return more[0] if more else name


def is_better_cut(tagged: str, ruled: str) -> bool:
    """Whether rules cut a subject out better: "skeleton archers" than "skeleton", one sentence than two."""
    few, more = tagged.lower().split(), ruled.lower().split()
    if len(more) == len(few) + 1:
        return few in (more[1:], more[:-1])
    return bool(re.search(r"[.!?]\s", tagged)) and set(more) < set(few)


def longer(tagged: str, ruled: str) -> str:
    """What rules made of a request where it holds all words that were tagged; else what was tagged."""
    return ruled if ruled and _words_of(tagged) <= _words_of(ruled) else tagged or ruled


def _words_of(text: str) -> set[str]:
    return {word.strip(".,;:!?") for word in text.lower().split()}


def joined(pair: str) -> bool:
    """Whether two characters belong to one word; scripts without spaces have no words here."""
    return len(pair) == 2 and any(
        all(fits(char) for char in pair)
        for fits in (
            lambda char: (char.isalnum() or char in "'’") and char < "\u3000",
            lambda char: "\u30a0" <= char <= "\u30ff",
            lambda char: "\u4e00" <= char <= "\u9fff",
        )
    )


def counts_all(text: str, place: int, things: list[tuple[int, int, str]]) -> bool:
    """One number after all things, or with only commas between them, counts them together: "5 swords, axes, bows"."""
    between = text[things[0][1] : things[-1][0]]
    return place > things[-1][0] or not re.search(
        r"\b(?:a|an|one|another|un|una|une|ein|eine|einen|um|uma)\b", between, re.I
    )
