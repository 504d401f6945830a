# ruff: noqa: E501 (word lists and patterns)
"""English noun phrases, as far as plans need them: singular forms, heads, keys that tell duplicates."""

from __future__ import annotations

import re

_IRREGULAR = {
    "cacti": "cactus", "fungi": "fungus", "geese": "goose", "mice": "mouse", "teeth": "tooth", "feet": "foot", "oxen": "ox",
    "men": "man", "women": "woman", "children": "child", "people": "person", "dice": "die", "wolves": "wolf",
    "knives": "knife", "leaves": "leaf", "elves": "elf", "dwarves": "dwarf", "shelves": "shelf", "loaves": "loaf",
    "scarves": "scarf", "hooves": "hoof", "staves": "staff", "staffs": "staff", "werewolves": "werewolf",
    "bookshelves": "bookshelf", "thieves": "thief", "calves": "calf", "halves": "half", "axes": "axe", "pickaxes": "pickaxe",
    "cookies": "cookie", "pies": "pie", "zombies": "zombie", "genies": "genie", "movies": "movie", "brownies": "brownie",
    "selkies": "selkie", "magpies": "magpie", "hoodies": "hoodie", "pixies": "pixie", "faeries": "faerie",
    "shoes": "shoe", "canoes": "canoe", "horseshoes": "horseshoe", "toes": "toe", "snowshoes": "snowshoe",
    "statuses": "status", "octopi": "octopus", "vortices": "vortex", "phoenixes": "phoenix", "gases": "gas",
    "gargoyles": "gargoyle", "caches": "cache", "toothaches": "toothache", "headaches": "headache", "moustaches": "moustache",
    "slimes": "slime", "lenses": "lens", "dwarfs": "dwarf", "fishmen": "fishman", "snowmen": "snowman", "swordsmen": "swordsman",
    "merfolk": "merfolk", "avalanches": "avalanche", "horses": "horse", "houses": "house", "vases": "vase", "roses": "rose",
    "nooses": "noose", "purses": "purse", "lighthouses": "lighthouse", "greenhouses": "greenhouse", "corpses": "corpse",
    "bases": "base", "cases": "case", "suitcases": "suitcase", "briefcases": "briefcase", "bookcases": "bookcase",
    "causes": "cause", "mongooses": "mongoose", "seahorses": "seahorse", "hoses": "hose", "fuses": "fuse",
    "tortoises": "tortoise", "porpoises": "porpoise", "cheeses": "cheese", "bruises": "bruise", "phases": "phase",
    "warehouses": "warehouse", "pulses": "pulse", "universes": "universe", "curses": "curse", "verses": "verse",
}  # fmt: skip
_SAME = {
    "glasses", "scissors", "trousers", "pants", "jeans", "shorts", "pliers", "tongs", "goggles", "binoculars", "headphones",
    "fish", "sheep", "deer", "moose", "bison", "squid", "shrimp", "armor", "armour", "grass", "moss", "glass", "brass",
    "compass", "cross", "dress", "mattress", "fortress", "harness", "canvas", "atlas", "lotus", "cactus", "octopus",
    "walrus", "platypus", "hibiscus", "crocus", "bus", "virus", "chaos", "abacus", "circus", "papyrus", "citrus", "anubis",
    "sarcophagus", "fungus", "stylus", "series", "species", "ruins", "stairs", "gallows", "bellows", "chess", "lens", "gas",
    "boss", "kiss", "hippopotamus", "tyrannosaurus", "stegosaurus", "brontosaurus", "lass", "mess", "bass", "class", "cutlass",
    "iris", "tennis", "pus", "trellis", "portcullis", "clematis", "oasis", "cosmos", "christmas", "us", "goddess", "princess",
    "sorceress", "enchantress", "priestess", "lioness", "huntress", "waitress", "empress", "abyss", "pass", "press",
    "business", "chassis", "nautilus", "minus", "plus", "bonus", "status", "focus", "campus", "colossus", "pegasus",
    "cyclops", "phoenix", "triceratops", "barracks", "headquarters", "mass", "nexus", "locus", "genius", "axis", "basis",
    "handcuffs", "sunglasses", "overalls", "leggings", "greaves", "spaghetti", "tropics", "gladiolus", "narcissus", "debris",
    "snus", "this", "always", "mantis", "tetris", "wilderness", "darkness", "swamps'", "sassafras", "pancreas", "texas",
}  # fmt: skip
ARTICLES = frozenset(("a", "an", "the", "some", "my", "our", "your", "this", "that", "these", "those"))
JOINING = frozenset(("of", "with", "in", "on", "for", "from", "to", "and", "or", "at", "by", "made", "under", "over"))
_CUT = re.compile(
    r"\s(?:of|with|in|on|for|from|holding|wearing|riding|carrying|under|at|made|full|inside|behind|near|who|that)\s"
)


def singular(word: str) -> str:
    """One English word (lower case) in the singular; a singular stays as it is."""
    if word in _SAME or len(word) < 4:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ss") or not word.endswith("s") or word.endswith(("'s", "ous")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zzes")):
        return word[:-2]
    if word.endswith("oes"):
        return word[:-2]
    if word.endswith("ves") and word[:-3].endswith(("l", "ar")) and len(word) > 5:
        return word[:-3] + "f"
    return word[:-1]


def is_plural(word: str) -> bool:
    return singular(word) != word


def head_index(words: list[str]) -> int:
    """Place of the noun that the phrase is about: the last word before "of", "with", ..."""
    text = " ".join(words)
    match = _CUT.search(f" {text} ")
    if match is None or match.start() == 0:
        return len(words) - 1
    return max(0, len(f" {text} "[: match.start()].split()) - 1)


def head(phrase: str) -> str:
    words = phrase.lower().split()
    return singular(words[head_index(words)]) if words else ""


def singular_phrase(phrase: str) -> str:
    """ "rusty swords of the kings" -> "rusty sword of the kings": only the head changes."""
    words = phrase.split()
    if not words:
        return ""
    at = head_index([word.lower() for word in words])
    if is_plural(words[at].lower()):
        words[at] = singular(words[at].lower())
    return " ".join(words)


def key(phrase: str) -> str:
    """Equal for phrases that name the same thing: order, number, case, articles and hyphens do not count."""
    words = re.findall(r"[^\W_]+(?:'[a-z]+)?", phrase.lower())
    kept = sorted({singular(word) for word in words if word not in ARTICLES and word not in JOINING})
    return " ".join(kept) or phrase.lower()


def tidy(phrase: str) -> str:
    """One line, single spaces, no outer punctuation or article."""
    text = " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", phrase).split()).strip(" .,;:!?-–—\"'`*•")
    words = text.split()
    while len(words) > 1 and words[0].lower() in ARTICLES:
        words.pop(0)
    return " ".join(words)
