"""The first thing that a newcomer does, in a real browser against the real application with an empty home."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.forge import BOX, IMAGES, PAINTED, PATIENCE, SCREENSHOTS, Desk, Forge

SAVED = """() => [...document.querySelectorAll('.gf-job img')].map((image) => image.src)"""


def test_32_desert_props_reload_half_way_second_tab(forge: Forge, desk: Callable[..., Desk]) -> None:
    window = desk()
    page = window.page
    print(f"\nstarted in {forge.start_seconds:.1f} s, page usable after {window.open_seconds:.1f} s")
    expect(page.locator("#gf-chat .example")).to_have_count(6)
    window.screenshot("empty-light")

    began = time.monotonic()
    window.say("32 desert props")
    window.painted(1)
    print(f"first preview after {time.monotonic() - began:.1f} s")
    expect(page.locator(".gf-cell")).to_have_count(32)
    expect(page.locator("#gf-message textarea")).to_have_value("")
    window.painted(8)
    if page.evaluate(PAINTED) < 32:
        window.screenshot("working-light")

    page.reload()
    window.settle()
    window.painted(32)
    print(f"all 32 after {time.monotonic() - began:.1f} s")
    expect(page.locator(".gf-job-head .gf-count")).to_contain_text(re.compile("^Done in .*: 32 of 32 images$"))
    assert len(set(page.evaluate(SAVED))) == 32, "32 different pictures"
    subjects = page.locator(".gf-cell").evaluate_all("(cells) => cells.map((cell) => cell.title.split(': ')[1])")
    assert len(set(subjects)) == 32, "32 different subjects"
    expect(page.locator(".gf-conversations li")).to_have_count(1)
    expect(page.locator(".gf-conversation .gf-title")).to_have_text("32 desert props")

    second = desk(path=page.url.split("/")[-1])
    second.painted(32)
    taken = window.screenshot("done-light")
    if folder := os.environ.get("GAMEFORGE_SCREENSHOT_DIR"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(taken, Path(folder) / "screenshot.png")


def test_pictures_are_scaled_by_whole_numbers_and_open_large(desk: Callable[..., Desk]) -> None:
    window = desk()
    page = window.page
    window.painted(32)
    scales = page.eval_on_selector_all(
        IMAGES, "(images) => images.map((i) => [i.getBoundingClientRect().width / i.naturalWidth, i.naturalWidth])"
    )
    assert all(scale == round(scale) or natural > 104 for scale, natural in scales), scales
    page.locator(".gf-picture").nth(6).click()
    large = page.locator(".gf-lightbox")
    expect(large.locator("h3")).to_contain_text(re.compile(r"^7\. "))
    expect(large.locator("dl")).to_contain_text("Seed")
    expect(large.locator("dl")).to_contain_text("Prompt")
    window.screenshot("large-light")
    page.keyboard.press("p")
    expect(large.get_by_role("button", name="Approve")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowRight")
    expect(large.locator("h3")).to_contain_text(re.compile(r"^8\. "))
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    expect(page.locator(".gf-cell[data-review=approved]")).to_have_count(1)
    page.get_by_role("tab", name="Library").click()
    page.get_by_label("State").select_option("approved")
    expect(page.locator(".gf-library .gf-cell")).to_have_count(1)


def test_a_batch_is_stopped_with_the_button_and_what_is_done_stays(desk: Callable[..., Desk]) -> None:
    window = desk()
    page = window.page
    window.new_chat()
    window.say("100 forest props")
    window.painted(1)
    page.click(".gf-job .gf-stop")
    head = page.locator(".gf-job-head .gf-count")
    expect(head).to_contain_text("Stopped after", timeout=PATIENCE)
    expect(page.locator(".gf-job")).to_have_attribute("data-state", "canceled")
    kept = page.locator(IMAGES).count()
    assert 1 <= kept < 100
    expect(page.locator(".gf-cell[data-state=canceled]")).to_have_count(100 - kept)
    window.screenshot("stopped-light")
    page.reload()
    window.settle()
    window.painted(kept)
    expect(page.locator(IMAGES)).to_have_count(kept)

    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("g")
    page.keyboard.press("j")
    jobs = page.locator(".gf-job-list > li")
    expect(jobs).to_have_count(2)
    expect(jobs.first).to_contain_text("stopped")
    window.screenshot("jobs-light")


def test_one_image_can_be_stopped_alone(desk: Callable[..., Desk]) -> None:
    window = desk()
    page = window.page
    window.new_chat()
    window.say("100 ocean props")
    expect(page.locator(".gf-cell")).to_have_count(100)
    last = page.locator(".gf-cell").last
    last.hover()
    last.locator(".gf-stop-one").click()
    expect(last).to_have_attribute("data-state", "canceled")
    expect(page.locator(".gf-job")).to_have_attribute("data-state", "running")
    expect(page.locator(".gf-now .gf-card")).to_have_count(1)
    page.locator(".gf-now .gf-card .gf-icon").click()
    expect(page.locator(".gf-job")).to_have_attribute("data-state", "canceled")


def test_a_conversation_and_its_gallery_survive_a_restart(forge: Forge, desk: Callable[..., Desk]) -> None:
    window = desk()
    page = window.page
    window.new_chat()
    window.ask("4 variants of a rusty sword")
    window.painted(4)
    address = page.url
    forge.stop(kill=True)
    expect(page.locator(".gf-away")).to_be_visible()
    forge.start()
    print(f"\nsecond start in {forge.start_seconds:.1f} s")
    expect(page.locator(".gf-away")).to_be_hidden(timeout=PATIENCE)
    window.errors.clear()  # the browser told of the lost connection

    page.goto(address)
    window.settle()
    window.painted(4)
    expect(page.locator("#gf-chat .user-row")).to_contain_text("4 variants of a rusty sword")
    window.ask("six potions and two chests")
    window.painted(12)


def test_narrow_and_dark(desk: Callable[..., Desk]) -> None:
    narrow = desk(width=390, height=844)
    page = narrow.page
    narrow.painted(12)
    for name in ("Chat", "Library", "Jobs"):
        narrow.go(name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        narrow.screenshot(f"narrow-{name.lower()}-light")
    narrow.go("Library")
    fits = """(images) => images.every((i) => i.getBoundingClientRect().width <= i.closest('.gf-cell').clientWidth)"""
    assert page.eval_on_selector_all(".gf-library img", fits)
    narrow.go("Chat")
    columns = page.locator(".gf-gallery").first.evaluate("(grid) => getComputedStyle(grid).gridTemplateColumns")
    assert len(columns.split()) == 3
    page.get_by_title("Conversations", exact=True).click()
    expect(page.locator(".gf-conversations li").first).to_be_visible()
    narrow.screenshot("narrow-rail-light")

    dark = desk(dark=True)
    dark.painted(12)
    dark.screenshot("done-dark")
    dark.go("Library")
    expect(dark.page.locator(".gf-library .gf-cell").first).to_be_visible()
    dark.screenshot("library-dark")
    small = desk(dark=True, width=390, height=844, path="?c=new")
    small.screenshot("narrow-empty-dark")
    assert (SCREENSHOTS / "done-dark.png").stat().st_size > 10_000
    assert page.locator(BOX).is_visible()
