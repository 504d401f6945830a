# ruff: noqa: E501, W191, E101 (a program of another language)
"""The Godot scaffold's inventory in a Godot engine.

Debian carries Godot 3, whose GDScript lacks typed arrays, string names, `emit` and a few functions. So the two files
without nodes are translated word by word; the rules themselves run as written.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.scaffolds.studio import make
from tests.scaffolds.test_reading import GDD

HELPERS = """

static func mini(a, b):
	return a if a < b else b


static func maxi(a, b):
	return a if a > b else b


static func clampi(value, low, high):
	return mini(maxi(value, low), high)
"""
CHECK = """extends SceneTree

const Inventory = preload("res://inventory.gd")

var heard = []


func _on_added(id, amount):
	heard.append([id, amount])


func check(right, what):
	if not right:
		print("WRONG: ", what)


func amounts(bag):
	var out = []
	for index in bag.slot_count:
		out.append(bag.get_slot(index).amount)
	return out


func _init():
	var bag = Inventory.new()
	bag._ready()
	bag.connect("item_added", self, "_on_added")
	check(bag.slot_count == 4, bag.slot_count)
	check(bag.add("eel_jerky", 15) == 0 and amounts(bag) == [12, 3, 0, 0], amounts(bag))
	check(bag.add("marsh_lantern", 3) == 1, amounts(bag))
	check(heard == [["eel_jerky", 15], ["marsh_lantern", 2]], heard)
	check(not bag.remove("eel_jerky", 16) and bag.count("eel_jerky") == 15, amounts(bag))
	check(bag.remove("eel_jerky", 4) and amounts(bag) == [11, 0, 1, 1], amounts(bag))
	bag.move(0, 1)
	bag.move(1, 2)
	check(amounts(bag) == [0, 1, 11, 1] and bag.get_slot(2).id == "eel_jerky", amounts(bag))
	print("fine")
	bag.free()
	quit()
"""


def for_godot_3(text: str) -> str:
    text = re.sub(r"^class_name \w+\n", "", text, flags=re.M)
    untyped = re.compile(r": *\w+")
    text = re.sub(r"^(signal \w+)\(([^)]*)\)", lambda m: f"{m[1]}({untyped.sub('', m[2])})", text, flags=re.M)
    text = re.sub(r"@export_range\([^)]*\) var", "export var", text)
    text = re.sub(r"(\w+)\.emit\(\)", r'emit_signal("\1")', text)
    text = re.sub(r"(\w+)\.emit\(", r'emit_signal("\1", ', text)
    text = re.sub(r"^\s*assert\(.*\n", "", text, flags=re.M)
    text = re.sub(r"(var \w+) := ", r"\1 = ", text)
    return (
        text.replace('&"', '"')
        .replace("StringName", "String")
        .replace("Array[Slot]", "Array")
        .replace("RefCounted", "Reference")
    )


def test_inventory_of_the_documents(tmp_path: Path) -> None:
    engine = shutil.which("godot3-server")
    if engine is None:
        pytest.skip("no Godot 3 server (Debian: apt-get install godot3-server)")
    kept = make(tmp_path, "the inventory from the GDD with 4 slots", "godot", GDD)
    game = tmp_path / "game"
    game.mkdir()
    (game / "project.godot").write_text('config_version=4\n[application]\nconfig/name="t"\n')
    (game / "check.gd").write_text(CHECK)
    catalogue, inventory = (
        for_godot_3(kept.path(f"scripts/{name}.gd").read_text()) for name in ("item_catalog", "inventory")
    )
    (game / "item_catalog.gd").write_text(catalogue)
    preloaded = inventory.replace(
        "extends Node\n", 'extends Node\n\nconst ItemCatalog = preload("res://item_catalog.gd")\n'
    )
    (game / "inventory.gd").write_text(preloaded + HELPERS)
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    command = [engine, "--script", "check.gd"]
    ran = subprocess.run(command, cwd=game, env=environment, capture_output=True, text=True, timeout=120)
    said = ran.stdout + ran.stderr
    assert "fine" in ran.stdout.splitlines() and "WRONG" not in said and "SCRIPT ERROR" not in said, said
