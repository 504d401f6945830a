# ruff: noqa: E501, SIM905 (word lists)
"""Adjectives that make one thing into many distinct ones which can still be drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

GROUPS: dict[str, tuple[str, ...]] = {
    "colour": ("red", "blue", "green", "yellow", "purple", "orange", "white", "black", "brown", "pink", "teal", "grey"),
    "material": ("wooden", "stone", "iron", "golden", "silver", "bronze", "copper", "bone", "crystal", "clay", "marble", "obsidian", "jade", "steel"),
    "condition": ("broken", "mossy", "rusty", "cracked", "dusty", "burnt", "old", "weathered", "muddy", "cobwebbed", "patched", "battered", "polished", "frosty"),
    "size": ("small", "large", "tall", "tiny", "round", "narrow", "huge", "wide"),
    "magic": ("glowing", "ancient", "cursed", "enchanted", "haunted", "runic", "sacred", "burning", "frozen"),
    "decor": ("ornate", "plain", "striped", "carved", "painted", "gilded", "jewelled", "skull-marked", "spiked", "decorated"),
    "growth": ("small", "large", "tall", "young", "old", "twisted", "blooming", "withered", "mossy", "snowy", "dark", "bare", "glowing", "giant"),
    "beast": ("small", "giant", "young", "angry", "spotted", "striped", "sleeping", "old", "armoured", "horned", "shaggy", "scarred", "glowing", "skeletal"),
    "person": ("young", "old", "armoured", "hooded", "masked", "bearded", "tall", "scarred", "royal", "ragged", "wounded", "winged"),
    "ground": ("mossy", "cracked", "dark", "wet", "worn", "pale", "snowy", "sandy", "muddy", "rough", "smooth", "mixed", "stained", "overgrown"),
    "burst": ("small", "large", "blue", "green", "purple", "golden", "red", "white", "smoky", "fading", "swirling", "ring-shaped", "star-shaped", "spiral", "bright", "dark"),
    "food": ("fresh", "half-eaten", "sliced", "golden", "burnt", "frozen", "tiny", "giant", "rotten", "glazed", "spicy", "iced", "striped", "rainbow"),
    "state": ("full", "empty", "half", "broken", "glowing", "outlined", "golden", "frozen", "burning", "poisoned", "shielded", "winged", "cursed", "pixel", "stone", "crystal", "small", "large", "spiked", "blue", "green", "purple", "red", "black"),
}  # fmt: skip
ROLES = (
    "archer", "warrior", "mage", "scout", "chieftain", "shaman", "guard", "thief", "king", "miner", "berserker", "spearman", "cook",
    "merchant", "assassin", "priest", "knight", "hunter", "bomber", "blacksmith", "drummer", "queen", "wizard", "brute", "captain",
    "farmer", "necromancer", "rider", "healer", "prisoner", "champion", "druid", "bandit", "alchemist", "monk", "bard",
)  # fmt: skip
SCENES = (
    "at dawn", "at night", "at sunset", "in the rain", "in fog", "in snow", "under a full moon", "at noon", "in a storm", "in autumn",
    "in spring", "under a starry sky", "in ruins", "on fire", "from afar", "under an aurora",
)  # fmt: skip
HUMANOID = frozenset(
    "goblin orc troll ogre kobold gnoll elf dwarf gnome halfling lizardman fishman hobgoblin bugbear skeleton zombie vampire demon imp robot "
    "alien cyborg android satyr centaur naga minotaur merman merfolk fairy pixie angel tengu oni draconian catfolk cat fox frog rat mouse bear "
    "rabbit mushroom giant human knight pirate viking ninja soldier guard cultist villager adventurer hero bandit".split()
)  # things that can have a trade: "goblin archer"
MOODS: dict[str, tuple[str, ...]] = {
    "abandoned": ("broken", "dusty", "old", "cobwebbed", "rusty"),
    "ruined": ("broken", "cracked", "mossy", "burnt"),
    "destroyed": ("broken", "burnt", "cracked"),
    "lost": ("mossy", "ancient", "broken", "overgrown"),
    "overgrown": ("overgrown", "mossy"),
    "gloomy": ("dark", "old", "cobwebbed"),
    "poor": ("patched", "worn", "plain"),
    "rich": ("ornate", "golden", "polished"),
    "expensive": ("ornate", "golden", "polished"),
    "fancy": ("ornate", "golden", "polished"),
    "royal": ("golden", "ornate", "jewelled"),
    "dirty": ("muddy", "dusty", "stained"),
    "corrupted": ("dark", "cursed", "twisted"),
    "evil": ("dark", "cursed", "spiked"),
    **dict.fromkeys(
        "beautiful cozy cosy cool funny happy sad strange mysterious traditional modern famous legendary peaceful light nasty cheap "
        "retro rustic vintage primitive exotic warm fantasy scary spooky sinister creepy gothic".split(),
        (),
    ),
}  # adjectives of a whole place, and how its things show them (not at all, when nothing fits)
KNOWN = frozenset(word for group in GROUPS.values() for word in group) | frozenset(
    "abandoned adorable alien angelic arcane arctic beautiful bloody bright bright-coloured cheap chibi colorful colourful "
    "comic cool corrupted cosmic cosy cozy creepy cute dead deadly demonic destroyed dirty divine electric elven dwarven orcish "
    "elegant evil exotic expensive famous fancy fantasy fiery flaming floating flying friendly funny futuristic ghostly gloomy "
    "gothic gross happy heavy holy hostile icy imperial infected infernal legendary light lost lucky magic magical majestic "
    "makeshift mechanical metal modern mutant mysterious mystic mythical nasty noble ominous overgrown pirate poisonous poor "
    "precious primitive rare retro rich robotic romantic royal ruined rustic sad scary shadowy shiny silly simple sinister "
    "slimy spooky strange sunken sturdy tattered toxic traditional tribal ugly undead unholy vintage wicked wild wooden worn "
    "leather paper plastic glass metal cardboard cloth bamboo silk velvet ivory porcelain brass tin rubber straw wicker gold "
    "dry wet warm cold hot fresh ripe rotten sweet sour bitter sharp blunt bent twisted soft hard thick thin long short fat "
    "left right upper lower dark pale deep neon pastel".split()
)
_GROUP_OF = {word: name for name, words in reversed(GROUPS.items()) for word in words}  # the first group counts
_EXCLUDES = {"material": {"material"}, "condition": {"condition", "magic"}}
_EITHER = {"colour", "material"}  # a thing has one of these
_FITS_NOT = {
    frozenset(("rusty", word))
    for word in "wooden stone bone crystal clay marble jade obsidian golden silver gold wood ice fire glass card leaf snake gem star moon".split()
} | {
    frozenset(pair.split())
    for pair in (
        "frozen burning",
        "frosty burning",
        "young old",
        "burnt frozen",
        "small giant",
        "broken open",
        "small large",
        "mossy burnt",
        "burnt stone",
        "burnt iron",
        "burnt clay",
        "full empty",
        "old old",
        "old ancient",
        "dead living",
        "frozen fire",
        "burning ice",
    )
}


def recipes(kind: str, family: str) -> tuple[str, ...]:
    """Groups that suit a thing, best first. `family` is one of beast, person, plant, food, "" (else)."""
    if family in ("beast", "person"):
        return (family, "colour")
    if family == "plant":
        return ("growth", "colour")
    if family == "food":
        return ("food", "colour")
    return {
        "tile": ("ground", "colour"),
        "texture": ("ground", "colour"),
        "effect": ("burst",),
        "ui": ("state", "material"),
        "background": ("growth", "colour"),
        "character": ("person", "colour"),
    }.get(kind, ("condition", "material", "colour", "decor", "magic", "size"))


def modifiers(phrase: str, groups: tuple[str, ...]) -> Iterator[str]:
    """Adjectives for `phrase`, endless enough for 100: single ones of all groups in turn, then pairs.

    A group that the phrase already draws on is left out ("rusty key" gets no other condition), and words that are in it.
    """
    words = set(phrase.lower().split())
    used = {_GROUP_OF[word] for word in words if word in _GROUP_OF}
    closed = set(used).union(*(_EXCLUDES.get(name, set()) for name in used))
    open_groups = [name for name in groups if name not in closed] or ["size", "decor"]
    pools = [[word for word in GROUPS[name] if word not in words and fits(word, words)] for name in open_groups]
    for row in zip_longest(*pools):
        yield from (word for word in row if word is not None)
    if len(pools) == 1:
        pools.append([word for word in GROUPS["colour"] if word not in words and word not in pools[0]])
    for first in range(len(pools)):
        for second in range(first + 1, len(pools)):
            for a, b in _diagonals(pools[second], pools[first]):
                if fits(a, {b}):
                    yield f"{a} {b}"


def fits(word: str, others: Iterable[str]) -> bool:
    """Whether an adjective goes with these words: nothing wooden is rusty."""
    group = _GROUP_OF.get(word)
    return all(
        frozenset((word, other)) not in _FITS_NOT
        and not (group in _EITHER and other != word and _GROUP_OF.get(other) == group)
        for other in others
    )


def _diagonals(left: list[str], right: list[str]) -> Iterator[tuple[str, str]]:
    """All pairs, neighbours differing in both words."""
    for shift in range(max(len(left), len(right), 1)):
        for i, a in enumerate(left):
            if shift < len(right):
                yield a, right[(i + shift) % len(right)]
