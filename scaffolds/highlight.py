"""Highlighted code as plain data: the page builds it from text nodes, so no code becomes HTML."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pygments.lexer import Lexer

_LEXERS = {
    ".gd": "gdscript", ".cs": "csharp", ".ts": "typescript", ".py": "python", ".rs": "rust", ".json": "json",
    ".toml": "toml", ".html": "html", ".md": "markdown",
}  # fmt: skip
Token = tuple[str, str]  # (Pygments' short class, "" for plain; text)


def lines(name: str, text: str) -> list[list[Token]]:
    """The tokens of each line; joined they are the text again."""
    from pygments.token import STANDARD_TYPES

    out: list[list[Token]] = [[]]
    for kind, value in _lexer(name).get_tokens(text):
        css = ""
        while kind and not css:
            css, kind = STANDARD_TYPES.get(kind, ""), kind.parent
        for number, piece in enumerate(value.split("\n")):
            if number:
                out.append([])
            if piece:
                out[-1].append((css, piece))
    while out and not out[-1]:
        out.pop()
    return out


def _lexer(name: str) -> Lexer:
    from pygments.lexers import get_lexer_by_name
    from pygments.lexers.special import TextLexer

    found = _LEXERS.get(PurePosixPath(name).suffix)
    options = {"stripnl": False, "ensurenl": True}
    return get_lexer_by_name(found, **options) if found else TextLexer(**options)
