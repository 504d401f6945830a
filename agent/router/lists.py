# ruff: noqa: E501
"""Word lists that rules and features share. Kept as data, in one place."""

from __future__ import annotations

import re

APPROVE = (
    r"approv\w*|sign(?:ed|s)? off|accept\w*|keep(?:s|ing|ers?)?(?! (?:on )?\w+ing\b)|love\w*|likes?|liking|winners?|ship|good(?: to go)?|great|perfect|fine|ok|okay|yes|yep|yeah|yay|"
    r"amazing|awesome|excellent|nice|(?<=\d )rocks?|thumbs up|favou?rites?|green ?light|go with|go for|works?|beautiful|lovely|pass(?:es)?|"
    r"surviv\w*|ma(?:de|kes?) the cut|lgtm|can stay|best|choose|chosen|pick(?:ed)?|select(?:ed)?|take|brilliant|fantastic|gorgeous|wonderful|correct|want|in\b(?= *$)|stays?|👍|✅|✔️?|❤️?|💚|\+1"
)
REJECT = (
    r"reject\w*|rej(?=\s+#?\d)|delet\w*|del(?=\s+#?\d)|fail(?:s|ed)?(?= *(?:$|and\b|but\b|so\b))|drop(?:ped)?|bin|trash(?:ed)?|toss|discard\w*|remov\w*|throw\w*|lose|hate\w*|nope|no|nah|bad|awful|terrible|ugly|"
    r"sucks?|dump|scrap|get rid of|kill|can go|(?:has to|have to|needs? to|must|gotta|got to) go|away with|can ?(?:no|')t use|thumbs down|declin\w*|deny|denied|refus\w*|weird|wrong|not(?=\s+(?:the\s+)?#?\d|\s*$)|not (?:so much|really|quite)|meh|dislike\w*|"
    r"(?:are|is|ai|was|were|do|does)n'?t(?=\W*$)|veto|out\b(?= *$)|worst|garbage|rubbish|nuke|(?<!made the )(?<!make the )(?<!makes the )cut|ditch|chuck|👎|❌|✖️?|🗑️?"
)
NEGATION = re.compile(
    r"\b(?:not|never|don'?t|do not|isn'?t|aren'?t|doesn'?t|won'?t|can'?t|cannot|none|neither|hardly|any of)\b[^,.;]{0,18}$",
    re.I,
)
CUE = re.compile(
    rf"(?P<feel>\b(?:not|don'?t) (?:feeling|into|a fan of|sold on|happy with|convinced by)\b)|(?P<no>(?<!\w)(?:{REJECT})(?!\w))|(?P<yes>(?<!\w)(?:{APPROVE})(?!\w))",
    re.I,
)

STYLES = (
    "pixel art", "pixel-art", "pixelart", "pixelated", "16-bit", "8-bit", "32-bit", "low poly", "low-poly", "lowpoly", "voxel", "isometric",
    "watercolor", "watercolour", "hand-drawn", "hand drawn", "handdrawn", "hand-painted", "hand painted", "cartoon", "cartoony", "cartoonish",
    "anime", "manga", "chibi", "cel-shaded", "cel shaded", "flat icon", "3d render", "3d rendered", "3d", "line art",
    "lineart", "photorealistic", "minimalist", "minimalistic", "oil painting", "claymation",
    "papercraft", "paper cutout", "stained glass", "ukiyo-e", "art deco", "black and white", "ps1", "snes", "gameboy", "game boy",
    "clean vector", "gouache",
)  # fmt: skip

# adjectives of things as well ("retro television"): a style only before "style", "art" and the like
STYLE_ADJECTIVES = (
    "comic", "flat", "sketch", "sketchy", "retro", "clay", "nes", "ink", "crayon", "pastel", "charcoal", "vector", "monochrome", "realistic"
)  # fmt: skip

ENGINES = {
    "godot": r"godot|gd ?script|gdscript",
    "unity": r"unity(?:3d)?|unitiy|untiy|uniity|monobehaviou?r|scriptable ?objects?",
    "unreal": r"unreal(?: engine)?|ue ?[45]|blueprints?",
    "phaser": r"phaser",
    "pygame": r"pygame|pygame-ce",
    "bevy": r"bevy",
    "gamemaker": r"game ?maker(?: studio)?|gml",
    "love2d": r"love ?2d|löve",
    "pixi": r"pixi(?:\.?js)?",
    "construct": r"construct ?[23]",
    "rpgmaker": r"rpg ?maker",
    "cocos": r"cocos(?:2d)?",
    "defold": r"defold",
    "monogame": r"monogame",
    "generic": r"engine[- ]agnostic|engine[- ]independent|plain python|no engine|any engine|vanilla js|plain javascript|pseudo ?code",
}
LANGUAGE_ENGINES = {
    "unity": r"c#|c sharp|csharp",
    "bevy": r"rust",
    "pygame": r"python",
    "phaser": r"javascript|typescript|\bjs\b|\bts\b",
}

FORMATS = {
    "aseprite": r"\.?aseprite|\.ase\b",
    "texturepacker": r"texture ?packer|texture-packer",
    "phaser": r"phaser",
    "pixi": r"pixi(?:\.?js)?",
    "godot": r"godot|\.tres\b",
    "unity": r"unity(?:3d)?|unitiy|untiy|uniity",
    "unreal": r"unreal(?: engine)?|ue[45]",
    "gamemaker": r"game ?maker",
    "json": r"json",
    "webp": r"webp",
    "png": r"pngs?",
    "gif": r"gifs?",
    "jpg": r"jpe?gs?",
    "svg": r"svgs?",
    "psd": r"psds?|photoshop",
    "spritesheet": r"sprite ?-?sheets?|sheets?|atlas(?:es)?|texture atlas",
}

KINDS = {
    "icon": r"icons?",
    "ui": r"ui|hud|gui|interface|buttons?|menus? elements?|health ?bars?|mana ?bars?|progress ?bars?|stamina ?bars?|xp ?bars?|sliders?|spinners?|cursors?|panels?|widgets?",
    "background": r"background(?:s| images?| art)?|backdrops?|parallax(?: layers?)?|skybox(?:es)?|wallpapers?|sceneries|scenery|landscapes?|vistas?|panoramas?|skyline",
    "texture": r"textures?|materials?",
    "tile": r"(?:floor |ground |wall |terrain )?tile ?sets?|(?:floor|ground|wall|terrain|roof|path|map) tiles?|tiles?",
    "effect": r"effects?|vfx|fx|particles?|explosions?|sparkles?|shockwaves?|muzzle flash(?:es)?|visual effects?",
    "character": r"characters?|enem(?:y|ies)|npcs?|monsters?|creatures?|heroes|hero|villains?|boss(?:es)?|mobs?|critters?|beasts?|opponents?|minions?|companions?|mascots?|villagers?",
    "item": r"items?|pick-?ups?|collectibles?|loot|power-?ups?|consumables?|equipment|gear",
    "prop": r"props?|objects?|decorations?|furniture|scatter|set pieces?",
}
