# ruff: noqa: E501 (patterns and sentences)
"""What is said about a scaffold: how to wire it, what was chosen and why, what is not covered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scaffolds.content import Content
from scaffolds.engines import Choice
from scaffolds.naming import clean
from scaffolds.render import Spec
from scaffolds.systems import SYSTEMS, Asked
from scaffolds.types import Atlas, Fact, Passage

_START = {
    "godot": (
        "Copy the folder scripts/ into your project (Godot 4.2 or newer).",
        "Put scripts/game.gd on the root node (Node2D) of your main scene and run it: it builds and connects the rest.",
    ),
    "pygame": (
        "Install pygame-ce 2.5 or newer (pip install pygame-ce), then run: python main.py",
        "main.py owns the systems and says who hears whom; Game.step(seconds) advances it without a window in tests.",
    ),
    "phaser": (
        "In the folder: npm install, then npm run dev, and open the address that it prints.",
        "src/game-scene.ts owns the systems and connects them; the other files know nothing of Phaser where they can.",
    ),
    "unity": (
        "Copy Assets/Scripts into your project (Unity 6, Input System package).",
        "Put GameRoot on an empty object of your scene, and the other components on the objects named below.",
    ),
    "bevy": (
        "Copy the folder into a crate, or add the files in src/ to yours; Cargo.toml names Bevy 0.19.",
        "main.rs adds one plugin for each system; cargo run shows a window with all of them.",
    ),
    "generic": ("Read it as a plan: data first, then rules, then who calls whom (game.txt).",),
}
_STEPS: dict[str, dict[str, str]] = {
    "movement": {
        "godot": "Player binds WASD and the arrow keys itself unless your input map names the actions (move_left, ...).",
        "unity": "Player needs a Rigidbody2D and a Collider2D on the same object; a platformer also a child “feet” at its soles.",
    },
    "health": {
        "godot": "Health is a child node named “Health” of whatever can be hurt; Hitbox finds it there.",
        "unity": "Put Health on whatever can be hurt; DamageOnTouch on what hurts.",
    },
    "inventory": {
        "godot": "Connect a grid of slots to Inventory.changed and read get_slot(i); drag and drop calls move(from, to).",
        "unity": "Subscribe a grid of slots to Inventory.Changed and read Slots[i]; drag and drop calls Move(from, to).",
        "pygame": "Draw inventory.slots; drag and drop calls inventory.move(source, target).",
        "phaser": "Listen to inventory.changed and read inventory.slots; drag and drop calls inventory.move(from, to).",
        "bevy": "Show Inventory.slots() in a system filtered by Changed<Inventory>; drag and drop calls move_stack(from, to).",
    },
    "spawner": {
        "godot": "Give WaveSpawner your enemies' scenes (enemy_scenes), then call start().",
        "unity": "Drag your enemies' prefabs into WaveSpawner.",
    },
    "saveload": {
        "godot": "Anything else to save: add it to the group “saved” and give it save_data() and load_data(data).",
        "unity": "Anything else to save: implement ISaved and pass it to SaveGame.Register.",
        "pygame": "Anything else to save: give it save_data() and load_data(data) and name it in Game.save_game.",
        "phaser": "Anything else to save: give it saveData() and loadData(data) and name it in the scene's SaveGame.",
        "bevy": "Anything else to save: add a field to SaveData, fill it in save and read it in load.",
    },
    "menu": {"godot": "PauseMenu opens with Escape (ui_cancel) and also works with a gamepad."},
}


def covered(systems: Sequence[str]) -> str:
    titles = [SYSTEMS[name].title for name in systems]
    if len(titles) < 2:
        return titles[0] if titles else ""
    lower = [titles[0], *(title[0].lower() + title[1:] for title in titles[1:])]
    return f"{', '.join(lower[:-1])} and {lower[-1]}"


def title_of(project: str, passages: Sequence[Passage]) -> str:
    """The game's name in menus and windows."""
    if project != "default":
        return clean(project, 40).replace("_", " ").replace("-", " ").title()
    return "My Game"


def wiring_of(spec: Spec) -> Iterator[str]:
    yield from _START[spec.engine]
    for system in spec.systems:
        if step := _STEPS.get(system, {}).get(spec.engine):
            yield step


def notes_of(
    choice: Choice,
    asked: Asked,
    content: Content,
    conflicts: Sequence[str],
    atlases: Sequence[Atlas],
    passages: Sequence[Passage],
    facts: Sequence[Fact],
) -> Iterator[str]:
    if choice.reason:
        yield choice.reason
    for added, because in asked.added:
        yield f"{SYSTEMS[added].title} is included because {SYSTEMS[because].title.lower()} needs it."
    for name, nearest in asked.missing:
        near = f"; {SYSTEMS[nearest].title.lower()} comes nearest" if nearest and nearest not in asked.systems else ""
        yield f"Not covered: {name}{near}."
    if content.assumed:
        yield f"Made up: {'; '.join(content.assumed)}."
    yield from conflicts
    if passages and not any(fact.passage for fact in facts):
        yield "The documents were searched, and name nothing that these systems could take over."
    used = sorted({item.frame for item in content.items if item.frame})
    if atlases and used:
        yield f"Pictures come from the atlas {atlases[0].key}: {', '.join(used[:12])}."
    elif atlases and content.items:
        yield f"The atlas {atlases[0].key} has no picture of these items' names."
