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
# What people ask for and the nearest thing that the exemplars know by another name: "a: b c", b or c may show an a.
_ALIAS_TEXT = """
acorn: chestnut; airship: balloon; algae: herb; altar: table; amber: gem; amethyst: cluster gem; amphora: jar
amulet: necklace; android: robot; archway: arch; armchair: chair; armor: plate chestplate mail; automobile: car
badge: star; bandana: scarf; banner: flag; banshee: ghost; barricade: fence; beehive: honeycomb; beholder: eye
berries: cherry; berry: strawberry; bike: bicycle; bin: can; binocular: telescope; blade: sword; boat: sailboat
bonfire: fire; bookcase: bookshelf; boot: shoe; booth: stall; boulder: rock; bracelet: ring; bramble: patch bush
brazier: fire torch; bride: princess; brooch: amulet; bull: ox cow; cabin: house; cable: plug; cairn: rock
campfire: fire; candelabra: candle; canister: drum; canteen: flask; cape: cloak; card: joker; carp: fish
carpet: rug; carriage: cart; cash: dollar; cask: barrel; caterpillar: bug worm; cauldron: pot; cave: entrance
cavern: entrance; cell: cage; chalice: goblet cup; chapel: church; charm: amulet; checkmark: check; chef: cook
chisel: screwdriver; clam: oyster; cliff: rock; coal: rock; cobra: snake; cobweb: web; cog: gear; column: pillar
cottage: house; counter: table; cowgirl: cowboy; coyote: wolf; crow: raven; crystal: cluster gem; cube: block
cultist: ritualist; cup: goblet; cupboard: shelf cabinet; cyborg: robot; daisy: blossom; demon: devil; desk: table
dial: compass; dialog: box; diary: book; dino: dinosaur; dock: bridge; doctor: worker; donut: doughnut
drake: dragon; drone: helicopter; dynamite: firecracker; earring: ring; elixir: potion; emerald: gem
explosion: collision; falcon: eagle; fang: tooth; fern: herb; fez: hat; fiend: devil demon; figurine: statue
fireball: fire; fireplace: fire; fortress: castle fort; fossil: bone; frame: panel; fridge: cabinet
fungus: mushroom; furnace: brazier; gate: portcullis door; gauge: bar; gauntlet: glove; gemstone: gem
geode: cluster; goblet: cup; goggle: goggles; gold: coin; gown: dress; grate: portcullis; grave: gravestone
grenade: bomb; grimoire: book; gunslinger: cowboy; ham: meat; harmonica: accordion; hatchet: axe; hawk: eagle
hazelnut: chestnut; headstone: gravestone; hedge: bush; helm: helmet; hill: dune mountain; hut: cabin house
hyena: wolf; icecream: cream; idol: statue; inn: cabin house; ivy: vine; jeep: car; jewel: gem; journal: notebook
jug: jar; juice: beverage; keep: castle; keg: barrel; kettle: teapot; king: prince; kiosk: stall; knapsack: backpack
lady: princess; lake: pond; lamp: lantern; lantern: lamp; lasso: coil knot; letter: envelope; lighthouse: tower
lightning: voltage; lily: lotus; lock: locked; locket: amulet; lute: guitar; mallet: hammer; marble: ball; mat: rug
mattress: bed; mausoleum: church; mech: robot; merchant: villager; mesa: rock; meteorite: meteor; meter: bar
mimic: chest; mine: bomb; missile: rocket; money: coin; monitor: computer; monolith: obelisk
monument: obelisk statue; moth: butterfly; motorbike: motorcycle; mug: cup; mule: donkey; nomad: villager
note: memo; nugget: ore rock; nurse: worker; orb: ball; ore: rock; outlaw: bandit cowboy; oven: cooking
painting: picture; palace: castle; palisade: fence; parchment: scroll; pc: computer; peasant: villager farmer
pebble: rock; pendant: necklace amulet; pennant: banner flag; phantom: ghost; pier: bridge; pillar: column
piranha: fish; pirate: bandit; pistol: gun; pitcher: jar; plane: airplane; plank: wood; pointer: cursor
policeman: officer; pool: pond; poppy: tulip; portcullis: gate; portrait: picture; poster: scroll; pot: jar
pouch: bag; priest: monk; prison: castle; puddle: pond; puppet: doll; purse: handbag pouch; pyre: fire
python: snake; queen: princess; quiver: arrow; rack: shelf; raft: canoe; railing: fence; rattlesnake: snake
reed: herb; ribcage: bone; robber: bandit; rope: coil knot; rubble: rock; ruby: gem; ruin: house column
sabre: sword; sack: bag pouch; safe: locked; salmon: fish; saloon: cabin house; samurai: ninja; sandal: shoe
sandbag: bag; sandworm: worm; sapling: seedling; sapphire: gem; sarcophagus: coffin; scarab: beetle
scepter: sceptre; seashell: shell; seat: chair stool; seaweed: herb; serpent: snake; shack: cabin house
shard: crystal cluster; shed: cabin house; sheriff: officer; ship: sailboat; shipwreck: sailboat; shop: stall store
shrine: altar; shrub: bush; sickle: scythe; sign: signpost placard; skillet: pan; slab: tablet; sledgehammer: hammer
smoke: cloud; soda: cup; sofa: couch; soldier: guard warrior; sorcerer: mage; soup: bowl; spacecraft: spaceship
spellbook: book; spike: trap; spirit: ghost; spring: gear; sprout: seedling; spyglass: telescope; squirrel: chipmunk
stagecoach: cart; staircase: stair; stairs: stair; stalactite: icicle cluster; stalagmite: cluster icicle
stand: stall; starfish: star; starship: spaceship; steak: meat; stele: tablet; stew: pot bowl; stick: branch
stool: chair; stove: cooking; sundial: compass; swing: seat; tank: drum; tankard: mug; tapestry: banner
tavern: cabin house; terminal: computer; thief: bandit ninja; thunder: lightning; tiara: crown; tick: check
toadstool: mushroom; tomahawk: axe; tombstone: gravestone; tome: book; tooltip: panel; toy: bear; trail: path
trash: can; treasure: chest; trex: rex; trout: fish; truck: lorry; trunk: chest log; tuna: fish; tunic: robe shirt
tunnel: entrance; tusk: tooth; tv: television; twig: branch; ufo: saucer; urn: jar; van: minibus; vase: jar
vial: flask; viper: snake; vulture: eagle; wagon: cart; walnut: chestnut; wardrobe: cabinet; warlock: mage
waterfall: fountain; web: cobweb; well: fountain; whiskey: bottle; windmill: tower; window: panel; wire: knot
wizard: mage; wraith: ghost; wreath: bouquet; wyvern: dragon
"""


def _read_aliases(text: str) -> dict[str, frozenset[str]]:
    pairs = (entry.split(":") for entry in text.replace("\n", ";").split(";") if ":" in entry)
    return {word.strip(): frozenset(others.split()) for word, others in pairs}


_ALIASES = _read_aliases(_ALIAS_TEXT)
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
    return _ALIASES.get(word, frozenset()) - {word}


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
