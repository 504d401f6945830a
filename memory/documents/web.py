"""HTML to Markdown. Scripts, styles and hidden parts are no text and are dropped."""

from __future__ import annotations

import re
from typing import Any

_NO_TEXT = ("script", "style", "noscript", "template", "svg", "iframe", "object", "head", "nav", "form", "canvas")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)


def html_to_markdown(html: str) -> str:
    from bs4 import BeautifulSoup
    from bs4.element import PreformattedString
    from markdownify import MarkdownConverter

    soup = BeautifulSoup(html, "lxml")
    for note in soup.find_all(string=lambda text: isinstance(text, PreformattedString)):
        note.extract()  # comments, declarations
    for tag in soup.find_all(_NO_TEXT):
        tag.decompose()
    for tag in soup.find_all(lambda tag: _hidden(tag)):
        tag.decompose()
    for heading in soup.find_all(["h1", "h2", "h3", "h4", "h5", "h6"]):
        for image in heading.find_all("img"):
            image.decompose()
    converter = MarkdownConverter(
        heading_style="ATX", strip=["a", "img"], bullets="-", escape_asterisks=False, escape_underscores=False,
        escape_misc=False, table_infer_header=True,
    )  # fmt: skip
    text = converter.convert_soup(soup)
    return re.sub(r"\n{3,}", "\n\n", text.replace("\xa0", " ")).strip() + "\n"


def _hidden(tag: Any) -> bool:
    return tag.has_attr("hidden") or bool(_HIDDEN.search(str(tag.get("style") or "")))


def html_title(html: str) -> str:
    found = re.search(r"<title[^>]*>(.*?)</title>", html[:50_000], re.I | re.S)
    if not found:
        return ""
    from html import unescape

    return " ".join(unescape(found[1]).split())
