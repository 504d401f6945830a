"""A file's text as Markdown: Markdown, text, HTML, DOCX, PDF, ODT and spreadsheets.

Libraries by format: docs/decisions, "documents". What comes out is text; nothing in a file is run or followed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

from errors import BadRequest, GameForgeError
from memory.documents.decode import decode
from memory.documents.types import Extracted

TEXT = frozenset({".md", ".markdown", ".mdown", ".mkd", ".txt", ".text", ".rst", ".tex", ".adoc", ".fountain"})
HTML = frozenset({".html", ".htm", ".xhtml"})
SHEETS = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})
ROWS = frozenset({".csv", ".tsv"})
SUFFIXES = TEXT | HTML | SHEETS | ROWS | {".docx", ".pdf", ".odt"}
KINDS_SHOWN = "Markdown, text, HTML, DOCX, PDF, ODT, XLSX, ODS and CSV"

MAX_UNPACKED = 300 * 1024 * 1024  # bytes of all parts of a zipped document
MAX_RATIO = 200  # unpacked to packed, for parts over a MB
MAX_CHARS = 20_000_000


def extract(path: Path, name: str | None = None, max_bytes: int = 100 * 1024 * 1024) -> Extracted:
    """The text of a file.

    Raises:
        BadRequest: it is missing, empty, too large, of an unknown kind, encrypted, damaged, or holds no text.
    """
    name = name or path.name
    suffix = Path(name).suffix.lower()
    if not path.is_file():
        raise BadRequest(f"There is no file {name}.")
    size = path.stat().st_size
    if size == 0:
        raise BadRequest(f"{name} is empty.")
    if size > max_bytes:
        raise BadRequest(
            f"{name} has {size / 1e6:.0f} MB and the limit is {max_bytes / 1e6:.0f} MB. "
            "Split it, or raise GAMEFORGE_MAX_DOCUMENT_MB."
        )
    found = _reader(suffix, name)(path, name)
    if len(found.text) > MAX_CHARS:
        raise BadRequest(f"{name} holds {len(found.text):,} characters; at most {MAX_CHARS:,} are read. Split it.")
    if not any(character.isalnum() for character in found.text):
        raise BadRequest(f"{name} holds no text.")
    return found


def _reader(suffix: str, name: str) -> Callable[[Path, str], Extracted]:
    if suffix in TEXT:
        return _text
    if suffix in HTML:
        return _html
    if suffix == ".docx":
        return _docx
    if suffix == ".odt":
        return _odt
    if suffix == ".pdf":
        return _pdf
    if suffix in SHEETS:
        return _sheets
    if suffix in ROWS:
        return _rows
    if suffix == ".doc":
        raise BadRequest(f"{name} is in the old Word format. Save it as DOCX and add that.")
    raise BadRequest(f"{name} is not a kind of document that can be read. Give {KINDS_SHOWN}.")


def _text(path: Path, name: str) -> Extracted:
    text = decode(path.read_bytes(), name)
    return Extracted(text, "markdown" if Path(name).suffix.lower().startswith((".md", ".mark", ".mk")) else "text")


def _html(path: Path, name: str) -> Extracted:
    from memory.documents.web import html_title, html_to_markdown

    data = path.read_bytes()
    text = decode(data, name)
    return Extracted(html_to_markdown(text), "html", html_title(text))


def _docx(path: Path, name: str) -> Extracted:
    import mammoth

    from memory.documents.web import html_to_markdown

    check_archive(path, name, "word/document.xml", "DOCX")
    styles = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh"
    with path.open("rb") as file, _damaged(name, "DOCX"):
        made = mammoth.convert_to_html(file, style_map=styles, convert_image=mammoth.images.img_element(_no_image))
    return Extracted(html_to_markdown(made.value), "docx")


def _no_image(_image: object) -> dict[str, str]:
    return {"src": ""}


def _odt(path: Path, name: str) -> Extracted:
    from memory.documents.odt import odt_to_markdown

    check_archive(path, name, "content.xml", "ODT")
    with _damaged(name, "ODT"):
        return Extracted(odt_to_markdown(path), "odt")


def _pdf(path: Path, name: str) -> Extracted:
    from memory.documents.pdf import pdf_to_markdown

    text, title = pdf_to_markdown(path, name)
    return Extracted(text, "pdf", title)


def _sheets(path: Path, name: str) -> Extracted:
    from memory.documents.sheets import workbook_to_markdown

    if zipfile.is_zipfile(path):
        check_archive(path, name, None, "spreadsheet")
    with _damaged(name, "spreadsheet"):
        return Extracted(workbook_to_markdown(path), "spreadsheet")


def _rows(path: Path, name: str) -> Extracted:
    from memory.documents.sheets import rows_to_markdown

    return Extracted(rows_to_markdown(decode(path.read_bytes(), name)), "spreadsheet")


def check_archive(path: Path, name: str, part: str | None, kind: str) -> None:
    """Refuse a zipped document that would unpack to far more than it is, before anything is unpacked.

    Raises BadRequest.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        with path.open("rb") as file:
            head = file.read(8)
        if head.startswith(b"\xd0\xcf\x11\xe0"):  # an OLE container: Office's encryption, or an older format
            raise BadRequest(
                f"{name} is protected by a password or in an older format. Save it as a plain {kind}."
            ) from error
        raise BadRequest(f"{name} is damaged: it is no {kind} file.", detail=str(error)) from error
    total = sum(entry.file_size for entry in entries)
    blown = any(
        entry.file_size > max(1, entry.compress_size) * MAX_RATIO and entry.file_size > 1e6 for entry in entries
    )
    if total > MAX_UNPACKED or blown:
        raise BadRequest(f"{name} unpacks to {total / 1e6:,.0f} MB, which no honest {kind} does. It was not opened.")
    if any(entry.flag_bits & 1 for entry in entries):
        raise BadRequest(f"{name} is protected by a password. Save it without one.")
    if part is not None and part not in {entry.filename for entry in entries}:
        raise BadRequest(f"{name} is damaged: it is no {kind} file.")


class _damaged:
    """Whatever a reader trips over in a broken file becomes one sentence."""

    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind = name, kind

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, (GameForgeError, MemoryError)):
            raise BadRequest(
                f"{self.name} is damaged or no {self.kind} file, and could not be read.",
                detail=f"{type(error).__name__}: {error}",
            ) from error
