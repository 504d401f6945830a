from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from pipelines.sources import BUILTIN_FOLDER
from tests.browser import find_browser
from tests.e2e.forge import Desk, Forge
from tests.models import make_tiny_sdxl

QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(autouse=True)
def server_log(forge: Forge) -> Iterator[None]:
    """What the application said during a test; pytest shows it when the test fails."""
    said = len(forge.log)
    yield
    print("".join(forge.log[said:]))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ends with its module: Playwright's event loop runs in this thread as long as it is open, and no other may."""
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium or Chrome on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def image_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """GAMEFORGE_IMAGE_MODEL, else the built-in model; in a tree without its weights a tiny one of the same class."""
    if wanted := os.environ.get("GAMEFORGE_IMAGE_MODEL"):
        return wanted
    if BUILTIN_FOLDER.is_dir():
        return "builtin"
    return str(make_tiny_sdxl(tmp_path_factory.mktemp("tiny-sdxl"), rgba=True))


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory, image_model: str) -> Iterator[Forge]:
    """One application for a module's tests, over an empty home, that never asks before it starts."""
    forge = Forge(tmp_path_factory.mktemp("home"), image_model, GAMEFORGE_CONFIRM_OVER_SECONDS="100000")
    yield forge
    forge.stop()


@pytest.fixture
def desk(browser: Browser, forge: Forge) -> Iterator[Callable[..., Desk]]:
    """Opens browser windows; at the end each must have been without errors."""
    opened: list[Desk] = []

    def window(**options: Any) -> Desk:
        opened.append(Desk(browser, options.pop("at", forge), **options))
        return opened[-1]

    yield window
    for one in opened:
        one.close()
