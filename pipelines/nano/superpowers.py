"""Names for the Superpowers asset packs (CC0): many files are numbered, so what they show was written down by eye."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from pipelines.nano.dcss import broader
from pipelines.nano.records import Record, clean_name, coverage, first_sprite, fit_pixel_art

LICENCE = "CC0-1.0"
SOURCE = "Superpowers asset packs (Pixel-boy, Sparklin Labs)"


# Named rightly but hardly recognisable alone: they teach, but no picture starts from them.
_UNCLEAR = {
    "superpowers/western-fps-2d/background-elements/bone",
    *(f"superpowers/prehistoric-platformer/background-elements/rock-{number}" for number in range(1, 4)),
    *(f"superpowers/prehistoric-platformer/monsters/dragon-{number}" for number in range(1, 3)),
    "superpowers/rpg-battle-system/item/chest/sprite-sheet-127x88",
    "superpowers/rpg-battle-system/monster/dragon/sprite-sheet-2-258x209",
    *(f"superpowers/space-shooter/items/gem-{number}" for number in range(1, 5)),
}


def _numbered(text: str) -> dict[str, str]:
    pairs = (part.split("=", 1) for part in text.replace("\n", ",").split(",") if "=" in part)
    return {number.strip(): name.strip() for number, name in pairs}


# folder -> {file stem: name}; folders with "*" also take every other file whose name is words.
FOLDERS: dict[str, tuple[list[str], dict[str, str]]] = {
    "medieval-fantasy/items": (
        ["item", "prop", "icon"],
        _numbered(
            "1=gold ring,2=ruby ring,5=crusader shield,6=wooden shield,12=ice orb,13=fire orb,14=red magic orb,"
            "15=straw hat,16=blue shirt,17=blue trousers,18=leather boot,19=red glove,barrel=wooden barrel,"
            "crate=wooden crate,gold-chest-close=golden treasure chest,gold-chest-open=open golden treasure chest,"
            "wood-chest-close=wooden treasure chest,wood-chest-open=open wooden treasure chest"
        ),
    ),
    "medieval-fantasy/background-elements": (
        ["prop", "background"],
        _numbered(
            "1=castle gate,2=stone tower,3=straw hut,4=ruined fort,5=tent,6=tree,7=village house,8=stone fort,"
            "9=wooden house,11=water well,12=fountain,13=stone pillar,14=knight statue,16=tower hut,17=castle,"
            "18=green tree,19=dead tree,20=pine tree,21=arena"
        ),
    ),
    "medieval-fantasy/items/weapon": (
        ["item", "prop", "icon"],
        _numbered(
            "1=wooden sword,2=iron sword,3=golden sword,4=red dagger,5=battle axe,6=mace,7=flintlock pistol,8=musket,"
            "9=magic staff,10=trident,11=spear"
        ),
    ),
    "medieval-fantasy/items/gold-&-gem": (
        ["item", "prop", "icon"],
        _numbered("coin=gold coin,gem-1=gem,gem-2=gem,gem-3=gem,gem-4=gem,gold-cup=gold cup,gold=pile of gold"),
    ),
    "medieval-fantasy/animals": (
        ["character"],
        _numbered("1=turtle,2=sheep,3=pig,4=cow,5=horse,6=wild boar"),
    ),
    "medieval-fantasy/characters": (
        ["character"],
        _numbered("1=farmer,2=villager,3=knight,4=bandit,5=cowboy,6=monk,7=witch with broom,9=wizard,10=dark wizard"),
    ),
    "medieval-fantasy/monsters": (
        ["character"],
        _numbered(
            "bat=bat,cyclop=cyclops,dragon=dragon,goblin=goblin,king skeleton=skeleton king,skeleton=skeleton,"
            "slim=slime,snake=snake"
        ),
    ),  # fmt: skip
    "medieval-fantasy/hud": (["ui", "icon"], _numbered("empty-heart=empty heart,full-heart=heart")),
    "prehistoric-platformer/items": (
        ["item", "prop", "icon"],
        _numbered(
            "1=wooden club,2=stone,3=clay pot,4=wood log,5=arrow,7=boulder,8=roast chicken,9=herbs,10=fried egg,"
            "12=wooden spear,13=stone hammer,14=stone axe,15=bone,16=animal tooth,17=slingshot,18=turtle shell,"
            "19=wooden cane,20=boomerang,21=bone,22=bronze key,23=silver key,24=bamboo flute,25=paint brush,"
            "30=eyeball,31=red eyeball,34=ham,35=ham,39=orange orb,40=blue orb,47=meat drumstick,48=blue drumstick,"
            "51=tooth,52=dark tooth,53=green leaf,54=brown leaf,55=red claw,56=blue claw,57=dinosaur skull,"
            "58=old dinosaur skull"
        ),
    ),
    "prehistoric-platformer/monsters": (
        ["character"],
        _numbered(
            "bat-1=bat,bat-2=blue bat,dragon-1=dragon,dragon-2=green dragon,insect-1=insect,insect-2=blue insect,"
            "lizard-1=lizard,mini-tyrannosaurus-1=baby dinosaur,plant-1=carnivorous plant,pterodactyl-1=pterodactyl,"
            "turtle-1=turtle,turtle-2=turtle,tyrannosaurus-1=tyrannosaurus dinosaur"
        ),
    ),  # fmt: skip
    "prehistoric-platformer/background-elements": (
        ["prop", "background"],
        _numbered(
            "cloud-1=cloud,fire=roasting spit,rock-1=rock,rock-2=rock,rock-3=rock,grass-1=grass,grass-2=grass,"
            "fire-meat=meat on a camp fire"
        ),
    ),  # fmt: skip
    "rpg-battle-system/item": (
        ["item", "prop", "icon"],
        _numbered(
            "1=steel helmet,2=steel chestplate,3=steel boots,4=golden helmet,5=golden chestplate,6=golden boots,"
            "10=health potion,11=green potion,12=mana potion,13=yellow potion,14=bread,15=brown bread,17=lantern,"
            "18=leather glove,19=gold coin,20=silver coin,21=money pouch,22=old parchment,23=scroll,24=green scroll,"
            "25=red scroll,26=golden cup,27=brown hood,28=wooden shield,29=steel shield,30=golden shield,"
            "31=wooden dagger,32=iron dagger,33=golden dagger,34=bow,35=spear,36=silver ring,37=ring with purple gem,"
            "38=gold ring,39=gold necklace,40=red book,41=blue book,42=spell book,43=red robe,44=red witch hat,"
            "45=knight helmet,46=magic spear,47=red potion flask,48=iron helmet,50=red cape,51=glass vial,"
            "52=white glove,53=rapier,54=white boots,55=anchor,56=rice bowl,57=diamond,58=loaf of bread,"
            "59=leather glove,60=fur hat,62=open book,63=clay jug,64=vine,65=herbs,66=kite shield,67=knife,"
            "68=gold ring with ruby,69=dark armour,71=knight helmet,72=viking helmet,74=emerald shield,"
            "76=yellow cape,77=golden sceptre,78=green sword,79=leather belt,80=ice staff,81=purple cape"
        ),
    ),
    "rpg-battle-system/item/chest": (["item", "prop"], {"sprite-sheet-127x88": "treasure chest"}),
    "top-down-shooter/weapons": (
        ["item", "prop", "icon"],
        _numbered(
            "1=assault rifle,2=rocket launcher,3=revolver,4=laser gun,5=katana,6=alien gun,7=pistol,"
            "8=machine gun,9=rifle,10=minigun,11=sniper rifle,12=fist"
        ),
    ),  # fmt: skip
    "top-down-shooter/item": (
        ["item", "prop"],
        _numbered("ammo-pack=ammo box,barril=barrel,grenade-pack=grenade box,grenade=grenade,medikit=medkit"),
    ),
    "space-shooter/ships": (
        ["character", "prop"],
        _numbered(
            "1=alien spaceship,2=red spaceship,3=orange spaceship,4=green spaceship,5=astronaut,6=pink spaceship,"
            "7=alien spaceship,8=spaceship,9=squid alien,10=octopus alien"
        ),
    ),  # fmt: skip
    "space-shooter/items": (
        ["item", "prop", "icon"],
        _numbered(
            "ball=red ball,bomb=bomb,bubble=bubble,crate-1=wooden crate,crate-2=metal crate,gem-1=purple gem,"
            "gem-2=blue star,gem-3=gold coin,gem-4=orange gem,power-up-1=power up,power-up-2=power up,"
            "power-up-3=power up,rocket-1=rocket,rocket-2=red rocket"
        ),
    ),  # fmt: skip
    "space-shooter/backgrounds": (
        ["prop", "background"],
        _numbered(
            "black-hole=black hole,meteor-1=meteor,meteor-2=meteor,meteor-3=asteroid,meteor-4=asteroid,"
            "meteor-5=asteroid,moon=moon,planet-1=ringed planet,planet-2=planet,star-1=star,star-2=red star"
        ),
    ),  # fmt: skip
    "western-fps-2d/item/weapons": (
        ["item", "prop", "icon"],
        _numbered(
            "1-icon=flintlock pistol,2-icon=revolver,3-icon=gatling gun,4-icon=rifle,5-icon=shotgun,"
            "5-in-game=crossbow,6-icon=knife,7-icon=dynamite,7-in-game=dynamite,8-icon=cannon,9-icon=hatchet,"
            "arrow=arrow,cannonball=cannonball"
        ),
    ),  # fmt: skip
    "western-fps-2d/background-elements": (
        ["prop"],
        _numbered(
            "barrel=wooden barrel,barrier=wooden fence,bone=bone,bottle-1=glass bottle,bottle-2=blue bottle,"
            "bottle-3=green bottle,branch=dry branch,bush=bush,cactus-1=cactus,cactus-2=round cactus bush,"
            "cactus-3=saguaro cactus,chariot=wooden mine cart,chest=wooden chests,"
            "crate-1=saloon doors,crate-2=wooden door panel,"
            "dollars-bag=money bag,explosive-barrel=explosive barrel,grass-1=grass tuft,"
            "grass-2=grass tuft,grave-1=wooden grave cross,grave-2=gravestone,grave-3=stone grave cross,"
            "jar-1=clay jar,jar-2=red vase,piano=piano,rock-1=desert rock,rock-2=desert rock,"
            "rock-3=desert rock arch,rock-4=sandstone rock,rock-5=sandstone rock,rock-6=sandstone rock,"
            "rolling-bush=tumbleweed,sign-1=wooden signpost,sign-2=wooden ladder,skull=animal skull,"
            "tree-1=dead tree,tree-2=tree,water-trough=water trough"
        ),
    ),  # fmt: skip
    "western-fps-2d/item": (
        ["item", "prop", "icon"],
        _numbered(
            "ammo=ammo box,beverage=whiskey bottle,boot=cowboy boot,burger=burger,coin=gold coin,dice=dice,"
            "dollar=dollar bill,dollars=stack of dollars,feather-raven=raven feather,feather=feather,flute=flute,"
            "gold-lingo=gold ingot,hat=cowboy hat,horseshoe=horseshoe,key-gold=golden key,key-silver=silver key,"
            "lantern=lantern,medikit=medkit,pocket-watch=pocket watch,poison=poison bottle,purse=leather purse,"
            "rose=rose,rubis=ruby,sheriff-badge=sheriff badge,wheel=wagon wheel"
        ),
    ),  # fmt: skip
    "western-fps-2d/hud/icons": (
        ["icon", "ui"],
        _numbered(
            "X=red cross,arrow=red arrow,barrel=explosive barrel,cactus=cactus,cannon=cannon,chest=treasure chest,"
            "crate=wooden crate,door=wooden door,interrogation-point=question mark,key=golden key,"
            "rock=desert rock,tipi=tipi tent"
        ),
    ),  # fmt: skip
    "ninja-adventure/items": (
        ["item", "prop", "icon"],
        _numbered(
            "arrow=arrow,big-treasure-chest=red treasure chest,empty-pot=empty jar,fireball=fireball,"
            "gold-coin=gold coin,gold-cup=gold cup,gold-key=golden key,heart=heart,ice-spike=ice shard,"
            "jar=clay jar,life-pot=health potion,little-treasure-chest=blue treasure chest,medipack=medkit,"
            "milk-pot=milk bottle,scroll-empty=scroll,scroll-fire=fire scroll,scroll-ice=ice scroll,"
            "scroll-plant=plant scroll,scroll-rock=rock scroll,scroll-thunder=thunder scroll,shuriken=shuriken,"
            "silver-coin=silver coin,silver-cup=silver cup,silver-key=silver key,water-pot=water bottle"
        ),
    ),  # fmt: skip
    "ninja-adventure/items/food": (
        ["item", "prop", "icon"],
        _numbered(
            "beaf=meat,calamari=calamari ring,fish=fish,fortune-cookie=fortune cookie,honey=honey,"
            "noodle=noodle bowl,octopus=octopus,onigiri=rice ball,shrimp=shrimp,sushi-2=sushi,sushi=sushi,"
            "tea-leaf=tea leaf,yakitori=meat skewer"
        ),
    ),  # fmt: skip
    "ninja-adventure/weapons": (
        ["item", "prop", "icon"],
        _numbered("axe=double axe,fork=fork,hammer=hammer,katana=katana,lance=lance,sai=sai"),
    ),
    "ninja-adventure/monsters": (["character"], _numbered("3=green slime,7=ghost,10=octopus,18=blue slime")),
}
_MONSTER_SHEETS = ["bat", "boar", "dino", "dragon", "ghost", "giant", "mushroom", "reptile", "slime", "snake"]


def _sheet_cell(folder: str, stem: str) -> tuple[int, int] | None:
    match = re.search(r"(\d+)\s*[x-]\s*(\d+)", stem) if "sprite-sheet" in stem else None
    if match:
        return int(match[1]), int(match[2])
    return (16, 16) if folder == "ninja-adventure/monsters" else None


def read_superpowers(root: Path) -> Iterator[tuple[Record, Image.Image]]:
    """Every named picture of the packs with its record; sprite sheets give their first frame."""
    for folder, (kinds, names) in FOLDERS.items():
        for stem, name in names.items():
            file = root / folder / f"{stem}.png"
            if not file.exists():
                file = root / folder / f"{stem} .png"  # one file of the pack is spelt so
            if file.exists():
                yield from _one(file, root, folder, stem, name, kinds)
    for monster in _MONSTER_SHEETS:
        folder = f"rpg-battle-system/monster/{monster}"
        for file in sorted((root / folder).glob("sprite-sheet*.png")):
            yield from _one(file, root, folder, file.stem, "dinosaur" if monster == "dino" else monster, ["character"])


def _one(
    file: Path, root: Path, folder: str, stem: str, name: str, kinds: list[str]
) -> Iterator[tuple[Record, Image.Image]]:
    image = Image.open(file).convert("RGBA")
    cell = _sheet_cell(folder, stem)
    wide = "monster" in folder or folder == "space-shooter/items" or "treasure-chest" in stem or stem == "jar"
    if cell or wide:
        image = first_sprite(image, cell)
    image = fit_pixel_art(image)
    if coverage(image) > 0.03:
        key = f"superpowers/{file.relative_to(root).with_suffix('').as_posix()}"
        tags = [clean_name(folder.split("/")[0]), *broader(name)]
        clear = key not in _UNCLEAR
        yield Record(key, name, "pixel", list(kinds), SOURCE, LICENCE, tags, exemplar=clear), image
