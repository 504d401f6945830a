"""Sentences, list items and table rows: what an answer quotes and what a question is held against."""

from __future__ import annotations

import re

_SHORT = (r"e\.g", r"i\.e", "etc", "vs", "approx", "Dr", "Mr", "Mrs", "No", "ca", "min", "max", "Max", "Min", "cf")
_END = re.compile(
    "".join(rf"(?<!\b{word}\.)" for word in _SHORT)
    + r"(?<=[.!?])[\"')\]*_]*\s+(?=[\"'(\[*_]*[A-Z0-9À-Þ\u3040-\u9fff-])|(?<=[。！？])"
)
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_RULE = re.compile(r"^\s*\|?\s*:?-{2,}")


def sentences(text: str) -> list[str]:
    """Of prose, in order; line breaks inside a sentence stay."""
    return [part.strip() for part in _END.split(text) if part and part.strip()]


def statements(text: str) -> list[str]:
    """What a passage says, one thing each: sentences, items with the line that introduces them, rows with heads.

    Deterministic: the stored sentence vectors are matched by place.
    """
    out: list[str] = []
    head: list[str] = []
    prose: list[str] = []
    lead = ""

    def flush() -> None:
        nonlocal lead
        if prose:
            found = sentences(" ".join(prose))
            out.extend(found)
            lead = found[-1] if found and found[-1].endswith(":") else ""
            prose.clear()

    for line in text.split("\n"):
        bare = line.strip()
        if bare.startswith("|") and bare.count("|") >= 2:
            flush()
            cells = [cell.strip() for cell in bare.strip("|").split("|")]
            if _RULE.match(bare):
                continue
            if not head:
                head = cells
            else:
                out.append("; ".join(_cell(head, index, cell) for index, cell in enumerate(cells) if cell))
            continue
        head = []
        if not bare:
            flush()
            continue
        if _ITEM.match(line):
            flush()
            prose.append(f"{lead} {_ITEM.sub('', line)}" if lead and len(lead) < 120 else _ITEM.sub("", line))
            kept, lead_before = lead, lead
            flush()
            lead = kept or lead_before
        else:
            prose.append(bare)
    flush()
    return [clean(item) for item in out if any(character.isalnum() for character in item)]


def _cell(head: list[str], index: int, cell: str) -> str:
    name = head[index] if index < len(head) else ""
    return cell if index == 0 or not name else f"{name}: {cell}"


def clean(text: str) -> str:
    """Readable words: without Markdown and LaTeX marks."""
    text = re.sub(r"!?\[([^\]]+)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\\(?:label|ref|cite)\{[^{}]*\}", "", text)
    text = re.sub(r"\\[a-zA-Z]+\*?\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\(?:item|begin|end|noindent|par|newline|hfill|centering)\b(?:\{[^{}]*\})?", " ", text)
    text = re.sub(r"\*\*|__|~~|`|<br\s*/?>|</?[a-zA-Z][^<>]{0,80}>", " ", text)
    text = re.sub(r"(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)", "", text)
    text = re.sub(r"\\([%$&#_{}])", r"\1", text)
    text = re.sub(r"^\s*(?:>+|[-*+•])\s+", "", text)
    return re.sub(r"\s+([.,;:!?])", r"\1", " ".join(text.split()))
