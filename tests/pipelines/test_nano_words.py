"""Reading subjects: head nouns, singulars, colours."""

from __future__ import annotations

import pytest

from pipelines.nano.words import alias, parse_subject, singular


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("rusty sword", "sword"),
        ("a camel skull on a wooden pole", "skull"),
        ("pile of bones", "bone"),
        ("bottle of poison", "bottle"),
        ("cactus, pixel art, game prop", "cactus"),
        ("desert props", "desert"),
        ("Wizard’s hat with a star", "hat"),
        ("two treasure chests", "chest"),
        ("pixel art", "art"),
        ("", ""),
    ],
)
def test_head_noun(text: str, head: str) -> None:
    assert parse_subject(text).head == head


@pytest.mark.parametrize(
    ("plural", "one"),
    [("boxes", "box"), ("berries", "berry"), ("knives", "knife"), ("cactus", "cactus"), ("glass", "glass")],
)
def test_singular(plural: str, one: str) -> None:
    assert singular(plural) == one


def test_colour_and_material_words() -> None:
    assert parse_subject("ice sword").tint == "cyan"
    assert parse_subject("rusty sword").tint == "brown"
    assert parse_subject("sword").tint is None


def test_alias() -> None:
    assert alias("rattlesnake") == {"snake"}
    assert alias("torch") == set()
