"""Starter code in the chat: file tree, highlighted code, zip, and saving to a folder after a look and a yes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.forge import Desk, Forge


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory, image_model: str) -> Iterator[Forge]:
    root = tmp_path_factory.mktemp("scaffold")
    (root / "game" / "scripts").mkdir(parents=True)
    forge = Forge(root / "home", image_model, GAMEFORGE_SAVE_ROOT=str(root / "game"))
    yield forge
    forge.stop()


def test_code_is_shown_packed_and_saved(desk: Callable[..., Desk], forge: Forge) -> None:
    game = Path(forge.environment["GAMEFORGE_SAVE_ROOT"])
    window = desk()
    window.ask("scaffold an inventory with 24 slots and a shop in Godot, items: rope, lantern and <b>evil</b>")
    page = window.page
    tree = page.locator(".gf-tree button")
    expect(tree).to_have_count(5)
    page.get_by_role("button", name="scripts/inventory.gd").click()
    code = page.locator(".gf-listing")
    expect(code).to_contain_text("var slot_count: int = 24")
    expect(page.locator(".gf-listing .gf-k").first).to_be_visible()
    expect(page.locator(".gf-code-head")).to_contain_text("parsed by gdtoolkit")
    assert page.locator(".gf-listing b").count() == 0
    window.screenshot("scaffold-chat")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download zip").click()
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        assert "scripts/shop.gd" in archive.namelist()

    (game / "scripts" / "game.gd").write_text("mine")
    page.get_by_role("button", name="Save to folder").click()
    page.get_by_label("Folder").fill(str(game))
    page.get_by_role("button", name="Look").click()
    expect(page.locator(".gf-save-plan")).to_contain_text("is there and would be replaced")
    save = page.get_by_role("button", name="Save 5 files")
    expect(save).to_be_disabled()
    window.screenshot("scaffold-save")
    assert [path.name for path in (game / "scripts").iterdir()] == ["game.gd"]
    page.get_by_label("Replace 1 file").check()
    save.click()
    expect(page.locator(".gf-toast")).to_contain_text("Saved 5 files")
    assert "slot_count: int = 24" in (game / "scripts" / "inventory.gd").read_text()
    page.reload()
    window.settle()
    expect(page.locator(".gf-tree button")).to_have_count(5)


def test_a_folder_elsewhere_is_refused(desk: Callable[..., Desk], forge: Forge) -> None:
    window = desk(path="?c=new", dark=True, width=480)
    window.ask("scaffold a health system in pygame")
    page = window.page
    page.get_by_role("button", name="Save to folder").last.click()
    page.get_by_label("Folder").last.fill("/")
    page.get_by_label("Folder").last.press("Enter")
    expect(page.locator(".gf-toast")).to_contain_text("only saved below")
    window.screenshot("scaffold-narrow-dark")
    window.errors = [error for error in window.errors if "400" not in error]  # the refusal itself
