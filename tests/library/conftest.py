from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from library.db import Database
from library.library import Library
from library.storage import Storage


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty library in its own folder."""
    database = Database(f"sqlite:///{(tmp_path / 'gameforge.db').as_posix()}")
    database.migrate()
    yield Library(database, Storage((tmp_path / "files").as_uri()))
    database.dispose()
