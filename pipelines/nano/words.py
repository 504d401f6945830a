"""The words of a subject: its head noun, what modifies it, and which of them ask for a colour."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SMALL = frozenset(
    ["a", "an", "the", "of", "with", "and", "in", "on", "for", "to", "some", "its", "his", "her", "by", "from", "at"]
)
_ABOUT_THE_PICTURE = frozenset(
    [
        "game",
        "asset",
        "assets",
        "sprite",
        "sprites",
        "pixel",
        "art",
        "pixelart",
        "style",
        "render",
        "flat",
        "icon",
        "3d",
        "2d",
        "seamless",
        "texture",
        "tile",
        "tileable",
        "transparent",
        "background",
        "cute",
        "isolated",
        "single",
        "object",
        "prop",
        "item",
        "character",
        "one",
    ]
)
_PREPOSITION = re.compile(r"\b(?:with|on|in|for|from|at|by|near|under|over|holding|wearing|wielding|covered|full)\b")
_AMOUNT = frozenset(
    [
        "pile",
        "stack",
        "heap",
        "bunch",
        "piece",
        "pair",
        "set",
        "cluster",
        "patch",
        "bundle",
        "block",
        "chunk",
        "handful",
        "row",
        "slice",
    ]
)
_IRREGULAR = {
    "cacti": "cactus", "knives": "knife", "wolves": "wolf", "leaves": "leaf", "elves": "elf", "dwarves": "dwarf",
    "loaves": "loaf", "shelves": "shelf", "teeth": "tooth", "mice": "mouse", "geese": "goose", "feet": "foot",
    "men": "man", "women": "woman", "children": "child", "torches": "torch", "axes": "axe", "dice": "die",
    "armour": "armor", "grey": "gray",
}  # fmt: skip
# What people ask for -> the nearest thing that the exemplars know by another name.
_ALIASES = {
    "campfire": "camp fire", "bonfire": "camp fire", "vulture": "eagle", "hawk": "eagle", "falcon": "eagle",
    "crow": "raven", "rattlesnake": "snake", "cobra": "snake", "viper": "snake", "python": "snake", "oasis": "palm",
    "wagon": "cart", "pot": "jar", "vase": "jar", "urn": "jar", "gravestone": "headstone", "tombstone": "headstone",
    "donut": "doughnut", "rifle": "gun", "treasure": "chest", "cauldron": "pot", "tome": "book", "spellbook": "book",
    "torch": "torch", "wand": "wand", "sapphire": "gem", "emerald": "gem", "jewel": "gem", "crystal": "crystal",
    "boulder": "rock", "pebble": "rock", "canteen": "flask", "dune": "desert", "knapsack": "backpack",
    "car": "automobile", "truck": "lorry", "plane": "airplane", "spacecraft": "spaceship", "ufo": "saucer",
    "medkit": "medkit", "sabre": "sword", "blade": "sword", "dino": "dinosaur", "trex": "rex", "hut": "house",
    "cottage": "house", "coil": "knot", "rope": "knot", "stool": "chair", "sofa": "couch", "sack": "bag",
    "vial": "flask", "elixir": "potion", "corn": "corn", "bandana": "scarf", "fence": "fence", "grave": "headstone",
}  # fmt: skip
# Words that ask for a colour or a material, by the latent recolouring that shows it.
_TINT_WORDS = {
    "red": "red crimson scarlet ruby fire fiery flaming lava bloody",
    "orange": "orange amber",
    "gold": "gold golden yellow brass",
    "green": "green emerald poison toxic mossy jade",
    "cyan": "cyan ice icy frost frozen crystal turquoise diamond",
    "blue": "blue sapphire mana azure",
    "purple": "purple violet amethyst arcane cursed void",
    "pink": "pink rosy",
    "brown": "brown rusty rusted wooden wood leather copper bronze clay mud muddy",
    "sand": "sand sandy sandstone tan beige dusty",
    "gray": "gray silver steel iron stone metal",
    "black": "black dark shadow obsidian burnt charred coal",
    "white": "white snow snowy ivory bone bleached pale",
}
TINT_OF = {word: tint for tint, words in _TINT_WORDS.items() for word in words.split()}


def singular(word: str) -> str:
    """A good enough English singular: 'boxes' -> 'box', 'berries' -> 'berry'; 'cactus' and 'glass' stay."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@dataclass(frozen=True)
class Subject:
    """Head noun ('' when there is none), the other content words in order, and the colour asked for."""

    head: str
    modifiers: tuple[str, ...]

    @property
    def words(self) -> frozenset[str]:
        return frozenset((self.head, *self.modifiers)) - {""}

    @property
    def tint(self) -> str | None:
        return next((TINT_OF[word] for word in self.modifiers if word in TINT_OF), None)


def alias(word: str) -> frozenset[str]:
    """Words that the exemplars use for the same thing (empty if none is known)."""
    return frozenset(_ALIASES.get(word, "").split()) - {word}


def _content(text: str) -> list[str]:
    words = [singular(word) for word in re.findall(r"[a-z0-9]+", text)]
    return [word for word in words if word not in _SMALL and not word.isdigit()]


def parse_subject(text: str) -> Subject:
    """Split a short English noun phrase; only what stands before the first comma counts.

    The head is the last word before a preposition ('camel skull on a pole' -> 'skull'); for an amount it is what there
    is an amount of ('pile of bones' -> 'bone').
    """
    phrase = re.split(r"[,;(]", text.lower().replace("’", "'").replace("'s", ""))[0]
    everything = _content(phrase)
    words = [word for word in everything if word not in _ABOUT_THE_PICTURE] or everything
    if not words:
        return Subject("", ())
    main = _content(_PREPOSITION.split(phrase)[0]) or words
    before, _, after = phrase.partition(" of ")
    amount = _content(before)
    if after and amount and amount[-1] in _AMOUNT:
        main = _content(_PREPOSITION.split(after)[0]) or main
    elif after:
        main = amount or main
    main = [word for word in main if word in words] or words
    head = main[-1]
    return Subject(head, tuple(dict.fromkeys(word for word in words if word != head)))
