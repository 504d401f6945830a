# ruff: noqa: E501 (tables)
"""The systems that there are templates for, the words that ask for them, and what they build on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz import fuzz, process


@dataclass(frozen=True)
class System:
    id: str
    title: str
    pattern: str
    needs: tuple[str, ...] = ()  # built with it, because its code uses theirs
    query: str = ""  # what to look up in the documents


SYSTEMS = {
    system.id: system
    for system in (
        System("movement", "Movement", r"movements?|(?:player|character) (?:controller|script)s?|controllers?|platformers?|platforming|walk(?:ing)?|running|jump(?:s|ing)?|double[- ]jump|coyote|top[- ]?down|wasd|déplacements?|movimiento|movimento|bewegung|移動",
               query="movement speed jump controls player character"),
        System("health", "Health and damage", r"health(?:[- ]?bar)?|damage|hit ?points?|hp|hitbox(?:es)?|hurtbox(?:es)?|lives|vie|vida|salud|santé|lebenspunkte|体力",
               query="health hit points damage invulnerability regeneration"),
        System("inventory", "Inventory", r"inventor(?:y|ies)|backpack|satchel|item slots?|inventaire|inventario|inventário|inventar|インベントリ",
               query="inventory slots stack size carry limit items"),
        System("pickups", "Pickups", r"pick[- ]?ups?|collectibles?|collectables?|loot(?:ing)?|drops?|coins?",
               needs=("inventory",), query="pickups collectibles items found in the world loot"),
        System("dialogue", "Dialogue", r"dialogues?|dialogs?|conversations?|npc talk|talking|diálogos?|dialog(?:e|system)|会話",
               query="dialogue characters speak conversation lines choices"),
        System("quests", "Quests", r"quests?|missions?|objectives?|tasks?|quest ?log|quête|misiones|クエスト",
               query="quests missions objectives rewards"),
        System("saveload", "Save and load", r"auto-?saves?|sav(?:e|es|ing)(?:[ /-]*(?:and|&|/)?[ -]*load(?:ing)?)?|save ?games?|load(?:ing)? (?:games?|system)|persistence|checkpoints?|speicher\w*|sauvegarde|guardado|セーブ",
               query="saving loading save slots checkpoint autosave"),
        System("ai", "State-machine AI", r"ai|a\.i\.|enem(?:y|ies)(?: patrol\w*| chas\w*| behaviou?rs?)|patrol(?:s|ling)?|state[- ]?machines?|fsm|chas(?:e|ing)|guards?|behaviou?rs?",
               query="enemy behaviour patrol chase attack detection range"),
        System("spawner", "Spawner", r"spawn(?:er|ers|s|ing)?|waves?|hordes?|oleadas|vagues",
               query="enemy waves spawn rate number of enemies per wave"),
        System("shop", "Shop", r"shops?|stores?|merchants?|vendors?|traders?|trading|buy(?:ing)?|sell(?:ing)?|tienda|boutique|laden",
               needs=("inventory",), query="shop prices merchant buy sell currency gold"),
        System("crafting", "Crafting", r"craft(?:ing)?|recipes?|workbench|artesanía|artisanat|クラフト",
               needs=("inventory",), query="crafting recipes ingredients workbench"),
        System("daynight", "Day and night", r"day[ /-]*(?:and|&|/|-)?[ -]*night(?: cycle)?|day cycle|time of day|game clock|in-game time|day length",
               query="day night cycle length of a day time dusk dawn"),
        System("camera", "Camera", r"cameras?|screen[ -]?shak(?:e|ing)|follow cam|zoom(?:ing)?|cámara|kamera|カメラ",
               query="camera follow zoom shake view"),
        System("menu", "Menu", r"menus?|title screen|pause(?: screen)?|main menu|start screen|menú|メニュー",
               query="main menu pause menu options title screen"),
    )
}  # fmt: skip

# What people also ask for: said to be missing, with the template that comes nearest.
_UNKNOWN = {
    "a minimap": (r"mini[- ]?map|radar", "camera"),
    "object pooling": (r"object[- ]?pool\w*|pooling|bullets?|projectiles?|shooting", "spawner"),
    "pathfinding": (r"path[- ]?finding|a\*|nav ?mesh|navigation", "ai"),
    "a leaderboard": (r"leader[- ]?boards?|high ?scores?|scores?(?: counter)?|scoreboard", "saveload"),
    "multiplayer": (r"multi[- ]?player|netcode|networking|lobby|co-?op", ""),
    "parallax scrolling": (r"parallax", "camera"),
    "achievements": (r"achievements?|trophies", "quests"),
    "screen transitions": (r"(?:screen |scene |fading )+transitions?|fade[- ]?(?:in|out)?s?", "menu"),
    "turn-based combat": (r"turn[- ](?:based|order)|battle (?:loop|system)", "health"),
    "card play": (r"card games?|decks?|deck ?builder", "inventory"),
    "vehicles": (r"vehicles?|car physics|driving", "movement"),
    "a grappling hook": (r"grappl\w*|harpoon", "movement"),
    "dashing": (r"dash(?:es|ing)?", "movement"),
    "stamina": (r"stamina|mana|energy bar", "health"),
    "shields": (r"shields?|armou?r", "health"),
    "weather": (r"weather|rain|snowfall", "daynight"),
    "farming": (r"farming|crops?", "crafting"),
    "fishing": (r"fishing", "pickups"),
    "audio": (r"audio|music|sound effects?|sfx", ""),
    "settings screens": (r"settings?(?: menu| screen)|options menu", "menu"),
    "procedural generation": (r"procedural\w*|procgen|dungeon generat\w*|level generat\w*", "spawner"),
    "a signal bus": (r"(?:signal|event) bus", ""),
    "doors": (r"(?:sliding )?doors?", ""),
    "drag and drop": (r"drag[- ]and[- ]drop|drag & drop", "inventory"),
    "experience and levels": (r"experience points|xp|level(?:l)?ing(?: up)?|skill trees?", "quests"),
}  # fmt: skip
_TYPO_SCORE = 86


@dataclass(frozen=True)
class Asked:
    systems: tuple[str, ...]  # in the catalogue's order, with those that they need
    added: tuple[tuple[str, str], ...] = ()  # (system, the one that needs it)
    missing: tuple[tuple[str, str], ...] = ()  # (what there is no template for, nearest system or "")


def asked_for(requirements: str) -> Asked:
    """Systems that the words name. A word that only stands in the name of something unknown does not count."""
    text = requirements
    missing = []
    for title, (pattern, nearest) in _UNKNOWN.items():
        if re.search(rf"(?<!\w)(?:{pattern})(?!\w)", text, re.I):
            missing.append((title, nearest))
            text = re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", " ", text, flags=re.I)
    text = re.sub(r"\b(?:save|quick|weapon) ?slots?\b", lambda m: m[0].replace("save", "saving"), text, flags=re.I)
    named = {system.id for system in SYSTEMS.values() if _says(system.pattern, text)}
    if not named:
        named = _misspelt(text)
    if (
        "camera" in named
        and "movement" in named
        and not re.search(r"\b(?:movement|controller|platformer|walk|jump)", text, re.I)
    ):
        named.discard("movement")
    if "menu" in named and "saveload" in named and re.search(r"\bload(?:ing)? screen\b", text, re.I):
        named.discard("saveload")
    if "inventory" in named or "shop" in named:  # "an inventory that items drop from"
        named -= {"pickups"} if not re.search(r"pick[- ]?ups?|collect|loot|coins?", text, re.I) else set()
    added = [(need, name) for name in SYSTEMS if name in named for need in SYSTEMS[name].needs if need not in named]
    whole = named | {need for need, _ in added}
    return Asked(tuple(name for name in SYSTEMS if name in whole), tuple(dict(added).items()), tuple(missing))


def _says(pattern: str, text: str) -> bool:
    if re.search(r"[^\x00-\u024f]", text):  # scripts without spaces between words
        return re.search(pattern, text, re.I) is not None
    return re.search(rf"(?<!\w)(?:{pattern})(?!\w)", text, re.I) is not None


_SPELLINGS = {
    "movement": "movement", "platformer": "movement", "controller": "movement", "health": "health", "damage": "health",
    "inventory": "inventory", "pickup": "pickups", "collectible": "pickups", "dialogue": "dialogue", "quest": "quests",
    "saving": "saveload", "checkpoint": "saveload", "patrol": "ai", "behaviour": "ai", "spawner": "spawner",
    "merchant": "shop", "crafting": "crafting", "recipe": "crafting", "camera": "camera",
}  # fmt: skip


def _misspelt(text: str) -> set[str]:
    found = set()
    for word in set(re.findall(r"[a-z]{6,}", text.lower())):
        best = process.extractOne(word, _SPELLINGS.keys(), scorer=fuzz.ratio, score_cutoff=_TYPO_SCORE)
        if best is not None:
            found.add(_SPELLINGS[best[0]])
    return found


def listed() -> str:
    return ", ".join(system.title.lower() for system in SYSTEMS.values()).replace("-machine ai", "-machine AI")
