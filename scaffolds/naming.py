# ruff: noqa: E501 (patterns and sentences)
"""Words of users and documents inside code: as identifiers, string literals and comments that nothing breaks out of."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST_NAME = 60  # characters of one item, quest or speaker
LONGEST_TEXT = 300  # of one line of dialogue

_RESERVED = frozenset(
    [
        "abstract",
        "and",
        "as",
        "async",
        "await",
        "base",
        "bool",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "crate",
        "def",
        "default",
        "del",
        "do",
        "double",
        "elif",
        "else",
        "enum",
        "event",
        "export",
        "extends",
        "extern",
        "false",
        "final",
        "finally",
        "float",
        "fn",
        "for",
        "from",
        "func",
        "function",
        "get",
        "global",
        "if",
        "impl",
        "import",
        "in",
        "int",
        "interface",
        "is",
        "lambda",
        "let",
        "loop",
        "match",
        "mod",
        "move",
        "mut",
        "namespace",
        "new",
        "nil",
        "none",
        "nonlocal",
        "not",
        "null",
        "object",
        "or",
        "override",
        "pass",
        "private",
        "protected",
        "public",
        "pub",
        "raise",
        "ref",
        "return",
        "self",
        "set",
        "signal",
        "static",
        "string",
        "struct",
        "super",
        "switch",
        "this",
        "throw",
        "trait",
        "true",
        "try",
        "type",
        "typeof",
        "union",
        "unsafe",
        "use",
        "using",
        "var",
        "void",
        "where",
        "while",
        "with",
        "yield",
    ]
)

_IN_COMMENTS = str.maketrans({"<": "‹", ">": "›", "&": "+", '"': "”", "\\": "/"})


def clean(text: str, longest: int = LONGEST_NAME) -> str:
    """One line without control or direction-changing characters, cut at a word."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Cn") else c for c in text)
    line = " ".join(kept.split())
    if len(line) <= longest:
        return line
    return line[:longest].rsplit(" ", 1)[0].rstrip(" ,;:-") or line[:longest]


def string(text: str, longest: int = LONGEST_TEXT) -> str:
    """A double-quoted literal that GDScript, C#, TypeScript, Python, Rust and JSON read alike."""
    return '"' + clean(text, longest).replace("\\", "\\\\").replace('"', '\\"') + '"'


def comment(text: str) -> str:
    """For the rest of a line comment; also safe within docstrings, block comments and XML documentation."""
    return clean(text, 200).replace("*/", "* /").translate(_IN_COMMENTS)


def snake(text: str) -> str:
    """An ASCII identifier in snake_case; "thing" when no letter or digit is left."""
    ascii_text = unicodedata.normalize("NFKD", clean(text)).encode("ascii", "ignore").decode().replace("'", "")
    name = re.sub(r"[^a-z0-9]+", "_", ascii_text.lower()).strip("_")
    if not name:
        return "thing"
    return f"_{name}" if name[0].isdigit() else f"{name}_" if name in _RESERVED else name


def pascal(text: str) -> str:
    return "".join(part.capitalize() for part in snake(text).split("_") if part) or "Thing"


def unique(names: Iterable[str]) -> list[str]:
    """Names told apart by a number: rope, rope_2."""
    taken: set[str] = set()
    out = []
    for name in names:
        candidate, number = name, 2
        while candidate in taken:
            candidate, number = f"{name}_{number}", number + 1
        taken.add(candidate)
        out.append(candidate)
    return out


def number(value: float) -> str:
    """ "2.0", "0.35": a float literal in every language here."""
    text = f"{value:.4f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text
