"""Spreadsheets as Markdown tables, one heading a sheet."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

MAX_COLUMNS = 60


def workbook_to_markdown(path: Path) -> str:
    from python_calamine import CalamineWorkbook

    parts = []
    with CalamineWorkbook.from_path(str(path)) as workbook:
        for name in workbook.sheet_names:
            table = table_markdown(workbook.get_sheet_by_name(name).to_python())
            if table:
                parts.append(f"# {name}\n\n{table}")
    return "\n\n".join(parts) + "\n"


def rows_to_markdown(text: str) -> str:
    try:
        dialect: Any = csv.Sniffer().sniff(text[:10_000], delimiters=",;\t|")
    except csv.Error:
        dialect = "excel"
    csv.field_size_limit(10_000_000)
    return table_markdown(list(csv.reader(io.StringIO(text), dialect))) + "\n"


def table_markdown(rows: Sequence[Sequence[Any]]) -> str:
    """Tables of a sheet: empty rows part them, and a lone cell above one is its caption."""
    blocks: list[list[list[str]]] = [[]]
    for row in rows:
        cells = [_cell(value) for value in row[:MAX_COLUMNS]]
        if any(cells):
            blocks[-1].append(cells)
        elif blocks[-1]:
            blocks.append([])
    return "\n\n".join(text for text in map(_block, blocks) if text)


def _block(rows: list[list[str]]) -> str:
    lead = []
    while rows and sum(map(bool, rows[0])) == 1 and len(rows[0]) > 1:
        lead.append(next(filter(None, rows[0])))
        rows = rows[1:]
    if not rows:
        return "\n\n".join(lead)
    width = max(len(row) for row in rows)
    padded = [row + [""] * (width - len(row)) for row in rows]
    used = [i for i in range(width) if any(row[i] for row in padded)]
    lines = [_line(row[i] for i in used) for row in padded]
    rule = "| " + " | ".join("---" for _ in used) + " |"
    return "\n\n".join([*lead, "\n".join([lines[0], rule, *lines[1:]])])


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.10g}"
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat(" ") if isinstance(value, datetime.datetime) else value.isoformat()
    return " ".join(str(value).replace("|", "/").split())
