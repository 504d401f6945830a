# ruff: noqa: E501
"""Numbers in words, in the western languages that the router reads besides English."""

from __future__ import annotations

import functools
import re
import unicodedata
from itertools import product

_UNITS = {
    "es": "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve",
    "fr": "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf",
    "de": "eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn siebzehn achtzehn neunzehn",
    "pt": "um dois tres quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete dezoito dezenove",
}
_TENS = {
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "fr": "vingt trente quarante cinquante soixante",
    "de": "zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
}
_JOIN = {"es": (" y ",), "fr": ("-", " et ", "-et-", " "), "pt": (" e ",)}


def flat(text: str) -> str:
    """Lower case without accents; the marks of kana stay."""
    apart = unicodedata.normalize("NFD", text.lower().replace("ß", "ss"))
    return unicodedata.normalize("NFC", "".join(c for c in apart if not "\u0300" <= c <= "\u036f"))


@functools.cache
def compounds(language: str) -> dict[str, int]:
    """Numbers of more than one part, without accents: "treinta y cinco", "funfundzwanzig", "quatre-vingt-dix"."""
    units, tens = _UNITS[language].split(), _TENS[language].split()
    out: dict[str, int] = {}
    for ten, word in enumerate(tens, start=2):
        for unit, join in product(range(1, 10), _JOIN.get(language, ())):
            out[f"{word}{join}{units[unit - 1]}"] = 10 * ten + unit
        if language == "de":
            out |= {f"{'ein' if u == 1 else units[u - 1]}und{word}": 10 * ten + u for u in range(1, 10)}
            out |= {words.replace("ss", "ß"): number for words, number in out.items() if word in words}
    if language == "es":
        out |= {f"veinti{word}": 20 + unit for unit, word in enumerate(units[:9], start=1)}
    if language == "fr":
        for (unit, word), join in product(enumerate(units, start=1), ("-", " ")):
            out |= {f"soixante{join}{word}": 60 + unit, f"quatre-vingt{join}{word}": 80 + unit}
        out |= {"soixante-dix": 70, "quatre-vingts": 80, "quatre-vingt": 80}
    return out


def table() -> dict[str, int]:
    """All of them, of all languages."""
    out: dict[str, int] = {}
    for language, words in _UNITS.items():
        out |= {word: number for number, word in enumerate(words.split(), start=1)}
        out |= {word: 10 * ten for ten, word in enumerate(_TENS[language].split(), start=2)}
        out |= compounds(language)
    return out


@functools.cache
def pattern(language: str) -> re.Pattern[str] | None:
    """Finds `compounds` in `plain_letters`; None for a language that has none here."""
    if language not in _UNITS:
        return None
    words = sorted(compounds(language), key=len, reverse=True)
    return re.compile("|".join(rf"{re.escape(word)}(?!\w)" for word in words))


def plain_letters(text: str) -> str:
    """Lower case without accents, of the same length."""
    return "".join(unicodedata.normalize("NFD", char)[0].lower()[:1] or char for char in text)
