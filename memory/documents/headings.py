"""Headings as people really write them: bold lines, numbers, capitals, LaTeX and wiki leftovers."""

from __future__ import annotations

import re

_LATEX = re.compile(
    r"^\s*\\(part|chapter|section|subsection|subsubsection|paragraph|title)\*?\{(.+?)\}\s*(?:\\label\{.*\})?\s*$"
)
_LATEX_LEVEL = {"title": 1, "part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5}
_WIKI = re.compile(r"^(={2,6})\s*([^=].*?)\s*\1\s*$")
_NUMBERED = re.compile(
    r"^((?:\d{1,2}\.)+\d{0,2}|\d{1,2}(?:\.\d{1,2})+|[IVX]{1,5}\.|[A-Z]\.|(?:chapter|part|section|appendix)\s+[\dIVXA-Z]{1,4}[.:]?)\s+(\S.*)$",
    re.I,
)
_BOLD = re.compile(r"^\s*(\*\*|__)(?!\s)(.{2,90}?)(?<!\s)\1\s*:?\s*$")
_MARKS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")
_FENCE = re.compile(r"^\s*(```|~~~)")
BOLD_LEVEL = 7  # below all real headings: bold lines part a section, whatever its depth


def promote(text: str, plain: bool) -> str:
    """Lines that are headings in all but syntax become Markdown headings; other lines stay as they are.

    `plain`: a text file, whose numbered and capital lines are headings, too, and whose indentation means nothing.
    """
    lines = text.split("\n")
    has_marks = any(re.match(r"#{1,6}\s", line) for line in lines)
    out: list[str] = []
    fenced = False
    for index, line in enumerate(lines):
        if _FENCE.match(line):
            fenced = not fenced
        heading = None if fenced else _heading(lines, index, plain or not has_marks)
        if heading is None:
            out.append(line)
        else:
            level, words = heading
            out += ["", f"{'#' * level} {words}", ""]
    return "\n".join(out)


def _heading(lines: list[str], index: int, loose: bool) -> tuple[int, str] | None:
    line = lines[index]
    found = _LATEX.match(line)
    if found:
        return _LATEX_LEVEL[found[1]], found[2]
    found = _WIKI.match(line)
    if found:
        return len(found[1]), found[2]
    words = line.strip()
    if not loose or not words or len(words) > 80 or words[0] in "#>|-*+" or not _alone(lines, index):
        return None
    found = _NUMBERED.match(words)
    if found and _titled(found[2]) and not _in_list(lines, index):
        depth = max(1, len([part for part in found[1].rstrip(".:").split(".") if part]))
        return min(5, depth), words
    letters = [character for character in words if character.isalpha()]
    if len(letters) >= 4 and all(c.isupper() for c in letters) and words[-1] not in ".,;!" and len(words.split()) <= 9:
        return 2, words.rstrip(":")
    return None


def _alone(lines: list[str], index: int) -> bool:
    before = index == 0 or not lines[index - 1].strip() or set(lines[index - 1].strip()) <= set("-=*_")
    following = lines[index + 1].strip() if index + 1 < len(lines) else ""
    underlined = bool(following) and set(following) <= set("-=")
    return before and not underlined and (not following or not following[0].islower())


def _titled(words: str) -> bool:
    return words[-1] not in ".,;!?" and len(words.split()) <= 9 and words[0].isupper()


def _in_list(lines: list[str], index: int) -> bool:
    """Its neighbours are numbered lines, too: these are items."""
    near = [line.strip() for line in lines[max(0, index - 2) : index] + lines[index + 1 : index + 3] if line.strip()]
    return any(_NUMBERED.match(line) for line in near)


def bold_heading(paragraph: str) -> str | None:
    """The words of a one-line paragraph that is bold as a whole, else None."""
    if "\n" in paragraph.strip():
        return None
    found = _BOLD.match(paragraph)
    if not found or found[2].rstrip(":")[-1:] in ".,;!" or "**" in found[2]:
        return None
    return plain_words(found[2]).rstrip(": ")


def plain_words(text: str) -> str:
    """A heading without marks, link targets and LaTeX."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\\[a-zA-Z]+\*?\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\s*\{#[^}]*\}\s*$", "", text)
    text = re.sub(r"\s+#+\s*$", "", _MARKS.sub("", text))
    return " ".join(re.sub(r"\\([\W_])", r"\1", text).split())
