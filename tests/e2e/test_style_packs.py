"""From ten images dropped into the chat to pictures in their look, and the page Style packs."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.forge import PATIENCE, Desk, Forge
from tests.pipelines.training.drawn import quick_base, save_drawn

TRAINED = 900_000  # ms; a busy machine


@pytest.fixture(scope="module", params=["tiny", pytest.param("builtin", marks=pytest.mark.slow)])
def forge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    model = "builtin"
    if request.param == "tiny":
        model = str(quick_base(tmp_path_factory.mktemp("tiny-sdxl")))
    forge = Forge(tmp_path_factory.mktemp("home"), model, GAMEFORGE_CONFIRM_OVER_SECONDS="100000")
    yield forge
    forge.stop()


def api(forge: Forge, path: str) -> Any:
    with urllib.request.urlopen(f"{forge.address}api/{path}") as answer:
        return json.load(answer)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_ten_images_become_a_pack_that_paints_in_their_look(
    desk: Callable[..., Desk], forge: Forge, tmp_path: Path
) -> None:
    window = desk(path="?c=new")
    page = window.page
    page.set_input_files("#gf-message input[type=file]", save_drawn(tmp_path / "refs", 10))
    expect(page.locator("#gf-message .thumbnail-item, #gf-message .thumbnails > *")).to_have_count(10)
    speed = "quick " if forge.model != "builtin" else ""
    window.ask(f"make a {speed}style pack called Dustbowl from these")
    expect(page.locator("#gf-chat .bot-row").last).to_contain_text("Training Dustbowl on 10 images")
    page.locator(".gf-confirm button", has_text="Start").click()

    card = page.locator(".gf-job.gf-training")
    expect(card.locator(".gf-count")).to_contain_text("Training Dustbowl: step", timeout=PATIENCE)
    expect(card.locator(".gf-chart-line")).to_be_visible(timeout=PATIENCE)
    expect(card.locator(".gf-training-facts")).to_contain_text("loss", timeout=PATIENCE)
    expect(card.locator(".gf-strip").first.locator("img")).to_have_count(10)
    expect(card.locator(".gf-strip", has_text="Before").locator("img")).to_have_count(4, timeout=PATIENCE)
    page.reload()  # what is shown comes from the server
    window.settle()
    expect(card.locator(".gf-chart-line")).to_be_visible(timeout=PATIENCE)
    window.screenshot(f"training-{'tiny' if speed else 'builtin'}")
    expect(card.locator(".gf-count")).to_contain_text("Dustbowl is ready", timeout=TRAINED)
    expect(card.locator(".gf-verdict")).to_contain_text("style distance")
    expect(card.locator(".gf-comparison img")).to_have_count(16)
    window.screenshot(f"trained-{'tiny' if speed else 'builtin'}")

    window.ask("8 props in Dustbowl style")
    window.painted(8)
    assets = api(forge, "assets?limit=8")
    assert [asset["style_pack"] for asset in assets] == ["Dustbowl"] * 8
    window.screenshot(f"in-style-{'tiny' if speed else 'builtin'}")

    page.get_by_role("tab", name="Style packs").click()
    pack = page.locator(".gf-pack[data-pack]")
    expect(pack).to_have_count(1)
    expect(pack).to_contain_text("trigger “dustbowl style”")
    expect(pack.locator(".gf-comparison img")).to_have_count(16)
    window.screenshot(f"packs-{'tiny' if speed else 'builtin'}")
    pack.get_by_role("button", name="Delete").click()
    page.locator("dialog button", has_text="Delete").click()
    expect(pack).to_have_count(0)
    page.locator(".gf-toast button", has_text="Undo").click()
    expect(pack).to_have_count(1)

    page.get_by_role("button", name="New style pack").click()
    page.set_input_files(".gf-maker input[type=file]", save_drawn(tmp_path / "two", 2))
    page.fill(".gf-maker input[type=text]", "Neon")
    page.get_by_role("button", name="Check images").click()
    expect(page.locator(".gf-maker [role=status]")).to_contain_text("at least 3 images, and there are 2")
    page.set_input_files(".gf-maker input[type=file]", save_drawn(tmp_path / "more", 6)[2:])
    page.get_by_role("button", name="Check images").click()
    expect(page.locator(".gf-captions input[type=text]")).to_have_count(6)
    window.screenshot(f"new-pack-{'tiny' if speed else 'builtin'}")
