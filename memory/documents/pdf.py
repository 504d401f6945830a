"""PDF to Markdown: reading order as in the file, headings told by their letters' size and weight."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import BadRequest

MAX_PAGES = 3000
BOLD = 600
_BULLET = re.compile(r"^\s*[•●◦▪‣∙○■□➢\uf0b7\uf0a7]\s*")
_PAGE_NUMBER = re.compile(r"^(?:page\s*)?\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?$", re.I)
_DOTS = re.compile(r"\.{4,}\s*\d+\s*$|(?:\s\.){4,}\s*\d+\s*$")  # a line of the table of contents


@dataclass
class _Line:
    text: str
    size: float  # height of its letters in points
    bold: bool
    top: float
    bottom: float


def pdf_to_markdown(path: Path, name: str) -> tuple[str, str]:
    """(Markdown, title). Raises BadRequest: encrypted, damaged, or scanned pages without text."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(str(path))
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise BadRequest(f"{name} is protected by a password. Save a copy without one and add that.") from error
        raise BadRequest(f"{name} is damaged or no PDF file, and could not be read.", detail=str(error)) from error
    try:
        count = len(document)
        if count > MAX_PAGES:
            raise BadRequest(f"{name} has {count:,} pages; at most {MAX_PAGES:,} are read. Split it.")
        pages = [_lines(document[index]) for index in range(count)]
        title = str(document.get_metadata_dict().get("Title") or "").strip()
    except pypdfium2.PdfiumError as error:
        raise BadRequest(f"{name} is damaged, and could not be read.", detail=str(error)) from error
    finally:
        document.close()
    letters = sum(character.isalnum() for page in pages for line in page for character in line.text)
    if letters < 5 * max(1, min(count, 4)):
        raise BadRequest(f"{name} holds pictures of pages and no text. Run text recognition (OCR) on it first.")
    return _markdown(pages), "" if title.lower().endswith((".doc", ".docx", ".pdf")) else title


def _lines(page: Any) -> list[_Line]:
    import pypdfium2.raw as pdfium

    textpage = page.get_textpage()
    count = textpage.count_chars()
    lines: list[_Line] = []
    box = pdfium.FS_RECTF()
    start = 0
    codes = [pdfium.FPDFText_GetUnicode(textpage, index) for index in range(count)]
    for index in range(count + 1):
        if index < count and codes[index] not in (10, 13):
            continue
        span = range(start, index)
        start = index + 1
        text = "".join(chr(codes[i]) if codes[i] < 0x110000 else "" for i in span)
        text = text.replace("\x02", "-").replace("\ufffe", "-").replace("\0", "")
        if not text.strip():
            continue
        middle = [i for i in span if not chr(codes[i]).isspace()]
        sample = middle[:: max(1, len(middle) // 8)]
        sizes, tops, bottoms, weights = [], [], [], []
        for i in sample:
            if pdfium.FPDFText_GetLooseCharBox(textpage, i, ctypes.byref(box)):
                sizes.append(abs(box.top - box.bottom))
                tops.append(max(box.top, box.bottom))
                bottoms.append(min(box.top, box.bottom))
            weights.append(_weight(pdfium, textpage, i))
        size = sorted(sizes)[len(sizes) // 2] if sizes else 0.0
        bold = bool(weights) and sum(weight >= BOLD for weight in weights) > len(weights) * 0.8
        lines.append(_Line(text.strip(), size, bold, max(tops, default=0.0), min(bottoms, default=0.0)))
    textpage.close()
    return lines


def _weight(pdfium: Any, textpage: Any, index: int) -> int:
    buffer = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(textpage, index, buffer, 128, ctypes.byref(flags))
    name = buffer.value.decode("utf-8", "ignore").lower()
    if "bold" in name or "black" in name or "heavy" in name:
        return 700
    return int(pdfium.FPDFText_GetFontWeight(textpage, index))


def _markdown(pages: list[list[_Line]]) -> str:
    pages = _without_margins(pages)
    lengths: Counter[float] = Counter()
    for page in pages:
        for line in page:
            lengths[round(line.size, 1)] += len(line.text)
    body = lengths.most_common(1)[0][0] if lengths else 0.0
    bold_share = sum(len(line.text) for page in pages for line in page if line.bold)
    mostly_bold = bold_share > 0.4 * sum(lengths.values())
    larger = sorted({round(line.size) for page in pages for line in page if _heading_size(line, body)}, reverse=True)
    level_of = {size: min(5, index + 1) for index, size in enumerate(larger)}
    out: list[str] = []
    before: _Line | None = None
    last_heading = 0
    for page in pages:
        for line in page:
            text = line.text
            gap = (before.bottom - line.top) if before is not None and before.top >= line.top else 99.0
            if _heading_size(line, body):
                level = level_of[round(line.size)]
                same = before is not None and out and out[-1].startswith("#" * level + " ") and abs(
                    before.size - line.size) < 0.5 and gap < line.size * 0.8  # fmt: skip
                if same:
                    out[-1] += " " + text
                else:
                    out += ["", f"{'#' * level} {text}"]
                last_heading = level
            elif line.bold and not mostly_bold and _heading_words(text):
                out += ["", f"{'#' * min(6, max(last_heading, 1) + 1)} {text.rstrip(':')}"]
            elif _BULLET.match(text):
                out.append("- " + _BULLET.sub("", text))
            else:
                heading_before = bool(out) and out[-1].startswith("#")
                if out and (heading_before or (before is not None and gap > max(body, 1.0) * 0.9)):
                    out.append("")
                out.append(text.replace("#", "\\#", 1) if text.startswith("#") else text)
            before = line
        before = None
    return _joined(out)


def _heading_size(line: _Line, body: float) -> bool:
    return line.size > body * 1.12 and len(line.text) < 120 and any(c.isalpha() for c in line.text)


def _heading_words(text: str) -> bool:
    return 2 < len(text) < 80 and text[-1] not in ".,;!?" and any(c.isalpha() for c in text)


def _without_margins(pages: list[list[_Line]]) -> list[list[_Line]]:
    """Drop page numbers, lines of contents, and headers and footers that repeat on most pages."""
    edges: Counter[str] = Counter()
    for page in pages:
        edges.update({re.sub(r"\d+", "0", line.text) for line in [*page[:2], *page[-2:]]})
    repeated = {text for text, times in edges.items() if times >= 3 and times > 0.4 * len(pages)}
    return [
        [
            line
            for line in page
            if not _PAGE_NUMBER.match(line.text)
            and not _DOTS.search(line.text)
            and re.sub(r"\d+", "0", line.text) not in repeated
        ]
        for page in pages
    ]


def _joined(lines: list[str]) -> str:
    """Words that were parted at a line's end are put together again."""
    text = "\n".join(lines)
    text = re.sub(r"(\w)[-\u00ad]\n(?=[a-z])", r"\1", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
