"""Design documents in the real page: dropped in, asked about in the chat, the cited passage opened and marked."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gdtoolkit.parser import parser
from playwright.sync_api import expect

from tests.e2e.forge import PATIENCE, Desk, Forge

DOCUMENTS = Path(__file__).parents[1] / "data" / "documents"
PACK = """# Emberfall: what the player carries

## The satchel

The satchel has 14 slots. Stacks hold up to 6. Nothing has weight.

| Item | Stack | Price | Notes |
| --- | --- | --- | --- |
| Lamp oil | 6 | 12 | refills 40 s of ember |
| Bone whistle | 1 | 60 | calls the hounds off |
| Tar cloth | 4 | 8 | burns for 20 s |
"""
DROP = """([target, files]) => {
  const transfer = new DataTransfer();
  for (const [name, data] of files) {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  }
  const element = document.querySelector(target);
  for (const kind of ['dragenter', 'dragover', 'drop']) {
    element.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}"""


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory, image_model: str) -> Iterator[Forge]:
    root = tmp_path_factory.mktemp("documents")
    (root / "game").mkdir()
    forge = Forge(root / "home", image_model, GAMEFORGE_SAVE_ROOT=str(root / "game"))
    yield forge
    forge.stop()


def drop(desk: Desk, *paths: Path) -> None:
    files = [[path.name, base64.b64encode(path.read_bytes()).decode()] for path in paths]
    desk.page.evaluate(DROP, [".gf-documents", files])


def test_documents_are_dropped_in_asked_about_and_built_upon(
    desk: Callable[..., Desk], forge: Forge, tmp_path: Path
) -> None:
    window = desk()
    page = window.page
    page.get_by_role("tab", name="Documents").click()
    expect(page.locator(".gf-document-list")).to_contain_text("No documents yet")
    locked = DOCUMENTS / "formats" / "locked.pdf"
    picture = tmp_path / "map.blend"
    picture.write_bytes(b"BLENDER")
    pack = tmp_path / "emberfall_items.md"
    pack.write_text(PACK)
    drop(window, DOCUMENTS / "emberfall_gdd.md", DOCUMENTS / "orbital_grocer.html", pack, locked, picture)
    expect(page.locator(".gf-document-list [data-document]")).to_have_count(3, timeout=PATIENCE)
    expect(page.locator(".gf-ingest").first).to_contain_text("3 of 4 documents read, 1 could not be", timeout=PATIENCE)
    expect(page.locator(".gf-ingest").first).to_contain_text("protected by a password")
    expect(page.locator(".gf-skipped")).to_contain_text("map.blend was skipped")
    window.screenshot("documents")

    page.get_by_label("Search in all documents").fill("what is the rent")
    expect(page.locator(".gf-results")).to_contain_text("Rent is 350")
    page.get_by_label("Search in all documents").fill("")

    page.get_by_role("tab", name="Chat").click()
    window.ask("what does the GDD say about stamina?")
    answer = page.locator("#gf-chat")  # Gradio makes a row of each part of an answer
    expect(answer).to_contain_text("other games would call endurance")
    cite = answer.locator(".gf-cite").first
    expect(cite).to_contain_text("emberfall_gdd.md > ")
    window.screenshot("documents-answer")
    cite.click()
    expect(page.locator(".gf-reader .gf-marked")).to_contain_text("Sprinting burns 12 per second")
    expect(page.locator(".gf-reader .gf-marked")).to_be_in_viewport()
    window.screenshot("documents-passage")
    page.keyboard.press("Escape")

    window.ask("what does the GDD say about the guild tournament's prize money?")
    expect(answer).to_contain_text("do not say")
    window.screenshot("documents-declined")

    window.ask("scaffold the inventory from the GDD in Godot")
    expect(page.locator(".gf-tree button")).to_have_count(3)
    expect(answer).to_contain_text("slots: 14")
    expect(answer).to_contain_text("emberfall_items.md > The satchel")
    page.get_by_role("button", name="scripts/item_catalog.gd").click()
    expect(page.locator(".gf-listing")).to_contain_text("Bone whistle")
    window.screenshot("documents-scaffold")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download zip").click()
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        code = {name: archive.read(name).decode() for name in archive.namelist()}
    for text in code.values():
        parser.parse(text)
    assert "slot_count: int = 14" in code["scripts/inventory.gd"] and "Lamp oil" in code["scripts/item_catalog.gd"]

    game = Path(forge.environment["GAMEFORGE_SAVE_ROOT"])
    window.ask(f"save it to {game}")
    expect(answer).to_contain_text("3 new files")
    window.screenshot("documents-save")
    assert list(game.iterdir()) == []
    page.get_by_role("button", name="Save", exact=True).click()
    expect(answer).to_contain_text("Saved 3 files")
    assert (game / "scripts" / "inventory.gd").read_text() == code["scripts/inventory.gd"]

    page.reload()
    window.settle()
    expect(page.locator("#gf-chat .gf-cite").first).to_be_visible()
    page.get_by_role("tab", name="Documents").click()
    page.get_by_title("Delete orbital_grocer.html").click()
    expect(page.locator(".gf-document-list [data-document]")).to_have_count(2, timeout=PATIENCE)


def test_a_document_dropped_into_the_chat_is_read(desk: Callable[..., Desk]) -> None:
    window = desk(path="?c=new")
    page = window.page
    page.locator("#gf-message input[type=file]").set_input_files(str(DOCUMENTS / "tidewrack_design.txt"))
    page.wait_for_timeout(1500)
    window.ask("how deep can an anchor hold?")
    expect(page.locator("#gf-chat .user-row").last).to_contain_text("tidewrack_design.txt")
    expect(page.locator("#gf-chat .bot-row", has_text="25 m deep").first).to_be_visible()
    window.screenshot("documents-chat")
