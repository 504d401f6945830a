# ruff: noqa: E501
"""Mends misspelt key words ("upsacle", "genrate"), and leaves every other word alone."""

from __future__ import annotations

import re

from rapidfuzz.distance import OSA

from agent.router.text import Piece, Spanned

KEYWORDS = (
    "approve", "approved", "accept", "reject", "rejected", "regenerate", "reroll", "remake", "upscale", "enlarge", "double", "quadruple", "export",
    "generate", "create", "scaffold", "render", "delete", "discard", "cancel", "abort", "search", "download", "bundle", "resolution", "texture",
    "textures", "background", "backgrounds", "transparent", "seamless", "tileable", "spritesheet", "sprite", "sprites", "character", "characters",
    "please", "variants", "variations", "everything", "phaser", "unity", "godot", "unreal", "pygame", "images", "pictures", "style", "train",
    "training", "status", "progress", "library", "inventory", "documents", "design", "draw", "dozen", "and", "bigger", "darker", "brighter", "list",
    "show", "find", "write", "script", "change", "atlas", "rest", "others",
)  # fmt: skip
# words of their own that lie one edit from a key word
_REAL = frozenset(
    [
        "expert",
        "exporter",
        "exports",
        "reader",
        "gender",
        "sender",
        "tender",
        "fender",
        "cancer",
        "candle",
        "crate",
        "crater",
        "creature",
        "creates",
        "approver",
        "approves",
        "accepts",
        "rejects",
        "searched",
        "research",
        "styles",
        "stylus",
        "stage",
        "strain",
        "trains",
        "trail",
        "brain",
        "drain",
        "grain",
        "traint",
        "stained",
        "statue",
        "stature",
        "lists",
        "list",
        "last",
        "lost",
        "mist",
        "fist",
        "lint",
        "lisp",
        "rest",
        "best",
        "nest",
        "test",
        "west",
        "pest",
        "vest",
        "rust",
        "reset",
        "crest",
        "wrest",
        "fest",
        "jest",
        "zest",
        "others",
        "mothers",
        "brothers",
        "other",
        "bothers",
        "shows",
        "slow",
        "snow",
        "shot",
        "shop",
        "shoe",
        "how",
        "chow",
        "finds",
        "fine",
        "fins",
        "fund",
        "bind",
        "kind",
        "mind",
        "wind",
        "hind",
        "rind",
        "draws",
        "drawn",
        "drag",
        "dray",
        "drew",
        "drab",
        "raw",
        "brawn",
        "prawn",
        "straw",
        "land",
        "hand",
        "sand",
        "band",
        "wand",
        "grand",
        "brand",
        "stand",
        "any",
        "ant",
        "end",
        "add",
        "aid",
        "ad",
        "an",
        "aand",
        "dozens",
        "doze",
        "doze",
        "white",
        "writer",
        "writes",
        "wrote",
        "rite",
        "site",
        "quite",
        "write",
        "charge",
        "chance",
        "changes",
        "changed",
        "chang",
        "orange",
        "atlas",
        "altas",
        "altar",
        "atlases",
        "script",
        "scripts",
        "strip",
        "crypt",
        "designs",
        "designed",
        "resign",
        "sprites",
        "spite",
        "spire",
        "spirit",
        "sprint",
        "strike",
        "stripe",
        "unit",
        "unite",
        "untie",
        "trainer",
        "darker",
        "darkness",
        "dark",
        "marker",
        "barker",
        "parker",
        "bigger",
        "digger",
        "rigger",
        "trigger",
        "jogger",
        "brighter",
        "tighter",
        "fighter",
        "lighter",
        "images",
        "image",
        "imaged",
        "picture",
        "pictures",
        "pleased",
        "pleas",
        "phases",
        "phase",
        "phrase",
        "phaser",
        "chaser",
        "eraser",
        "doubled",
        "doubles",
        "trouble",
        "couple",
        "renders",
        "rendered",
        "bundles",
        "bungle",
        "bumble",
        "enlarged",
        "deleted",
        "deletes",
        "delegate",
        "cancels",
        "aborts",
        "about",
        "generated",
        "generates",
        "generator",
        "degenerate",
        "venerate",
        "upscaled",
        "upscales",
        "texture",
        "textured",
        "background",
        "library",
        "liberty",
        "status",
        "statues",
        "progress",
        "design",
        "seamless",
    ]
)
_WORD = re.compile(r"(?<![\w'/.-])[A-Za-z]{3,}(?![\w'/-])")


def _key(word: str) -> str | None:
    if word in KEYWORDS or word in _REAL:
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
