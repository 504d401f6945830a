"""Names and cleaning for the Dungeon Crawl Stone Soup tiles (CC0): path and file name say what a tile shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from pipelines.nano.records import SIZE, Record, clean_name, clear_hidden, coverage

LICENCE = "CC0-1.0"
SOURCE = "Dungeon Crawl Stone Soup tiles"
UNKNOWN_LICENCE_FILE = "TILES_UNDER_UNKNOWN_LICENSE.md"

# Parts of paper dolls, tentacle pieces, overlays, markers and map shadows mean nothing alone.
_SKIP = re.compile(
    r"^(misc/|UNUSED/(gui|emissaries|worn|other|floor)/|dngn/altars/generic|mon/panlord/demon_|mon/draco/draco-job"
    r"|mon/tentacles/|mon/statues/overlay|mon/vault/hell_wizard|item/.*/brands/|item/food/chunk_brands/"
    r"|dngn/unseen|dngn/wall/shadow|mon/nonliving/test_spawner|mon/eldritch|UNUSED/features/(shadow|transparent)"
    r"|player/(?!base/|transform/|felids/))"
    r"|(^|/)i-|(^|/)(gate|vgate)_|wave|_bord_|corner|_(left|right|middle|up|down|nw|ne|sw|se|n|s|e|w)\d*$"
    r"|_gone$|slime_overlay|statue_base|draco-base-mottle|blood|unseen|chunk|mask|water_disturbance|bcl|bcr|dirt_b|_water$|todo|urand_(punk|plutonium)"
)
_UNIQUE = {
    "tiamat": "dragon",
    "lernaean hydra": "hydra",
    "serpent of hell": "serpent",
    "cerebov": "demon lord",
}
_NOUNS = {
    "sword",
    "axe",
    "blade",
    "bow",
    "knife",
    "spear",
    "scythe",
    "mace",
    "staff",
    "sceptre",
    "cloak",
    "mask",
    "katana",
    "cutlass",
    "glaive",
    "trident",
}
_ITEM_NOUN = {
    "potion": "potion", "ring": "ring", "amulet": "amulet", "scroll": "scroll", "book": "book", "wand": "wand",
    "staff": "staff", "rod": "rod",
}  # fmt: skip
_REWRITE = (
    (r"^gem (.*) wand$", r"\1 wand"),
    (r"^scroll (.*) scroll$", r"\1 scroll"),
    (r"^(scroll|staff|rod) \1$", r"magic \1"),
    (r"^book of the dead book$", "book of the dead"),
    (r"^(boots|cloak|glove|robe|hat|helmet|cap) (.*)$", r"\2 \1"),
    (r"^statue form (.*)$", r"\1 stone statue"),
    (r"^dragon form ?(.*)$", r"\1 dragon"),
    (r"^(.*) form( \w+)?$", r"\1 creature"),
    (r"^lorc$", "orc"),
    (r"^sigil .*$", "rune sigil floor"),
    (r"^neg cloud$|^cloud neg$", "dark energy cloud"),
    (r"^cloud meph$", "foul gas cloud"),
    (r"^cloud calc dust$", "dust cloud"),
    (r"^cloud tloc energy$", "energy cloud"),
    (r"^(dirt|grass|pedestal|infernal) (full|blank) floor$", r"\1 floor"),
    (r"^simulacrum (.*)$", r"ice \1 statue"),
    (r"^spectral (.*)$", r"ghost \1"),
    (r"^skeleton (.*)$", r"\1 skeleton"),
    (r"^statue (.*)$", r"\1 statue"),
    (r"^cloud (.*)$", r"\1 cloud"),
    (r"^enter (.*)$", r"\1 gate"),
    (r"^(exit|return|transit) (.*)$", r"\2 portal"),
    (r"^draco base (.*)$", r"\1 draconian"),
    (r"^misc lantern$", "skull lantern"),
    (r"^misc (.*)$", r"magic \1"),
    (r"^rune (.*)$", r"\1 rune stone"),
    (r"^centaur barding (.*)$", r"\1 horse armour"),
    (r"^tree (.*)$", r"\1 tree"),
    (r"^mace large$", "large mace"),
    (r"\b(inert|ego|art|f|m|dd|dk|bk|small(?=$))\b", ""),
    (r"\b(light|dark)(?=(red|green|blue|gr[ae]y|brown|cyan|magenta)\b)", r"\1 "),
    (
        r"^(.*?) ((?:light |dark )?(?:red|green|blue|gr[ae]y|brown|cyan|magenta|black|white|yellow|purple|gold|pale))$",
        r"\2 \1",
    ),
    (r"\blight red\b", "red"),
)
# Broader words by which people ask for a thing whose name is rarer.
_BROADER = {
    "sword": "scimitar falchion katana cutlass rapier claymore greatsword blade quickblade sabre",
    "axe": "tomahawk bardiche halberd", "shield": "buckler", "dagger": "knife", "knife": "dagger",
    "mace": "morningstar eveningstar flail club", "hammer": "mace", "spear": "javelin trident lance glaive",
    "snake": "adder anaconda python mamba viper serpent moccasin", "slime": "jelly ooze amoeba",
    "bow": "longbow shortbow", "crossbow": "arbalest", "crocodile": "alligator", "dog": "hound jackal wolf",
    "pig": "hog boar swine", "cow": "yak", "spider": "tarantella redback tarantula", "wasp": "hornet",
    "demon": "devil imp fiend balrug efreet hellion", "dragon": "drake wyvern draconian", "bird": "raven phoenix",
    "lizard": "iguana newt basilisk", "fairy": "spriggan dryad nymph", "helmet": "helm cap", "coffin": "sarcophagus",
    "bush": "briar", "armor": "armour plate mail", "fish": "eel shark goldfish", "mushroom": "deathcap",
    "wizard": "mage sorcerer conjurer necromancer", "knight": "warrior guard", "ghost": "phantom wraith spectre wight",
    "skeleton": "skeletal", "portal": "gate", "insect": "ant beetle bee cockroach firefly moth scorpion",
    "whip": "bullwhip", "wood": "bark", "rock": "stone boulder", "stone": "rock", "jewel": "gem crystal",
}  # fmt: skip
_TAGS = {
    "potion": ["flask", "bottle", "drink"], "ring": ["jewellery"], "amulet": ["necklace", "jewellery"],
    "scroll": ["paper", "magic"], "book": ["spell book", "tome"], "wand": ["magic"], "staff": ["magic"],
    "weapon": ["weapon"], "armour": ["armor", "equipment"], "food": ["food"], "gold": ["coins", "money", "treasure"],
    "statues": ["statue", "stone"], "altars": ["altar", "shrine"], "gateways": ["portal", "entrance"],
    "traps": ["trap", "dungeon"], "trees": ["tree", "plant"], "doors": ["door"], "dragons": ["dragon", "monster"],
    "undead": ["undead", "monster"], "demons": ["demon", "monster"], "animals": ["animal", "creature"],
    "floor": ["floor", "ground", "seamless texture"], "wall": ["wall", "seamless texture"],
    "water": ["water", "seamless texture"], "effect": ["magic effect"], "spells": ["spell"],
}  # fmt: skip


def unknown_licence(listing: str) -> set[str]:
    """Tiles named by the source's own list of unclear ownership, as lower-case file names without folders."""
    return {match.rsplit("/", 1)[-1].lower() for match in re.findall(r"[\w./\-]+\.png", listing)}


def tile_name(path: str) -> tuple[str, bool]:
    """(concept name, says what it shows) for a tile path without its suffix, such as 'item/potion/sky_blue'."""
    parts = path.split("/")
    name = clean_name(parts[-1])
    top, group = parts[0], parts[1] if len(parts) > 2 else ""
    exemplar = True
    if parts[-1].startswith(("urand_", "spwpn_")):
        words = [word for word in name.split()[1:] if word in _NOUNS]
        name, exemplar = (f"magic {words[-1]}", True) if words else (f"magic {group or 'item'}", False)
    elif top == "item" and group == "gold":
        name = "gold coins"
    elif top == "item" and group in _ITEM_NOUN:
        stem = clean_name(parts[-1].replace("stone1", "stone"))
        name = f"{stem} {_ITEM_NOUN[group]}" if stem else f"magic {_ITEM_NOUN[group]}"
    elif group == "altars" or "altar" in name:
        name = f"{name.replace('altar', '').strip()} altar"
    elif group in ("floor", "wall") and top == "dngn":
        name = name if group in name.split() else f"{name} {group}"
    elif group == "traps":
        name = f"{name} trap"
    elif group == "spells":
        name = f"{name} spell icon"
    elif group == "unique":
        match = next((noun for start, noun in _UNIQUE.items() if name.startswith(start)), None)
        colour = name.split()[-1] if name.startswith("tiamat") else ""
        name, exemplar = (f"{colour} {match}".strip(), True) if match else ("fantasy character", False)
    for pattern, replacement in _REWRITE:
        name = re.sub(pattern, replacement, name).strip()
    return re.sub(r"\s+", " ", name).strip(), exemplar


def broader(name: str) -> list[str]:
    """Broader words for the words of a name: 'ancient scimitar' -> ['sword']."""
    words = set(name.split())
    return [general for general, special in _BROADER.items() if words & set(special.split()) and general not in words]


def tile_kinds(path: str) -> list[str]:
    """Asset kinds that a tile can serve as."""
    top, group = path.split("/")[0], path.split("/")[1]
    if group in ("floor", "wall", "water"):
        return ["texture", "tile"]
    if top in ("mon", "player") or group == "monsters":
        return ["prop"] if group in ("statues",) else ["character"]
    if top == "effect":
        return ["effect"]
    if group == "spells":
        return ["icon", "ui"]
    if top == "dngn" or group == "features":
        return ["prop", "tile"]
    return ["item", "prop", "icon"]


def read_dcss(root: Path) -> Iterator[tuple[Record, Image.Image]]:
    """Every usable tile of a DCSS export with its record; 32 px art doubled. Raises FileNotFoundError if absent."""
    banned = unknown_licence((root / UNKNOWN_LICENCE_FILE).read_text(encoding="utf-8"))
    for file in sorted(root.rglob("*.png")):
        path = file.relative_to(root).with_suffix("").as_posix()
        if _SKIP.search(path) or file.name.lower() in banned:
            continue
        image = Image.open(file).convert("RGBA")
        if image.size != (32, 32) or coverage(image) <= 0.04:
            continue
        name, exemplar = tile_name(path)
        kinds = tile_kinds(path)
        if "texture" in kinds and coverage(image) < 0.98:
            kinds, exemplar = ["tile", "prop"], False  # an edge piece: meaningless alone
        tags = [tag for part in path.split("/")[:-1] for tag in _TAGS.get(part, [])] + broader(name)
        record = Record(
            f"dcss/{path}",
            name,
            "pixel",
            kinds,
            SOURCE,
            LICENCE,
            tags,
            flip="texture" not in kinds,
            exemplar=exemplar,
        )
        yield record, clear_hidden(image.resize((SIZE, SIZE), Image.Resampling.NEAREST))
