"""Export by the page's buttons and by words; what comes out is drawn by Phaser and PixiJS in a real browser."""

from __future__ import annotations

import functools
import http.server
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from pipelines.atlas.build import frame_names
from pipelines.atlas.export import export_files
from pipelines.atlas.sprites import ExportOptions, Sprite
from tests.clients.npm import clients
from tests.e2e.forge import Desk, Forge

Window = Callable[..., Desk]

PHASER = """<!doctype html><body style="margin:0"><script src="/modules/phaser/dist/phaser.min.js"></script><script>
const places = PLACES;
new Phaser.Game({ type: Phaser.WEBGL, width: 256, height: 256, pixelArt: true, transparent: true, banner: false,
  audio: { noAudio: true }, scene: {
    preload() { this.load.multiatlas("atlas", "atlas.json"); this.load.animation("moves", "atlas.animations.json"); },
    create() {
      for (const [name, x, y] of places) this.add.image(x, y, "atlas", name).setOrigin(0, 0);
      window.animation = this.anims.get("walk").frames.map((frame) => frame.textureFrame);
      this.game.events.once("postrender", () => setTimeout(() => (document.title = "drawn"), 100));
    } } });
</script>"""
PIXI = """<!doctype html><body style="margin:0"><script src="/modules/pixi.js/dist/pixi.min.js"></script>
<script src="/modules/pixi.js/dist/packages/unsafe-eval.min.js"></script><script>
(async () => {
  const app = new PIXI.Application();
  await app.init({ width: 256, height: 256, backgroundAlpha: 0, antialias: false, preference: "webgl", resolution: 1 });
  document.body.append(app.canvas);
  const sheet = await PIXI.Assets.load("atlas.json");
  for (const one of [sheet, ...sheet.linkedSheets]) one.textureSource.scaleMode = "nearest";
  for (const [name, x, y] of PLACES) {
    const sprite = PIXI.Sprite.from(`atlas/${name}`);
    sprite.anchor.set(0);
    sprite.position.set(x, y);
    app.stage.addChild(sprite);
  }
  const walks = [sheet, ...sheet.linkedSheets].flatMap((one) => one.animations.walk ?? []);
  window.animation = walks.map((item) => item.label);
  app.render();
  document.title = "drawn";
})();
</script>"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A folder with the export, and the packages under /modules."""

    def translate_path(self, path: str) -> str:
        if path.startswith("/modules/"):
            return str(clients().modules / path.removeprefix("/modules/"))
        return super().translate_path(path)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def shown(tmp_path: Path, browser: Browser) -> Iterator[Callable[[str], np.ndarray]]:
    """Serves `tmp_path`, opens a page of it and returns what it draws, once it says so, and its animation."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    context = browser.new_context(viewport={"width": 256, "height": 256})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))

    def show(name: str) -> np.ndarray:
        page.goto(f"http://127.0.0.1:{server.server_port}/{name}")
        page.wait_for_function("document.title === 'drawn'", timeout=120_000)
        assert problems == []
        shot = page.screenshot(omit_background=True)
        (tmp_path / "animation.json").write_text(json.dumps(page.evaluate("window.animation")))
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGBA"))

    yield show
    context.close()
    server.shutdown()
    server.server_close()
    thread.join(30)


def sprites() -> list[Sprite]:
    """Of full colours and hard edges: a screenshot gives half-transparent ones back rounded."""
    rng = np.random.default_rng(11)
    made = []
    for name, size in (
        ("walk 0", (20, 31)),
        ("walk 1", (33, 12)),
        ("Rusty Sword", (40, 9)),
        ("剣", (24, 24)),
        ("dot", (1, 1)),
    ):
        pixels = rng.integers(0, 256, (size[1], size[0], 4), np.uint8)
        pixels[..., 3] = np.where(rng.random(size[::-1]) < 0.8, 255, 0)
        pixels[:2] = 0 if size[1] > 4 else pixels[:2]  # a margin to trim
        pixels[0, 0, 3] = pixels[0, 0, 3] if size[1] > 4 else 255
        pixels[pixels[..., 3] == 0] = 0
        made.append(Sprite(name, Image.fromarray(pixels)))
    return made


@pytest.mark.parametrize(("format", "page"), [("phaser", PHASER), ("pixi", PIXI)])
def test_an_engine_in_the_browser_draws_the_sprites(
    tmp_path: Path, shown: Callable[[str], np.ndarray], format: str, page: str
):
    made = sprites()
    files = export_files(made, ExportOptions(format=format, page=48))
    assert "atlas-1.png" in files, "several pages"
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    names = frame_names(made)
    places = [[name, 4 + 48 * (index % 5), 4 + 60 * (index // 5)] for index, name in enumerate(names)]
    (tmp_path / "index.html").write_text(page.replace("PLACES", json.dumps(places)), encoding="utf-8")
    drawn = shown("index.html")
    for sprite, (_, x, y) in zip(made, places, strict=True):
        source = np.asarray(sprite.image)
        region = drawn[y : y + source.shape[0], x : x + source.shape[1]]
        assert np.array_equal(region, source), sprite.name
    moving = json.loads((tmp_path / "animation.json").read_text())
    assert [name.removeprefix("atlas/") for name in moving] == ["walk_0", "walk_1"]


def test_own_art_comes_in_and_goes_out_by_buttons_and_by_words(desk: Window, forge: Forge, tmp_path: Path):
    window = desk()
    for sprite in sprites()[:3]:
        sprite.image.save(tmp_path / f"{sprite.name}.png")
    page = window.page
    page.get_by_role("tab", name="Library").click()
    with page.expect_file_chooser() as chooser:
        page.locator(".gf-library").get_by_role("button", name="Import").click()
    chooser.value.set_files([str(path) for path in sorted(tmp_path.glob("*.png"))])
    expect(page.locator(".gf-library .gf-cell")).to_have_count(3)
    page.locator(".gf-library").get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog", name="Export")
    dialog.get_by_label("Images", exact=True).select_option(label="Everything in the project")
    dialog.get_by_label("Format", exact=True).select_option("phaser")
    window.screenshot("export-dialog")
    dialog.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        dialog.get_by_role("link", name="Download zip").click()
    window.screenshot("export-done")
    with zipfile.ZipFile(download.value.path()) as archive:
        frames = json.loads(archive.read("atlas.json"))["textures"][0]["frames"]
    assert sorted(frame["filename"] for frame in frames) == ["rusty_sword", "walk_0", "walk_1"]
    dialog.get_by_role("button", name="Close").click()

    page.get_by_role("tab", name="Chat").click()
    window.ask("export everything for Godot")
    part = page.locator("#gf-chat .gf-export")
    expect(part).to_contain_text("atlas.zip")
    window.screenshot("export-chat")
    with page.expect_download() as download:
        part.get_by_role("link", name="Download zip").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert {"atlas.png", "rusty_sword.tres", "walk_0.tres", "atlas_frames.tres"} <= set(archive.namelist())
    page.reload()
    window.settle()
    expect(page.locator("#gf-chat .gf-export")).to_contain_text("atlas.zip")
