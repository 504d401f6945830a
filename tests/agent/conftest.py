from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agent.studio import Studio


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    """Makes assistants over one home folder, as if the process were started again each time."""
    made: list[Studio] = []

    def make(script: list[Any] | None = None, **options: Any) -> Studio:
        made.append(Studio(tmp_path, script, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
