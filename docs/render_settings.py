"""Write docs/settings.md from settings.py: `.venv/bin/python docs/render_settings.py`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HEADER = """# Settings

Set them as environment variables, or in a file `gameforge.toml` in the home folder or in the folder that you start from
(without the prefix and in lower case: `image_model = "..."`). The environment wins over the file in the working folder,
that over the one in the home folder. A key belongs into the environment rather than into a file that could be shared.

| variable | default | meaning |
| --- | --- | --- |
"""


def shown_default(name: str, field: Any) -> str:
    if name == "home":
        return "the system's folder for application data"
    if field.default in (None, ""):
        return "not set"
    return f"`{field.default}`"


def render() -> str:
    """The whole page, one row a field, in the order of the class."""
    sys.path.insert(0, str(ROOT))
    from settings import Settings

    rows = []
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        names = [str(choice) for choice in getattr(alias, "choices", None) or [f"GAMEFORGE_{name.upper()}"]]
        variables = " or ".join(f"`{choice}`" for choice in names)
        rows.append(f"| {variables} | {shown_default(name, field)} | {field.description} |\n")
    return HEADER + "".join(rows)


if __name__ == "__main__":
    (ROOT / "docs" / "settings.md").write_text(render(), encoding="utf-8")
