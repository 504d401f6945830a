# ruff: noqa: E501 (tables)
"""Every template of every engine, alone and together, parses; nobody's words break out of them."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from scaffolds.engines import ENGINES as ALL_ENGINES
from scaffolds.systems import SYSTEMS
from tests.scaffolds.studio import ENGINES, EVERYTHING, make, problems, text_of

# What changes whole blocks of templates.
OPTIONS = (
    "platformer movement with a double jump, sprint 1.5x, health regenerates 2 hp per second, 100 hp, "
    "backpack 6x4 grid, weight limit 30 kg, 5 quick slots, autosave every 60 seconds, pickups with a magnet radius of 90, "
    "4 waves, camera zoom 2, a shop, crafting, dialogue, quests, enemy AI, day/night, pause menu"
)
HOSTILE = (
    'x"); import os; os.system("boom") #',
    "a\nimport os\n",
    "{{ 7*7 }} {% raw %} ${evil} {evil}",
    "'''\"\"\" */ // -- <b> \\",
    "\u202eright to left\u2028line\u2029",
    "if",
    "9 lives",
    "名前",
    "🗡️",
    "\\",
    '"',
    "Robert'); DROP TABLE",
)


@pytest.mark.parametrize("engine", ENGINES)
def test_all_systems_together_parse(engine: str, tmp_path: Path) -> None:
    kept = make(tmp_path, EVERYTHING, engine)
    assert set(kept.scaffold.systems) == set(SYSTEMS)
    assert problems(kept) == []
    suffix = ALL_ENGINES[engine].suffix
    checked = [file for file in kept.scaffold.files if file.name.endswith(suffix)]
    assert len(checked) >= len(SYSTEMS)
    assert engine == "generic" or all(file.checked_by for file in checked)
    assert problems(make(tmp_path, OPTIONS, engine)) == []


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_each_system_alone_parses(engine: str, system: str, tmp_path: Path) -> None:
    kept = make(tmp_path, SYSTEMS[system].title, engine)
    assert set(kept.scaffold.systems) == {system, *SYSTEMS[system].needs}
    assert problems(kept) == []
    assert kept.scaffold.wiring


@pytest.mark.parametrize("engine", ENGINES)
def test_hostile_names_stay_data(engine: str, tmp_path: Path) -> None:
    from scaffolds.content import Content
    from scaffolds.naming import snake, unique
    from scaffolds.reading import defaults
    from scaffolds.render import Spec, render
    from scaffolds.types import Item, Line, Quest, Recipe

    ids = unique(snake(name) for name in HOSTILE)
    content = Content(
        items=[Item(id, name, 9, 5, 1.0, name) for id, name in zip(ids, HOSTILE, strict=True)],
        recipes=[Recipe(id, id, 1, {ids[0]: 2}) for id in ids[1:]],
        quests=[Quest(id, name, "collect", id, 2, 3) for id, name in zip(ids, HOSTILE, strict=True)],
        enemies=list(HOSTILE),
        lines=[Line(id, name, name, ((name, ""),)) for id, name in zip(ids, HOSTILE, strict=True)],
        currency=HOSTILE[0],
    )
    files = render(Spec(HOSTILE[3], engine, tuple(SYSTEMS), defaults(engine), content))
    plain = {file.name: file for file in make(tmp_path, EVERYTHING, engine).scaffold.files}
    for file in files:
        assert file.problems == (), (file.name, file.problems)
        if file.name.endswith(".py"):
            assert shape(file.text) == shape(plain[file.name].text), file.name
        if file.name.endswith(".json"):
            json.loads(file.text)
        assert "\u202e" not in file.text and "\u2028" not in file.text


def shape(code: str) -> set[str]:
    """Functions that are called and modules that are imported, wherever."""
    tree = ast.parse(code)
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    return called | imported


def test_the_same_request_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = (make(tmp_path / name, EVERYTHING, "godot") for name in ("a", "b"))
    assert one.id == other.id and text_of(one) == text_of(other)


@pytest.mark.parametrize("requirements", [EVERYTHING, OPTIONS])
def test_gdlint_finds_nothing_in_it(requirements: str, tmp_path: Path) -> None:
    from gdtoolkit.linter import DEFAULT_CONFIG, lint_code

    for file in make(tmp_path, requirements, "godot").scaffold.files:
        found = lint_code(file.text, DEFAULT_CONFIG)
        assert [f"{problem.name} in line {problem.line}" for problem in found] == [], file.name
