"""Bad input, text that wants to be HTML, the plan editor, the keyboard, and the list of conversations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.forge import BOX, Desk, Forge


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory, image_model: str) -> Iterator[Forge]:
    """Every plan waits for a yes."""
    forge = Forge(tmp_path_factory.mktemp("home"), image_model, GAMEFORGE_CONFIRM_OVER_SECONDS="0")
    yield forge
    forge.stop()


def test_bad_messages_get_one_sentence_and_are_not_lost(desk: Callable[..., Desk], tmp_path: Path) -> None:
    window = desk(path="?c=new")
    page = window.page
    notice = page.locator("#gf-notice")

    page.press(BOX, "Control+Enter")
    expect(notice).to_contain_text("Type what you want")

    long = "x" * 10_000
    window.say(long)
    expect(notice).to_contain_text("The message has 10,000 characters and the limit is 8,000.")
    expect(page.locator(BOX)).to_have_value(long)

    fake = tmp_path / "notes.png"
    fake.write_text("this is text")
    page.set_input_files("#gf-message input[type=file]", fake)
    expect(page.locator("#gf-message .thumbnail-item, #gf-message .thumbnails > *").first).to_be_visible()
    window.say("make a style pack from this")
    expect(notice).to_contain_text("notes.png is not an image.")
    expect(page.locator(BOX)).to_have_value("make a style pack from this")
    expect(page.locator(".gf-conversations li")).to_have_count(0)
    window.screenshot("bad-input-light")

    page.reload()
    window.settle()
    window.ask("0 props")
    window.ask("101 props")
    answers = page.locator("#gf-chat .bot-row")
    expect(answers.nth(0)).to_contain_text("1 to 100")
    expect(answers.nth(1)).to_contain_text("The batch limit is 100.")
    expect(page.locator(".gf-job")).to_have_count(0)
    expect(page.locator("body")).not_to_contain_text("Traceback")


def test_what_is_typed_is_shown_as_typed(desk: Callable[..., Desk]) -> None:
    window = desk(path="?c=new")
    page = window.page
    text = '<img src=x onerror="window.broken=1"> **bold** $$x$$ <div class="gf-job gf-id-1">'
    window.ask(text)
    expect(page.locator("#gf-chat .user-row .prose").first).to_have_text(text)
    assert page.evaluate("window.broken") is None
    expect(page.locator("#gf-chat .user-row .gf-job, #gf-chat .user-row img")).to_have_count(0)


def test_a_plan_is_edited_before_it_runs(desk: Callable[..., Desk]) -> None:
    window = desk(path="?c=new")
    page = window.page
    window.ask("six potions and two chests")
    expect(page.locator(".gf-plan tbody tr")).to_have_count(8)
    expect(page.locator(".gf-job")).to_have_count(0)
    window.screenshot("plan-light")
    page.reload()
    window.settle()
    page.get_by_role("button", name="Edit plan").click()
    rows = page.locator(".gf-editor tbody tr")
    expect(rows).to_have_count(8)
    for _ in range(6):
        rows.last.get_by_title("Remove this subject").click()
    rows.nth(0).get_by_label("Subject", exact=True).fill("blue potion")
    rows.nth(1).get_by_label("Variants").fill("2")
    page.get_by_role("button", name="Add a subject").click()
    rows.last.get_by_label("Subject", exact=True).fill("golden chest")
    expect(page.locator(".gf-editor [role=status]")).to_contain_text("3 subjects, 4 images")
    window.screenshot("editor-light")
    page.locator(".gf-editor").get_by_role("button", name="Start").click()
    window.painted(4)
    expect(page.locator(".gf-cell").first).to_have_attribute("title", "1: blue potion")
    expect(page.locator(".gf-cell").last).to_have_attribute("title", "4: golden chest")
    expect(page.locator(".gf-confirm")).to_have_count(0)


def test_a_plan_is_declined(desk: Callable[..., Desk]) -> None:
    window = desk(path="?c=new")
    page = window.page
    window.ask("12 food items")
    page.locator(".gf-confirm").get_by_role("button", name="Cancel").click()
    expect(page.locator("#gf-chat")).to_contain_text("nothing was started")
    expect(page.locator(".gf-job")).to_have_count(0)


def test_an_example_is_one_click(desk: Callable[..., Desk]) -> None:
    window = desk(path="?c=new")
    page = window.page
    page.locator("#gf-chat .example").filter(has_text="rusty sword").click()
    expect(page.locator("#gf-chat .user-row")).to_contain_text("4 variants of a rusty sword")
    expect(page.locator(".gf-confirm").get_by_role("button", name="Start")).to_be_visible()


def test_keyboard(desk: Callable[..., Desk]) -> None:
    window = desk(path="?c=new")
    page = window.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.locator(".gf-help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".gf-help")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("j")
    expect(page.get_by_role("tab", name="Jobs")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page.get_by_role("tab", name="Library")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("/")
    expect(page.locator(BOX)).to_be_focused()
    page.keyboard.type("two lines")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("? and g j are only letters here")
    expect(page.locator(BOX)).to_have_value("two lines\n? and g j are only letters here")


def test_conversations_are_renamed_deleted_and_brought_back(desk: Callable[..., Desk]) -> None:
    window = desk(path="?c=new")
    page = window.page
    window.ask("101 crates")
    entries = page.locator(".gf-conversations li")
    before = entries.count()
    mine = entries.filter(has_text="101 crates")
    mine.hover()
    mine.get_by_title('Rename "101 crates"').click()
    page.keyboard.type("Crates <b>")
    page.keyboard.press("Enter")
    mine = entries.filter(has_text="Crates <b>")
    expect(mine).to_have_count(1)

    mine.hover()
    mine.get_by_title("Delete").click()
    expect(entries).to_have_count(before - 1)
    page.get_by_role("button", name="Undo").click()
    expect(entries).to_have_count(before)

    mine.hover()
    mine.get_by_title("Delete").click()
    page.locator(".gf-toast").get_by_role("button", name="Close").click()
    page.reload()
    window.settle()
    expect(entries).to_have_count(before - 1)
    expect(entries.filter(has_text="Crates <b>")).to_have_count(0)


def test_pages_of_two_windows_do_not_hold_each_other_up(desk: Callable[..., Desk]) -> None:
    one, two = desk(path="?c=new"), desk(path="?c=new")
    one.say("12 food items")
    two.say("8 dungeon monsters")
    for window, count in ((two, 8), (one, 12)):
        expect(window.page.locator(".gf-plan tbody tr")).to_have_count(count, timeout=60_000)
    assert one.page.url != two.page.url
