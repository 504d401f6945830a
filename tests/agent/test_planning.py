# ruff: noqa: E501 (tables)
"""Plans: exact counts, distinct concrete subjects of the theme, clear sentences for what cannot be."""

from __future__ import annotations

import re
from typing import Any

import pytest

from agent.planning import Planner
from agent.planning.vocabulary import VECTORS, _shipped
from agent.planning.words import key, singular, singular_phrase
from errors import BadRequest, NotReady
from jobs.plan import AssetPlan
from tests.agent.studio import EMBEDDER, VOCABULARY

PLANNER = Planner(VOCABULARY, EMBEDDER)
THEMES = (
    "desert", "western", "forest", "swamp", "dungeon", "cave", "graveyard", "castle", "medieval village", "tavern", "pirate", "beach",
    "underwater", "winter", "volcano", "sci-fi", "space", "cyberpunk", "city street", "post-apocalyptic", "farm", "kitchen", "candy",
    "jungle", "egyptian", "ancient greek", "japanese", "prehistoric", "steampunk", "wizard tower", "halloween", "christmas", "toy",
    "school", "hospital", "music", "sports", "garden", "living room", "carnival", "military", "temple ruins", "camping", "factory",
    "train station", "cloud", "viking", "detective",
)  # fmt: skip


def plan(subject: str, kind: str, count: int = 1, request: str | None = None, **args: Any) -> AssetPlan:
    call = {"subject": subject, "kind": kind, "count": count, **args}
    return PLANNER.plan(call, request or f"{count} {subject} {kind}s")


def subjects(*args: Any, **kwargs: Any) -> list[str]:
    return [item.subject for item in plan(*args, **kwargs).items]


def assert_distinct(texts: list[str]) -> None:
    assert len({key(text) for text in texts}) == len(texts)


def test_the_vocabulary_is_large_and_its_vectors_belong_to_it() -> None:
    assert len(VOCABULARY.subjects) >= 1500
    assert VECTORS.exists() and _shipped(VOCABULARY.digest) is not None, "run: python -m agent.planning.build"
    assert all(subject.tags for subject in VOCABULARY.subjects)


def test_32_desert_props_are_what_an_artist_would_list() -> None:
    found = subjects("desert", "prop", 32)
    assert len(found) == 32
    assert_distinct(found)
    assert {"saguaro cactus", "camel skull", "clay pot", "broken cart wheel"} <= set(found)
    assert not [text for text in found if "desert desert" in text]
    characters = {s.text for s in VOCABULARY.subjects if s.kinds == {"character"}}
    assert not characters & set(found)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", ["prop", "character"])
def test_every_theme_fills_a_plan_from_its_own_lists(theme: str, kind: str) -> None:
    found = subjects(theme, kind, 12)
    assert len(found) == 12
    assert_distinct(found)
    known = {subject.text: subject for subject in VOCABULARY.subjects}
    if kind == "prop" or theme not in ("living room", "factory", "train station", "music"):
        assert sum(text in known and kind in known[text].kinds for text in found) >= 10, found


@pytest.mark.parametrize("count", [1, 2, 7, 31, 99, 100])
@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("desert", "prop"),
        ("potions", "item"),
        ("clockwork bazaar", "prop"),
        ("qwrtzpsd", "prop"),
        ("goblin", "character"),
        ("grass", "tile"),
        ("explosion", "effect"),
        ("moonlit castle", "background"),
        ("heart", "ui"),
        ("rusty wooden golden old broken key", "icon"),
    ],
)
def test_counts_are_honoured_exactly(subject: str, kind: str, count: int) -> None:
    found = subjects(subject, kind, count)
    assert len(found) == count
    assert_distinct(found)


def test_variants_are_one_subject() -> None:
    for request in ("4 variants of a rusty sword", "four variations of a rusty sword", "a rusty sword, 4 options"):
        made = plan("rusty sword", "item", 4, request)
        assert [(item.subject, item.variants) for item in made.items] == [("rusty sword", 4)]
    made = plan("silver key", "item", 4, "4 variants of a rusty sword and 4 silver keys")
    assert [item.variants for item in made.items] == [1, 1, 1, 1]
    made = plan("rusty sword", "item", 4, "4 variants of a rusty sword and 4 silver keys")
    assert [(item.subject, item.variants) for item in made.items] == [("rusty sword", 4)]
    made = plan("rusty sword", "item", 1, "4 variants of a rusty sword", variants=4)
    assert [(item.subject, item.variants) for item in made.items] == [("rusty sword", 4)]


def test_distinct_potions() -> None:
    found = subjects("potions", "item", 12, "12 potions")
    assert all(re.search("potion|elixir|flask|vial", text) for text in found)
    assert {"red health potion", "blue mana potion"} <= set(found)


def test_a_list_is_shared_out() -> None:
    found = subjects("wooden crates and barrels", "prop", 6, "half a dozen wooden crates and barrels")
    assert [text.split()[-1] for text in found] == ["crate"] * 3 + ["barrel"] * 3
    assert all("wooden" in text for text in found)
    spells = subjects("fire and ice spells", "icon", 20, "20 icons for fire and ice spells")
    assert (
        len(spells) == 20 and any("fire" in text for text in spells[:10]) and any("ice" in text for text in spells[10:])
    )
    assert subjects("baker's cart plus matching sign", "prop", 2, "a baker's cart plus matching sign, 1 each") == [
        "baker's cart",
        "matching sign",
    ]
    assert subjects("robots with swords and shields", "character", 3)[0] == "robot with swords and shields"


@pytest.mark.parametrize(
    ("request_", "subject", "count", "english"),
    [
        ("Necesito una docena de cofres del tesoro oxidados", "cofres del tesoro oxidados", 12, "rusty treasure chest"),
        ("dessine quatre lanternes rouillées", "lanternes rouillées", 4, "rusty lantern"),
        ("ich brauche zehn Tannen", "Tannen", 10, "pine tree"),
        ("crie cinco espadas de gelo", "espadas de gelo", 5, "sword"),
        ("剣を3個作って", "剣", 3, "sword"),
    ],
)
def test_words_of_other_languages_are_drawn(request_: str, subject: str, count: int, english: str) -> None:
    made = PLANNER.plan({"subject": subject, "kind": "prop", "count": count}, request_)
    assert made.total == count and len({item.subject for item in made.items}) == count
    assert all(set(english.split()) <= set(item.subject.split()) for item in made.items), made.items


def test_adjectives_stay_and_do_not_clash() -> None:
    keys = subjects("rusty keys", "prop", 25, "25x rusty keys")
    assert all("rusty" in text for text in keys)
    assert not [text for text in keys if re.search("golden|wooden|crystal|rusty rusty", text)]
    potions = subjects("red and blue potions", "item", 8, "8 red and blue potions")
    assert len([text for text in potions if "red" in text]) == 4
    assert not [text for text in potions if "red" in text and re.search("blue|green|yellow|purple", text)]


def test_afterthoughts_are_adjectives() -> None:
    found = subjects("barrels. wooden", "prop", 30, "barrels. thirty. wooden.")
    assert found[0] == "wooden barrel" and all("wooden" in text and text.endswith("barrel") for text in found)


def test_an_unknown_theme_lends_its_word() -> None:
    found = subjects("zorblaxian", "prop", 10, "10 zorblaxian props")
    assert_distinct(found)
    assert all("zorblaxian" in text for text in found)


def test_no_theme_at_all_gives_a_mix() -> None:
    for subject, kind in (("props", "prop"), ("items", "item"), ("enemies", "character"), ("tiles", "tile")):
        found = subjects(subject, kind, 12, f"12 {subject}")
        assert_distinct(found)
        assert subject not in found and singular(subject) not in found


def test_an_unknown_thing_is_that_thing() -> None:
    assert all("samovar" in text for text in subjects("samovars", "prop", 5, "5 samovars"))


def test_one_thing_keeps_its_words() -> None:
    for text in (
        "plague doctor",
        "friendly robot shopkeeper",
        "moonlit castle",
        "knight on a white horse with a red banner",
    ):
        assert subjects(text, "character", 1, f"draw a {text}") == [text]
    assert subjects("the Treasure Chest!", "prop", 1) == ["Treasure Chest"]
    assert subjects("desert", "prop", 1, "a desert prop") != ["desert"]


@pytest.mark.parametrize("count", [0, -3, 101, 1_000_000])
def test_counts_out_of_range(count: int) -> None:
    with pytest.raises(BadRequest, match="limit is 100|Ask for 1 to 100"):
        plan("desert", "prop", count)
    with pytest.raises(BadRequest):
        plan("desert", "prop", 1, variants=count)
    with pytest.raises(BadRequest, match="The batch limit is 100. Ask for 100 or fewer, or split the request."):
        plan("desert", "prop", 20, variants=6)


@pytest.mark.parametrize(
    "args",
    [
        {"size": 4},
        {"size": 100_000},
        {"seed": -1},
        {"seed": 2**40},
        {"kind": "song"},
        {"subject": " . "},
        {"subject": "a" * 400},
    ],
)
def test_arguments_out_of_range(args: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        PLANNER.plan({"subject": "cactus", "kind": "prop", **args}, "a cactus")


def test_options_reach_the_plan() -> None:
    made = plan("cobblestone", "texture", 2, tileable=True, size=512, style="pixel art", style_pack="Moss", seed=7)
    assert (made.size, made.style, made.style_packs, made.seed) == (512, "pixel art", ["Moss"], 7)
    assert all(item.tileable for item in made.items)
    assert plan("castle", "background").transparent is False
    assert plan("cactus", "prop", transparent=False).transparent is False


class Writer:
    """A language model that lists things, well or badly."""

    def __init__(self, lines: list[str] | Exception) -> None:
        self.lines = lines

    def subjects(self, theme: str, count: int, kind: str = "prop", avoid: tuple[str, ...] = ()) -> list[str]:
        if isinstance(self.lines, Exception):
            raise self.lines
        return self.lines


def test_what_a_model_writes_is_checked_and_topped_up() -> None:
    lines = [
        "1. Bleached Bones",
        "- a bleached bone",
        "cacti",
        "A cactus",
        "",
        "***",
        "x" * 200,
        '"rusty lamp": an old lamp',
    ]
    found = [i.subject for i in Planner(VOCABULARY, EMBEDDER, Writer(lines)).plan(
        {"subject": "desert", "kind": "prop", "count": 10}, "10 desert props").items]  # fmt: skip
    assert found[:3] == ["Bleached bone", "cactus", "rusty lamp"]
    assert len(found) == 10
    assert_distinct(found)


def test_a_model_that_is_down_does_not_stop_the_plan() -> None:
    planner = Planner(VOCABULARY, EMBEDDER, Writer(NotReady("The endpoint is down.")))
    assert planner.plan({"subject": "desert", "kind": "prop", "count": 10}, "10 desert props").total == 10


@pytest.mark.parametrize(
    ("plural", "one"),
    [("cacti", "cactus"), ("boxes", "box"), ("wolves", "wolf"), ("torches", "torch"), ("grass", "grass"), ("glasses", "glasses"),
     ("berries", "berry"), ("axes", "axe"), ("scarves", "scarf"), ("potatoes", "potato"), ("fish", "fish"), ("horses", "horse"),
     ("leaves", "leaf"), ("people", "person"), ("compass", "compass"), ("bus", "bus"), ("olives", "olive"), ("slaves", "slave")],
)  # fmt: skip
def test_singular(plural: str, one: str) -> None:
    assert singular(plural) == one
    assert singular(one) == one


def test_phrases() -> None:
    assert singular_phrase("swords of the kings") == "sword of the kings"
    assert key("Wooden Crates") == key("a wooden crate") == key("wooden-crate")
