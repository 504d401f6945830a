from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli import main


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, no endpoint, no local language model."""
    for name in ("OPENAI_API_KEY", "GAMEFORGE_LLM_API_KEY", "GAMEFORGE_LLM_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GAMEFORGE_LOCAL_LLM", "off")
    monkeypatch.setenv("GAMEFORGE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def gameforge(home: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """The command line, in this process. What it prints is caught where it prints it: read back from the files that
    `capfd` puts behind the streams, a printed line was once not there yet. What native code writes comes from those."""

    def run(*argv: str) -> Outcome:
        capfd.readouterr()
        printed, told = io.StringIO(), io.StringIO()
        with redirect_stdout(printed), redirect_stderr(told):
            try:
                code = main(argv)
            except SystemExit as exit:  # argparse
                code = int(exit.code or 0)
        out, err = capfd.readouterr()
        return Outcome(code, printed.getvalue() + out, told.getvalue() + err)

    return run
