"""Cut a document's Markdown into passages: along headings, tables and lists whole where they fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from memory.documents.headings import BOLD_LEVEL, bold_heading, plain_words, promote
from memory.documents.sentences import sentences
from memory.documents.types import Piece

PREFIX_TOKENS = 56  # of the title and the heading path; what is longer loses its middle
SEPARATOR = " > "

Count = Callable[[Sequence[str]], list[int]]  # word pieces of each text


@dataclass
class _Block:
    kind: str  # "heading", "text", "list", "table", "code"
    text: str
    level: int = 0


@dataclass
class Split:
    title: str
    pieces: list[Piece]


def split(text: str, fallback_title: str, count: Count, limit: int = 256, plain: bool = False) -> Split:
    """Passages of at most `limit` word pieces, title and heading path included; the text itself is not changed."""
    front, text = _front_matter(text)
    blocks = list(_blocks(promote(text, plain)))
    first = next((block for block in blocks if block.kind == "heading"), None)
    tops = [block for block in blocks if block.kind == "heading" and first and block.level <= first.level]
    title_heading = first if first is not None and len(tops) == 1 and not _text_before(blocks, first) else None
    title = front or (title_heading.text if title_heading else "") or fallback_title
    pieces: list[Piece] = []
    path: list[tuple[int, str]] = []
    waiting: list[_Block] = []

    def close() -> None:
        nonlocal waiting
        heading = SEPARATOR.join(words for _, words in path)
        pieces.extend(_pack(waiting, heading, title, count, limit))
        waiting = []

    for block in blocks:
        if block.kind != "heading":
            waiting.append(block)
            continue
        close()
        if block is title_heading:
            continue
        path = [(level, words) for level, words in path if level < block.level]
        path.append((block.level, block.text))
    close()
    return Split(title, pieces)


def prefix(title: str, heading: str) -> str:
    """What stands before a passage's text when it is embedded and searched."""
    words = SEPARATOR.join(part for part in (title, heading) if part).split()
    if len(words) > 36:
        words = [*words[:12], "…", *words[-23:]]
    return " ".join(words)


def _front_matter(text: str) -> tuple[str, str]:
    text = text.lstrip("\ufeff\n")
    found = re.match(r"---[ \t]*\n(.*?)\n---[ \t]*(?:\n|$)", text, re.S)
    if not found or not re.search(r"^\w[\w -]*:", found[1], re.M):
        return "", text
    title = re.search(r"^title:\s*[\"']?(.*?)[\"']?\s*$", found[1], re.M | re.I)
    rest = text[found.end() :]
    kept = re.sub(r"^title:.*$", "", found[1], flags=re.M | re.I).strip()
    return (title[1] if title else ""), f"{kept}\n\n{rest}" if kept else rest


def _text_before(blocks: list[_Block], heading: _Block) -> bool:
    length = 0
    for block in blocks:
        if block is heading:
            return length > 400
        length += len(block.text)
    return False


def _blocks(text: str) -> Iterator[_Block]:
    from markdown_it import MarkdownIt

    lines = text.split("\n")
    parser = MarkdownIt("commonmark").enable("table").disable("code").disable("html_block")
    for token in parser.parse(text):
        if token.level != 0 or token.map is None:
            continue
        source = "\n".join(lines[token.map[0] : token.map[1]]).strip("\n").rstrip()
        if token.type == "heading_open":
            words = plain_words(re.sub(r"^\s{0,3}#{1,6}\s*|\n\s*[=-]+\s*$", "", source))
            if words:
                yield _Block("heading", words, int(token.tag[1]))
        elif token.type == "paragraph_open":
            bold = bold_heading(source)
            if bold:
                yield _Block("heading", bold, BOLD_LEVEL)
            else:
                yield _Block("text", source)
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            yield _Block("list", source)
        elif token.type == "table_open":
            yield _Block("table", source)
        elif token.type == "fence":
            yield _Block("code", source)
        elif source and token.type != "hr":
            yield _Block("text", source)


def _pack(blocks: list[_Block], heading: str, title: str, count: Count, limit: int) -> Iterator[Piece]:
    """Fill passages with whole blocks; only a block that is too long by itself is cut."""
    if not blocks:
        return
    room = limit - 4 - min(PREFIX_TOKENS, count([prefix(title, heading)])[0])
    parts: list[tuple[str, int]] = []
    for block, size in zip(blocks, count([block.text for block in blocks]), strict=True):
        parts += [(block.text, size)] if size <= room else _cut(block, room, count)
    held: list[str] = []
    used = 0
    for text, size in parts:
        if held and used + size > room:
            carried = _lead_in(held)
            yield Piece(heading, "\n\n".join(held[: len(held) - len(carried)] or held))
            held = carried if len(carried) < len(held) else []
            used = sum(count(held)) if held else 0
            if used + size > room:
                if held:
                    yield Piece(heading, "\n\n".join(held))
                held, used = [], 0
        held.append(text)
        used += size + 1
    if held:
        yield Piece(heading, "\n\n".join(held))


def _lead_in(held: list[str]) -> list[str]:
    """A sentence that introduces what follows goes with it."""
    last = held[-1].rstrip()
    return [held[-1]] if last.endswith(":") and len(last) < 200 else []


def _cut(block: _Block, room: int, count: Count) -> list[tuple[str, int]]:
    if block.kind == "table":
        lines = block.text.split("\n")
        head = "\n".join(lines[:2])
        head_size = count([head])[0]
        if head_size < room // 2:
            rows = _fill(lines[2:], room - head_size - 2, count, "\n")
            return [(f"{head}\n{text}", head_size + size) for text, size in rows]
    if block.kind == "list":
        return _fill(_items(block.text), room, count, "\n")
    if block.kind == "code":
        return _fill(block.text.split("\n"), room, count, "\n")
    return _fill(sentences(block.text), room, count, " ")


def _items(text: str) -> list[str]:
    """Top-level items with what is nested in them."""
    items: list[str] = []
    for line in text.split("\n"):
        if items and (not re.match(r"\s{0,1}(?:[-*+]|\d+[.)])\s", line)):
            items[-1] += "\n" + line
        else:
            items.append(line)
    return items


def _fill(units: list[str], room: int, count: Count, glue: str) -> list[tuple[str, int]]:
    units = [unit for unit in units if unit.strip()]
    sizes = count(units) if units else []
    out: list[tuple[str, int]] = []
    held: list[str] = []
    used = 0
    for unit, size in zip(units, sizes, strict=True):
        pieces = [(unit, size)] if size <= room else _words(unit, room, count)
        for text, length in pieces:
            if held and used + length + 1 > room:
                out.append((glue.join(held), used))
                held, used = [], 0
            held.append(text)
            used += length + 1
    if held:
        out.append((glue.join(held), used))
    return out


def _words(text: str, room: int, count: Count) -> list[tuple[str, int]]:
    """Halve a text without sentences until each part fits."""
    size = count([text])[0]
    if size <= room or len(text) < 2:
        return [(text, size)]
    middle = text.rfind(" ", len(text) // 4, len(text) // 2 + 1)
    middle = middle if middle > 0 else len(text) // 2
    return _words(text[:middle], room, count) + _words(text[middle:].lstrip(), room, count)
