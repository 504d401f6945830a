"""Parse generated files with the parsers of their languages: what is wrong is shown, never hidden."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from scaffolds.types import CodeFile, Problem

MOST_PROBLEMS = 20  # of one file; the rest follows from the first ones
Checker = Callable[[str], list[Problem]]


def checked(name: str, text: str) -> CodeFile:
    """The file with its parse problems. Files of kinds without a parser here have `checked_by` empty."""
    found = _CHECKERS.get(PurePosixPath(name).suffix)
    if found is None:
        return CodeFile(name, text)
    tool, checker = found
    return CodeFile(name, text, tuple(checker(text)[:MOST_PROBLEMS]), tool)


def _python(text: str) -> list[Problem]:
    try:
        ast.parse(text)
    except SyntaxError as error:
        return [Problem(error.lineno or 1, error.offset or 1, error.msg)]
    except ValueError as error:  # a null byte
        return [Problem(1, 1, str(error))]
    return []


def _json(text: str) -> list[Problem]:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return [Problem(error.lineno, error.colno, error.msg)]
    return []


def _gdscript(text: str) -> list[Problem]:
    from gdtoolkit.parser import parser
    from lark.exceptions import LarkError, UnexpectedInput
    from lark.indenter import DedentError

    try:
        parser.parse(text if text.endswith("\n") else text + "\n")
    except UnexpectedInput as error:
        shown = error.get_context(text, span=30).split("\n")[0].strip() if (error.pos_in_stream or -1) >= 0 else ""
        said = f"unexpected: {shown}" if shown else "the file ends too early"
        return [Problem(max(1, int(error.line)), max(1, int(error.column)), said)]
    except DedentError as error:
        return [Problem(1, 1, f"indentation: {error}")]
    except LarkError as error:
        return [Problem(1, 1, str(error).split("\n")[0])]
    return []


def _tree_sitter(language: Callable[[], Any]) -> Checker:
    def check(text: str) -> list[Problem]:
        from tree_sitter import Language, Parser

        tree = Parser(Language(language())).parse(text.encode())
        problems: list[Problem] = []
        waiting = [tree.root_node]
        while waiting and len(problems) < MOST_PROBLEMS:
            node = waiting.pop()
            if node.is_missing:
                problems.append(_problem(node, f"{node.type} is missing"))
            elif node.is_error:
                words = text.encode()[node.start_byte : node.end_byte].decode(errors="replace")
                problems.append(_problem(node, f"unexpected: {' '.join(words.split())[:60]}"))
            elif node.has_error:
                waiting += reversed(node.children)
        return problems

    return check


def _problem(node: Any, message: str) -> Problem:
    row, column = node.start_point
    return Problem(row + 1, column + 1, message)


def _c_sharp() -> Any:
    import tree_sitter_c_sharp

    return tree_sitter_c_sharp.language()


def _rust() -> Any:
    import tree_sitter_rust

    return tree_sitter_rust.language()


def _typescript() -> Any:
    import tree_sitter_typescript

    return tree_sitter_typescript.language_typescript()


_CHECKERS: dict[str, tuple[str, Checker]] = {
    ".gd": ("gdtoolkit", _gdscript),
    ".py": ("Python's ast", _python),
    ".json": ("json", _json),
    ".cs": ("tree-sitter C#", _tree_sitter(_c_sharp)),
    ".rs": ("tree-sitter Rust", _tree_sitter(_rust)),
    ".ts": ("tree-sitter TypeScript", _tree_sitter(_typescript)),
}
