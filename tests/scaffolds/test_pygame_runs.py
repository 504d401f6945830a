# ruff: noqa: E501 (programs)
"""The pygame scaffold runs, headless, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.scaffolds.studio import EVERYTHING, make

QUIET = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}

INVENTORY = """
from inventory import Inventory, SLOTS
from items import ITEMS
assert (SLOTS, ITEMS["eel_jerky"].max_stack) == (4, 12)
bag, heard = Inventory(), []
bag.added.connect(lambda *said: heard.append(("added", *said)))
bag.overflowed.connect(lambda *said: heard.append(("over", *said)))
assert bag.add("eel_jerky", 15) == 0
assert [slot.amount for slot in bag.slots] == [12, 3, 0, 0]
assert bag.add("marsh_lantern", 3) == 1          # one to a slot, and two slots are left
assert heard == [("added", "eel_jerky", 15), ("added", "marsh_lantern", 2), ("over", "marsh_lantern", 1)], heard
assert not bag.remove("eel_jerky", 16) and bag.count("eel_jerky") == 15
assert bag.remove("eel_jerky", 4) and [slot.amount for slot in bag.slots[:2]] == [11, 0]
bag.move(0, 1)
assert [(slot.item_id, slot.amount) for slot in bag.slots[:2]] == [("", 0), ("eel_jerky", 11)]
bag.move(1, 2)
assert (bag.slots[1].item_id, bag.slots[2].item_id) == ("marsh_lantern", "eel_jerky")
try:
    bag.add("sword")
except KeyError:
    print("fine")
"""

GAME = """
import pygame, main
from pathlib import Path
pygame.init()
Path.home = staticmethod(lambda: Path("home").absolute())
game = main.Game(pygame.display.set_mode(main.SIZE))
for frame in range(400):
    game.step(1 / 60)
    game.draw()
assert game.spawner.wave == 1 and len(game.enemies) == 4, (game.spawner.wave, len(game.enemies))
before = game.wallet.money
assert game.shop.buy("lantern") and game.shop.buy("rope", 2) and game.wallet.money == before - 30 and game.inventory.count("rope") == 2
game.health.take_damage(30)
assert game.save_game.save(0)
game.health.heal(30); game.inventory.remove("rope", 2)
assert game.save_game.load(0) and game.inventory.count("rope") == 2 and game.health.current < game.health.maximum
game.pickups.drop("rope", game.player.rect.center, 3); game.step(1 / 60)
assert game.inventory.count("rope") == 5
assert game.quests.is_completed("first_steps")
assert game.crafting.craft("bandage") and game.inventory.count("bandage") == 1
game.dialogue.start(); game.dialogue.choose(1); game.dialogue.advance()
assert game.dialogue.line is None
game.menu.handle(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE))
hour = game.clock.hour; game.step(1.0); game.draw()
assert game.menu.is_open and game.clock.hour == hour
for enemy in list(game.enemies):
    enemy.health.take_damage(10_000)
assert not game.enemies
print("fine")
"""


def run(folder: Path, script: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=folder, env={**os.environ, **QUIET}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_inventory_of_the_documents(tmp_path: Path) -> None:
    from tests.scaffolds.test_reading import GDD

    kept = make(tmp_path, "the inventory from the GDD with 4 slots", "pygame", GDD)
    assert run(kept.folder, INVENTORY) == "fine"


def test_all_systems_work_together(tmp_path: Path) -> None:
    kept = make(tmp_path, f"{EVERYTHING}. Items: rope and lantern. Stack of 9.", "pygame")
    assert run(kept.folder, GAME) == "fine"


def test_pictures_come_from_the_exported_atlas(tmp_path: Path) -> None:
    from tests.scaffolds.atlas import exported

    atlases = exported(tmp_path / "exports")
    kept = make(tmp_path, "pickups: items: Marsh Lantern, Eel Jerky and Rope", "pygame", atlases=atlases)
    script = """
import pygame
from atlas import names, picture
from items import ITEMS
assert len(names()) == 3, names()
sprite = picture(ITEMS["marsh_lantern"].frame)
assert sprite.get_size() == (48, 48) and sprite.get_at((20, 20)) == (255, 0, 255, 255) and not sprite.get_at((2, 2)).a
assert not ITEMS["rope"].frame
pygame.init()
import main
main.Game(pygame.display.set_mode(main.SIZE)).draw()
print("fine")
"""
    assert run(kept.folder, script) == "fine"


def test_ruff_finds_nothing_in_it(tmp_path: Path) -> None:
    kept = make(tmp_path, EVERYTHING, "pygame")
    # lines of data are as long as their names; zip's `strict` would need Python 3.10
    rules = ["check", "--isolated", "--select", "B,C4,E,F,I,SIM,UP,W", "--ignore", "B905,E501"]
    command = [sys.executable, "-m", "ruff", *rules, "."]
    ran = subprocess.run(command, cwd=kept.folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
