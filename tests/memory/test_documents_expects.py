"""What kind of value a question asks for, and whether a statement holds one."""

from __future__ import annotations

import pytest

from memory.documents.expects import expected, holds
from memory.documents.words import terms


@pytest.mark.parametrize(
    ("question", "kind", "yes", "no"),
    [
        ("How many lives do players begin with?", "count", "Lives: 20 at the start.", "Bosses take ten hearts of oak."),
        ("how many hit points do sharks have", "count", "A shark has 120 health.", "Sharks take 8 a bite."),
        ("How much does the lamp cost?", "price", "Oil lamp; Price: 15", "The lamp lights the whole room."),
        ("What does it cost to buy the game?", "retail", "19.99 at launch, no ads.", "A dodge costs 22."),
        ("How long does poison last?", "duration", "It wears off after 4 seconds.", "Poison is green."),
        ("How far can archers shoot?", "length", "Their range is 8 tiles.", "Archers shoot at night."),
        ("What are the odds of a relic?", "share", "9 % rare, 1 % relic.", "Relics are kept for good measure."),
        ("Who made the music?", "person", "The soundtrack is by Idris.", "music comes in layers"),
        ("Which engine is it built in?", "engine", "Made with Bevy 0.14.", "The engine room is locked."),
        ("How often does the shop restock?", "often", "New goods come every morning.", "The shop is closed."),
        ("Why was crafting cut?", "any", "It made people hoard.", "Anything will do."),
    ],
)
def test_kinds(question: str, kind: str, yes: str, no: str) -> None:
    wanted = expected(question, tuple(terms(question)))
    assert wanted.kind == kind
    assert holds(wanted, yes)
    assert holds(wanted, no) == (kind == "any")


def test_a_heading_may_name_what_is_counted() -> None:
    wanted = expected("how many bosses are there", ("boss",))
    assert holds(wanted, "There are five.", frozenset(terms("4.5 Bosses")))
    assert not holds(wanted, "There are five.", frozenset(terms("Weapons")))
