"""OpenDocument text to Markdown: headings by outline level, lists, tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from memory.documents.sheets import table_markdown


def odt_to_markdown(path: Path) -> str:
    from odfdo import Document

    body = Document(str(path)).body
    parts: list[str] = []
    _walk(body, parts)
    return "\n\n".join(part for part in parts if part.strip()) + "\n"


def _walk(element: Any, parts: list[str]) -> None:
    for child in element.children:
        tag = child.tag
        if tag == "text:h":
            level = int(child.get_attribute("text:outline-level") or 1)
            parts.append(f"{'#' * min(level, 6)} {_words(child)}")
        elif tag == "text:p":
            style = str(child.get_attribute("text:style-name") or "")
            parts.append(f"# {_words(child)}" if style == "Title" and _words(child) else _words(child))
        elif tag == "text:list":
            parts.append("\n".join(_items(child, 0)))
        elif tag == "table:table":
            parts.append(table_markdown(_rows(child)))
        elif tag not in ("text:tracked-changes", "text:sequence-decls", "text:table-of-content"):
            _walk(child, parts)


def _words(element: Any) -> str:
    return " ".join(str(element.text_recursive).split())


def _items(element: Any, depth: int) -> list[str]:
    lines = []
    for item in element.children:
        for child in item.children:
            if child.tag == "text:list":
                lines += _items(child, depth + 1)
            elif words := _words(child):
                lines.append(f"{'  ' * depth}- {words}")
    return lines


def _rows(table: Any) -> list[list[str]]:
    rows = []
    for row in table.get_elements("descendant::table:table-row"):
        rows.append([_words(cell) for cell in row.get_elements("table:table-cell|table:covered-table-cell")])
    return rows
