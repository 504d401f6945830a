# ruff: noqa: E501 (programs of other languages)
"""The Phaser scaffold: types hold, its logic runs under Node.js, and the whole of it draws an exported atlas."""

from __future__ import annotations

import functools
import http.server
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from scaffolds.shelf import Kept
from tests.browser import find_browser
from tests.clients.npm import clients
from tests.scaffolds.studio import EVERYTHING, make
from tests.scaffolds.test_reading import GDD
from tests.scaffolds.test_templates import OPTIONS

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"

INVENTORY = """
import assert from "node:assert/strict";
import { Inventory, SLOTS } from "./src/inventory";
import { ITEMS } from "./src/items";
assert.deepEqual([SLOTS, ITEMS.eel_jerky.maxStack], [4, 12]);
const bag = new Inventory();
const heard: unknown[] = [];
bag.added.connect((...said) => heard.push(["added", ...said]));
bag.overflowed.connect((...said) => heard.push(["over", ...said]));
assert.equal(bag.add("eel_jerky", 15), 0);
assert.deepEqual(bag.slots.map((stack) => stack?.amount ?? 0), [12, 3, 0, 0]);
assert.equal(bag.add("marsh_lantern", 3), 1);
assert.deepEqual(heard, [["added", "eel_jerky", 15], ["added", "marsh_lantern", 2], ["over", "marsh_lantern", 1]]);
assert.equal(bag.remove("eel_jerky", 16), false);
assert.equal(bag.count("eel_jerky"), 15);
assert.equal(bag.remove("eel_jerky", 4), true);
assert.deepEqual(bag.slots.slice(0, 2), [{ id: "eel_jerky", amount: 11 }, null]);
bag.move(0, 1);
bag.move(1, 2);
assert.deepEqual(bag.slots.map((stack) => stack?.id ?? ""), ["", "marsh_lantern", "eel_jerky", "marsh_lantern"]);
console.log("fine");
"""
LOGIC = """
import assert from "node:assert/strict";
import { Crafting } from "./src/crafting";
import { DayNight } from "./src/day-night";
import { Dialogue } from "./src/dialogue";
import { Enemy } from "./src/enemy";
import { Health } from "./src/health";
import { Inventory } from "./src/inventory";
import { QuestLog } from "./src/quests";
import { SaveGame } from "./src/save-game";
import { Shop, Wallet } from "./src/shop";
import { WaveSpawner } from "./src/spawner";
const bag = new Inventory(), wallet = new Wallet(), shop = new Shop(wallet, bag), quests = new QuestLog();
assert.ok(shop.buy("rope", 3) && shop.buy("lantern"));
assert.equal(wallet.money, 100 - 40);
const crafting = new Crafting(bag);
assert.ok(crafting.craft("bandage") && bag.count("bandage") === 1);
quests.start("first_steps"); quests.report("collect", "rope", 3);
assert.ok(quests.isCompleted("first_steps"));
const health = new Health();
assert.equal(health.takeDamage(30), 30); assert.equal(health.takeDamage(30), 0);
const kept = new Map<string, string>();
const storage = { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v), removeItem: (k: string) => void kept.delete(k) };
const saves = new SaveGame({ bag, wallet, quests, health }, storage);
assert.ok(saves.save(0)); bag.remove("bandage"); wallet.earn(5); health.heal(50);
assert.ok(saves.load(0) && bag.count("bandage") === 1 && wallet.money === 60 && health.current === 70);
kept.set("my_game.save.1", "{"); assert.equal(saves.load(1), false); assert.equal(saves.save(99), false);
const waves = new WaveSpawner(0, 0, () => 0.5); waves.start();
for (let i = 0; i < 600; i++) waves.update(1 / 60);
assert.deepEqual([waves.wave, waves.alive], [1, 4]);
const enemy = new Enemy(0, 0); let hits = 0; enemy.attacked.connect(() => hits++);
for (let i = 0; i < 600; i++) enemy.update(1 / 60, { x: 100, y: 0 });
assert.equal(enemy.state, "attack"); assert.ok(hits >= 5);
for (let i = 0; i < 600; i++) enemy.update(1 / 60, { x: 9000, y: 0 });
assert.equal(enemy.state, "patrol");
const talk = new Dialogue(); talk.start(); talk.choose(1); talk.advance(); assert.equal(talk.line, null);
const clock = new DayNight(); for (let i = 0; i < 601; i++) clock.update(1); assert.equal(clock.day, 2);
console.log("fine");
"""


def node(kept: Kept, script: str, tmp_path: Path) -> str:
    (kept.folder / "check.ts").write_text(script)
    bundle = tmp_path / "check.cjs"
    command = ["check.ts", "--bundle", "--platform=node", "--log-level=warning", f"--outfile={bundle}"]
    subprocess.run([*clients().program("esbuild"), *command], cwd=kept.folder, check=True)
    return clients().run(bundle).strip()


def test_inventory_of_the_documents(tmp_path: Path) -> None:
    kept = make(tmp_path, "the inventory from the GDD with 4 slots", "phaser", GDD)
    assert node(kept, INVENTORY, tmp_path) == "fine"


def test_logic_of_all_systems(tmp_path: Path) -> None:
    kept = make(tmp_path, f"{EVERYTHING}. Items: rope and lantern. Stack of 9.", "phaser")
    assert node(kept, LOGIC, tmp_path) == "fine"


@pytest.mark.parametrize("requirements", [EVERYTHING, OPTIONS, "pickups with items: rope and eel jerky"])
def test_types_hold_against_phasers_own(requirements: str, tmp_path: Path) -> None:
    from tests.scaffolds.atlas import exported

    atlases = exported(tmp_path / "exports") if "eel" in requirements else []
    kept = make(tmp_path, requirements, "phaser", atlases=atlases)
    (kept.folder / "node_modules").symlink_to(clients().modules)
    ran = subprocess.run([*clients().program("tsc"), "--noEmit", "-p", kept.folder], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


@contextmanager
def served(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.e2e
def test_it_draws_the_exported_atlas_in_a_browser(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    from tests.e2e.conftest import QUIET
    from tests.scaffolds.atlas import COLOURS, exported

    program = find_browser()
    if program is None:
        pytest.skip("no Chromium or Chrome on this machine")
    kept = make(tmp_path, f"{EVERYTHING} from the GDD", "phaser", GDD, atlases=exported(tmp_path / "exports"))
    site = kept.folder / "public"
    command = [
        "src/main.ts",
        "--bundle",
        "--format=esm",
        "--log-level=warning",
        f"--outfile={site / 'src' / 'main.js'}",
    ]
    environment = {"NODE_PATH": str(clients().modules), "PATH": "/usr/bin:/bin"}
    subprocess.run([*clients().program("esbuild"), *command], cwd=kept.folder, env=environment, check=True)
    (site / "index.html").write_text((kept.folder / "index.html").read_text().replace("main.ts", "main.js"))
    errors: list[str] = []
    with served(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*QUIET, "--use-gl=swiftshader"])
        page = browser.new_page(viewport={"width": 1000, "height": 600})
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(address)
        page.wait_for_selector("canvas", timeout=120_000)
        page.wait_for_timeout(3000)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        shot = SCREENSHOTS / "scaffold-phaser.png"
        page.screenshot(path=shot)
        browser.close()
    assert [error for error in errors if "favicon" not in error and "404" not in error] == []
    pixels = Image.open(shot).convert("RGB").getcolors(maxcolors=10_000_000) or []
    counts = {colour: count for count, colour in pixels}
    # each picture twice: in the row of all pictures, and as a pickup
    assert all(counts.get(colour[:3], 0) >= 32 * 32 for colour in COLOURS.values()), counts
