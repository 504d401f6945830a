# ruff: noqa: E501
"""Mends misspelt key words ("upsacle", "genrate"), and leaves every other word alone."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from rapidfuzz.distance import OSA

from agent.router.text import Piece, Spanned

KEYWORDS = (
    "approve", "approved", "accept", "reject", "rejected", "regenerate", "reroll", "remake", "upscale", "enlarge", "double", "quadruple", "export",
    "generate", "create", "scaffold", "render", "delete", "discard", "cancel", "abort", "search", "download", "bundle", "resolution", "texture",
    "textures", "background", "backgrounds", "transparent", "seamless", "tileable", "spritesheet", "sprite", "sprites", "character", "characters",
    "please", "variants", "variations", "everything", "phaser", "unity", "godot", "unreal", "pygame", "images", "pictures", "style", "train",
    "training", "status", "progress", "library", "inventory", "documents", "design", "draw", "dozen", "and", "bigger", "darker", "brighter", "list",
    "show", "find", "write", "watercolor", "isometric", "collection", "label", "script", "change", "atlas", "rest", "others",
)  # fmt: skip
SHORT = {
    "u": "you", "ur": "your", "r": "are", "wanna": "want to", "gonna": "going to", "gotta": "need to", "gimme": "give me", "lemme": "let me", "plz": "please", "pls": "please",
    "abt": "about", "wat": "what", "wut": "what", "whats": "what's", "hows": "how's", "pic": "picture", "pics": "pictures", "bg": "background", "dont": "don't", "doesnt": "doesn't",
    "cant": "can't", "im": "i'm", "theyre": "they're", "thats": "that's", "wont": "won't", "isnt": "isn't", "thx": "thanks", "ty": "thanks", "w": "with", "tho": "though",
}  # fmt: skip
_NEAR = Path(__file__).parent / "data" / "near_words.txt"  # English words that lie an edit or two from a key word
_WORD = re.compile(r"(?<![\w'/.-])[A-Za-z]+(?![\w'/-])")


@functools.cache
def real_words() -> frozenset[str]:
    return frozenset(_NEAR.read_text(encoding="utf-8").split())


def _key(word: str) -> str | None:
    if word in SHORT:
        return SHORT[word]
    if len(word) < 3 or word in KEYWORDS or word in real_words():
        return None
    room = 1 if len(word) < 8 else 2
    best = None
    for key in KEYWORDS:
        if len(key) < 4 and sorted(key) != sorted(word):  # short words only when letters changed places
            continue
        if abs(len(key) - len(word)) > room or word[0] not in key[:2] or word.rstrip("s") == key.rstrip("s"):
            continue
        distance = OSA.distance(word, key, score_cutoff=room)
        if distance <= room and (len(word) > 4 or sorted(word) == sorted(key)) and (best is None or distance < best[0]):
            best = (distance, key)
    return best[1] if best else None


def mend(message: Spanned) -> Spanned:
    """The same message with key words spelt right in the plain layer. Capitalised words inside a sentence are names."""
    pieces: list[Piece] = []
    before = ""
    for piece in message.pieces:
        if piece.plain != piece.source:
            pieces.append(piece)
            before = piece.plain
            continue
        at = 0
        for match in _WORD.finditer(piece.plain):
            word = match.group(0)
            inside = bool((before + piece.plain[: match.start()]).strip())
            key = None if word[0].isupper() and inside else _key(word.lower())
            if key:
                text = piece.plain[at : match.start()]
                pieces += [Piece(text, text), Piece(key, word)]
                at = match.end()
        pieces.append(Piece(piece.plain[at:], piece.plain[at:]))
        before += piece.plain
    return Spanned(pieces)
