"""The Review page as its users see it: keyboard only, comparison, new versions, undo, two people at once."""

from __future__ import annotations

import json
import re
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.forge import PATIENCE, Desk, Forge

BATCH = 32
CELLS = ".gf-review-cell"


@pytest.fixture(scope="module")
def batch(forge: Forge) -> int:
    """A batch of 32, made from the command line over the same home while the page's server runs."""
    import subprocess
    import sys

    from tests.e2e.forge import ROOT

    command = [sys.executable, "-m", "cli", "generate", "desert", "-n", str(BATCH), "--seed", "11", "--json"]
    subprocess.run(command, cwd=ROOT, env=forge.environment, check=True, capture_output=True, timeout=500)
    return BATCH


def review_page(desk: Callable[..., Desk], **options: object) -> Desk:
    window = desk(**options)
    for _ in range(60):  # the message box takes the focus once Gradio has drawn it, and would take the keys, too
        window.page.evaluate("document.activeElement.blur()")
        window.page.keyboard.press("g")
        window.page.keyboard.press("r")
        window.page.wait_for_timeout(500)
        if window.page.locator(".gf-review").is_visible():
            break
    expect(window.page.locator(CELLS)).to_have_count(BATCH, timeout=PATIENCE)
    expect(window.page.locator(".gf-review-grid")).to_be_focused()
    return window


def state_of(page: Page, number: int) -> str | None:
    return page.locator(CELLS).nth(number - 1).get_attribute("data-review")


def wait_state(page: Page, number: int, state: str) -> None:
    expect(page.locator(CELLS).nth(number - 1)).to_have_attribute("data-review", state)


def test_a_batch_of_32_with_the_keyboard_alone(desk: Callable[..., Desk], batch: int) -> None:
    window = review_page(desk)
    page, keys = window.page, window.page.keyboard
    for number in range(1, 17):
        keys.press("x" if number % 4 == 0 else "p")
    wait_state(page, 15, "approved")
    wait_state(page, 16, "rejected")
    keys.press("1")
    keys.press("7")  # number 17, then a range of the rest
    keys.press("Shift+End")
    expect(page.locator(f"{CELLS}[aria-selected=true]")).to_have_count(16)
    keys.press("p")
    wait_state(page, 32, "approved")
    expect(page.locator(".gf-review-count")).to_have_text("32 of 32 reviewed")
    window.screenshot("review-light")

    keys.press("Home")
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    keys.press("n")
    wait_state(page, 4, "new")
    keys.press("u")  # the rejection is back
    wait_state(page, 4, "rejected")
    keys.press("u")  # the range
    wait_state(page, 32, "new")
    keys.press("u")
    wait_state(page, 16, "new")
    assert state_of(page, 15) == "approved"

    keys.press("o")  # what is approved, to an engine, by keys alone
    dialog = page.get_by_role("dialog", name="Export")
    expect(dialog.get_by_label("Images", exact=True)).to_contain_text("The approved ones (12)")
    dialog.get_by_label("Format", exact=True).focus()
    keys.type("phaser")
    dialog.get_by_role("button", name="Export", exact=True).press("Enter")
    link = dialog.get_by_role("link", name="Download zip")
    expect(link).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as download:
        link.focus()
        keys.press("Enter")
    window.screenshot("review-export")
    with zipfile.ZipFile(download.value.path()) as archive:
        textures = json.loads(archive.read("atlas.json"))["textures"]
    assert sum(len(texture["frames"]) for texture in textures) == 12


def test_compare_two_with_zoom_and_pan(desk: Callable[..., Desk], batch: int) -> None:
    window = review_page(desk)
    page, keys = window.page, window.page.keyboard
    keys.press("Home")
    keys.press("Shift+ArrowRight")
    keys.press("c")
    dialog = page.locator("dialog.gf-compare[open]")
    expect(dialog.locator(".gf-compare-pane")).to_have_count(2)
    before = float(dialog.get_attribute("data-zoom") or 0)
    box = dialog.locator(".gf-compare-pane").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -300)
    page.wait_for_function(
        "before => Number(document.querySelector('dialog.gf-compare').dataset.zoom) > before", arg=before
    )
    keys.press("ArrowLeft")
    expect(dialog).not_to_have_attribute("data-x", "0.0")
    moved = dialog.locator(".gf-compare-picture").evaluate_all("all => all.map((one) => one.style.transform)")
    assert len(set(moved)) == 1, "both pictures moved alike"
    assert "pixelated" in dialog.locator(".gf-compare-picture").first.evaluate(
        "one => getComputedStyle(one).imageRendering"
    )
    window.screenshot("compare-side")
    for ground in ("black", "white", "checker"):
        keys.press("b")
        expect(dialog).to_have_attribute("data-ground", ground)
    keys.press("s")
    expect(dialog).to_have_attribute("data-mode", "slider")
    window.screenshot("compare-slider")
    keys.press("t")
    keys.press("0")
    keys.press("p")
    keys.press("Escape")
    expect(dialog).to_have_count(0)
    wait_state(page, 1, "approved")


def test_redo_with_words_upscale_and_undo(desk: Callable[..., Desk], batch: int) -> None:
    window = review_page(desk)
    page, keys = window.page, window.page.keyboard
    keys.press("5")
    first = page.locator(CELLS).nth(4).locator("img").get_attribute("src")
    keys.press("r")
    page.keyboard.type("darker")
    keys.press("Enter")
    expect(page.locator(CELLS).nth(4).locator("img")).not_to_have_attribute("src", first or "", timeout=PATIENCE)
    wait_state(page, 5, "new")
    redone = page.locator(CELLS).nth(4).locator("img").get_attribute("src")
    keys.press("5")
    page.get_by_role("button", name="Upscale 2×").first.click()
    expect(page.locator(CELLS).nth(4).locator("img")).not_to_have_attribute("src", redone or "", timeout=PATIENCE)
    page.locator(".gf-review-grid").focus()
    keys.press("5")
    keys.press("z")
    strip = page.locator("dialog.gf-lightbox .gf-version")
    expect(strip).to_have_count(3)
    window.screenshot("versions")
    strip.first.click()
    expect(strip.first).to_have_attribute("aria-pressed", "true")
    keys.press("Escape")
    expect(page.locator(CELLS).nth(4).locator("img")).to_have_attribute("src", first or "")
    page.locator(".gf-review-grid").focus()
    keys.press("u")
    expect(page.locator(CELLS).nth(4).locator("img")).not_to_have_attribute("src", first or "")

    keys.press("9")
    keys.press("x")
    wait_state(page, 9, "rejected")
    keys.press("u")
    expect(page.locator(CELLS).nth(8)).not_to_have_attribute("data-review", "rejected")


def test_two_people_see_each_others_marks(desk: Callable[..., Desk], batch: int) -> None:
    ada, bo = review_page(desk), review_page(desk, dark=True)
    ada.page.keyboard.press("Home")
    bo.page.keyboard.press("2")
    bo.page.keyboard.press("5")
    ada.page.keyboard.press("n")
    for _ in range(6):
        ada.page.keyboard.press("p")
    for _ in range(8):
        bo.page.keyboard.press("x")
    for page in (ada.page, bo.page):
        wait_state(page, 6, "approved")
        wait_state(page, 32, "rejected")
        wait_state(page, 28, "rejected")
    seen = [[state_of(page, number) for number in range(1, 33)] for page in (ada.page, bo.page)]
    assert seen[0] == seen[1]
    bo.screenshot("review-dark")


def test_set_view_library_and_a_narrow_window(desk: Callable[..., Desk], batch: int) -> None:
    window = review_page(desk)
    window.page.keyboard.press("Control+a")
    window.page.keyboard.press("p")
    wait_state(window.page, 32, "approved")
    window.page.keyboard.press("v")
    figures = window.page.locator("dialog.gf-set-view[open] figure")
    expect(figures).to_have_count(BATCH)
    window.screenshot("set-view")
    window.page.keyboard.press("Escape")
    window.page.keyboard.press("g")
    window.page.keyboard.press("l")
    grid = window.page.locator(".gf-library-grid .gf-cell")
    expect(grid).to_have_count(BATCH)
    window.page.get_by_label("Search").fill("cactus")
    window.page.wait_for_function("() => document.querySelectorAll('.gf-library-grid .gf-cell').length < 32")
    window.screenshot("library-search")
    narrow = review_page(desk, width=390, height=844)
    narrow.screenshot("review-390")
    assert narrow.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_damaged_file_says_so_where_its_picture_was(desk: Callable[..., Desk], forge: Forge, batch: int) -> None:
    with urllib.request.urlopen(f"{forge.address}api/assets?limit=500") as answer:
        [asset] = [one for one in json.load(answer) if one["number"] == 20]
    sha256 = asset["url"].rsplit("/", 1)[-1].split(".")[0]
    [file] = Path(forge.environment["GAMEFORGE_HOME"]).glob(f"files/**/{sha256}.png")
    kept = file.read_bytes()
    file.write_bytes(b"changed by somebody")
    window = review_page(desk)
    page, keys = window.page, window.page.keyboard
    keys.press("2")
    keys.press("0")
    expect(page.locator(CELLS).nth(19).locator("img.gf-broken")).to_be_visible()
    keys.press("z")
    picture = page.locator("dialog.gf-lightbox img.gf-broken")
    expect(picture).to_have_attribute("alt", re.compile("missing or damaged"))
    window.screenshot("damaged")
    file.write_bytes(kept)
    window.errors[:] = [error for error in window.errors if "status of 404" not in error]


def test_a_part_is_edited_and_a_picture_moves(desk: Callable[..., Desk], batch: int) -> None:
    """Paint a mask, say what should be there; then frames that play. The card tells where the picture comes from."""
    window = review_page(desk)
    page, keys = window.page, window.page.keyboard
    keys.press("Home")
    keys.press("3")
    keys.press("z")
    lightbox = page.locator("dialog.gf-lightbox")
    lightbox.get_by_text("Provenance", exact=True).click()
    expect(lightbox.locator(".gf-card")).to_contain_text("Licence of the model")
    window.screenshot("provenance")

    lightbox.get_by_role("button", name="Edit part").click()
    editor = page.get_by_role("dialog", name="Edit part")
    editor.get_by_label("What should be there").fill("darker")
    editor.get_by_role("button", name="Edit", exact=True).click()
    expect(editor.get_by_role("alert")).to_have_text("Paint over what should change first.")
    box = editor.locator(".gf-edit-mask").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.6, steps=8)
    page.mouse.up()
    window.screenshot("edit-part")
    before = lightbox.locator(".gf-version").count()
    editor.get_by_role("button", name="Edit", exact=True).click()
    expect(lightbox.locator(".gf-version")).to_have_count(before + (1 if before else 2), timeout=PATIENCE)
    expect(lightbox.locator(".gf-version").last).to_contain_text("edited")

    lightbox.get_by_role("button", name="Animate").click()
    mover = page.get_by_role("dialog", name="Animate")
    mover.get_by_role("button", name="bob").click()
    mover.get_by_role("button", name="Animate", exact=True).click()
    expect(mover).to_have_count(0)
    keys.press("Escape")
    expect(lightbox).to_have_count(0)
    player = page.locator(".gf-review .gf-player")
    expect(page.locator(CELLS)).to_have_count(BATCH)
    page.wait_for_function(
        "() => document.querySelector('.gf-review select[aria-label=Batch]').options[0].text.includes('bob')",
        timeout=PATIENCE,
    )
    page.get_by_label("Batch").select_option(index=0)
    expect(page.locator(CELLS)).to_have_count(4)
    expect(player).to_be_visible()
    seen = "() => document.querySelector('.gf-review .gf-player canvas').dataset.frame"
    first = page.evaluate(seen)
    page.wait_for_function(f"(first) => ({seen})() !== first", arg=first)
    player.get_by_role("button", name="Pause").click()
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    window.screenshot("animation")
