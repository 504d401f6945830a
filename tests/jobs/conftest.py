from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A queue and a library in an empty home; workers made through it are stopped at the end."""
    desk = Desk(tmp_path)
    yield desk
    desk.close()
