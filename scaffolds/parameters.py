# ruff: noqa: E501 (patterns)
"""Numbers of each system: their defaults, their ranges, and the sentences that state them.

`{n}` in a pattern is the number. Patterns are tried on lower-case text in which number words are digits; what one has
read is struck, so that "6 quick slots" are not slots of the bag as well. The order of the table is the order of reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    system: str
    name: str
    label: str
    default: float
    low: float
    high: float
    patterns: tuple[str, ...]
    whole: bool = True
    timed: bool = False  # a word for a unit of time stands after the number
    reject: str = ""  # words of a document's sentence that speaks of something else

    def pattern(self) -> list[re.Pattern[str]]:
        number = r"(?P<n>\d{1,9}(?:\.\d+)?)"
        return [re.compile(pattern.replace("{n}", number).replace("{is}", _IS)) for pattern in self.patterns]


_IS = r"(?:\s*(?:(?:is|are|of|at|to|=|:|-|–|—|max(?:imum)?|limit(?:ed)?|up|about|around|set|exactly|only|just|a|the|most)\s*){1,5})"
SECONDS = {
    "s": 1,
    "sec": 1,
    "secs": 1,
    "second": 1,
    "seconds": 1,
    "m": 60,
    "min": 60,
    "mins": 60,
    "minute": 60,
    "minutes": 60,
    "h": 3600,
    "hour": 3600,
    "hours": 3600,
}
_TIME = r"\s*-?\s*(?P<unit>seconds?|secs?|s|minutes?|mins?|m|hours?|h)\b"
_BAG = r"(?:inventory|backpack|satchel|bag|pack|pouch|rucksack|hold|pockets?)"

# "Healing Draught – stacks to 10": of that item alone
_ONE_ITEM = r"^\s*(?:[-*+•]|\d+[.)])\s+(?:\*\*|__)?[^:–—]{2,40}(?:\*\*|__)?\s*(?:[:–—(]|\s-\s)|\b(?!items?\b|stackables?\b|everything\b|most\b|they\b|slots?\b|ones?\b|max\b|can\b|it\b|cells?\b|things\b|all\b|also\b|only\b|may\b|don'?t\b)[a-z]{3,} stacks? (?:up )?to\b"

PARAMETERS = (
    Parameter("saveload", "save_slots", "save slots", 3, 1, 100,
              (r"{n}[- ](?:\w+ )?(?:save|saving|manual)[- ](?:\w+ )?slots?", r"sav(?:e|ing)[- ]slots?{is}{n}", r"{n} (?:save ?games|saves|save files)\b")),
    Parameter("saveload", "autosave_seconds", "seconds between autosaves", 0, 0, 86400,
              (r"auto-?saves?[^.\d]{0,20}every {n}" + _TIME, r"autosave (?:interval|every){is}{n}" + _TIME), False, True),
    Parameter("inventory", "quick_slots", "quick slots", 0, 0, 20,
              (r"{n}[- ](?:quick(?:[- ]?access)?|hot|belt|action)[- ]?(?:bar )?(?:slots?|keys?)", r"(?:hot ?bar|quick ?bar|quick[- ]slots?|belt)(?: (?:has|holds|with|of|shows))*{is}?\s*{n}(?: slots?| items?)?", r"{n}[- ]slot (?:hot|quick)[- ]?bar")),
    Parameter("inventory", "weight_limit", "weight limit in kg", 0, 0, 1_000_000,
              (r"(?:weight limit|max(?:imum)? (?:carry )?weight|carry(?:ing)? (?:capacity|weight|limit)|weight cap\w*){is}?\s*{n}\s*(?:kg|kilos?|kilograms?|lbs?|pounds?|units)?", r"carr(?:y|ies) (?:up to |at most |no more than )?{n}\s*(?:kg|kilos?|kilograms?|lbs?|pounds)"), False),
    Parameter("inventory", "stack", "stack size", 99, 1, 1_000_000,
              (r"(?:max(?:imum)? )?stack(?:s|ed|ing|able|ables)?(?: (?:size|limit|maximum|max|cap|count|sizes))*{is}{n}", r"stacks? of {n}", r"stacks? (?:may |can )?holds?(?: up to| at most)? {n}", r"stack (?:size|limit|maximum|max|cap) {n}", r"stacks? {n}(?: (?:high|deep|items?))?", r"{n} (?:\w+ )?(?:per|in (?:a|one|each|every)|to a|to the|/) ?stack", r"{n}[- ]item stacks?", r"{n}[- ]stack (?:size|limit)"), reject=_ONE_ITEM),
    Parameter("inventory", "slots", "slots", 20, 1, 10_000,
              (r"{n}(?:[- ](?!quick|hot|save|weapon|equipment|armou?r)[a-z]+){0,2}[- ](?:slots?|spaces|cells|squares|compartments)\b", r"(?<!quick )(?<!hot )(?:slots?|capacity|size)(?: (?:count|limit|number))?{is}{n}(?!\s*(?:kg|%|lbs?))",
               _BAG + r"(?: \w+){0,2} (?:holds?|has|have|fits?|carries|contains|takes|limited|caps?)(?: (?:to|at|up|most|a|maximum|of|exactly|only|just))* {n}(?! ?(?:kg|%|lbs?|seconds?|minutes?|gold|coins|quick|hot))", r"(?:holds?|carr(?:y|ies)|fits?|hold)(?: (?:up|to|at|most|a|maximum|of|exactly|only))* {n} (?:[a-z]+ )?(?:items?|things|objects|pieces)\b",
               r"{n}[- ]item (?:limit|inventory|bag|backpack|satchel|capacity)", r"(?:limit|maximum|max) of {n} (?:items?|things|objects)", _BAG + r"\s*[=:]\s*{n}(?! ?(?:kg|%|lbs?))")),
    Parameter("health", "max_health", "maximum health", 100, 1, 1_000_000,
              (r"(?:max(?:imum)?|starting|base|total|player|full)? ?(?:health|hp|hit ?points?|life|hearts|lives){is}{n}(?!\s*(?:%|seconds?|s\b|per))", r"{n} (?:max(?:imum)? |starting |base )?(?:health|hp|hit ?points?|hearts|lives|life)\b(?! per| every)",
               r"(?:starts?|begins?|spawns?) with {n} (?:health|hp|hearts|lives|hit ?points?)"),
              reject=r"restor|heals?\b|potion|draught|recover|regenerat|enem|monster|boss|golem|wol[fv]|per (?:sec|level|hit)|each (?:sec|level)"),
    Parameter("health", "regen_per_second", "regeneration per second", 0, 0, 1_000_000,
              (r"(?:regenerat\w*|regens?|recovers?|heals?){is}?\s*{n} ?(?:health|hp|hit ?points?)? ?(?:per|a|each|every|/) ?s(?:ec(?:ond)?)?\b", r"{n} (?:hp|health) ?(?:per|a|/) ?s(?:ec(?:ond)?)?\b"), False),
    Parameter("health", "invulnerable_seconds", "seconds of invulnerability", 0.5, 0, 60,
              (r"(?:invulnerab\w*|invincib\w*|i-?frames?|mercy)[^.\d]{0,30}{n}" + _TIME, r"{n}" + _TIME + r"[^.\d]{0,20}(?:of )?(?:invulnerab\w*|invincib\w*|i-?frames?)"), False, True),
    Parameter("movement", "jump_speed", "jump speed", 420, 1, 100_000, (r"jump (?:speed|velocity|force|impulse|strength|power){is}{n}",), False),
    Parameter("movement", "gravity", "gravity", 1200, 0, 100_000, (r"gravity{is}{n}",), False),
    Parameter("movement", "coyote_seconds", "seconds of coyote time", 0.1, 0, 2,
              (r"coyote(?: time)?{is}{n}" + _TIME, r"{n}" + _TIME + r" (?:of )?coyote"), False, True),
    Parameter("movement", "air_jumps", "extra jumps in the air", 0, 0, 10, (r"{n} (?:air|extra|mid-?air) ?jumps?",)),
    Parameter("movement", "sprint_factor", "sprint factor", 0, 0, 10, (r"(?:sprint|run)\w*[^.\d]{0,25}{n}(?:x| ?times|×)", r"sprint (?:factor|multiplier){is}{n}", r"(?:sprint|run)\w*[^.\d]{0,12}[x×] ?{n}"), False),
    Parameter("ai", "sight_range", "sight range", 220, 1, 100_000, (r"(?:sight|vision|view|detection|detect\w*|aggro|see\w*|notic\w*)(?: (?:range|radius|distance|the player|players?))*(?: within| from| at)?{is}?\s*{n}(?! ?(?:s\b|seconds?|%))",), False),
    Parameter("ai", "attack_range", "attack range", 40, 1, 100_000, (r"(?:attack|strike|melee)s? (?:range|distance|radius|reach){is}{n}", r"attacks? (?:within|from|at) {n}(?! ?(?:s\b|seconds?|%))"), False),
    Parameter("ai", "attack_damage", "attack damage", 10, 0, 1_000_000, (r"\b(?:attacks?|hits?|bites?|strikes?)\b[^.\d]{0,20}(?:deals?|does|for|causes?) {n}(?! ?(?:s\b|seconds?|%|m\b))(?: damage| hp)?", r"(?:attack )?damage{is}{n}", r"deals? {n} damage")),
    Parameter("ai", "patrol_speed", "patrol speed", 60, 0, 100_000, (r"patrol(?:s|ling)?(?: speed)?(?: at)?{is}?\s*{n}(?! ?(?:s\b|seconds?|points?|%))",), False),
    Parameter("ai", "chase_speed", "chase speed", 110, 0, 100_000, (r"chas(?:e|es|ing)(?: speed)?(?: (?:the player|you))?(?: at)?{is}?\s*{n}(?! ?(?:s\b|seconds?|%))",), False),
    Parameter("ai", "lose_seconds", "seconds until the chase ends", 2, 0, 600, (r"(?:gives? up|los(?:e|es)|forgets?|returns?)[^.\d]{0,40}{n}" + _TIME,), False, True),
    Parameter("movement", "speed", "speed", 200, 1, 100_000, (r"(?:movement|move|walk(?:ing)?|player|run(?:ning)?|base|top|max(?:imum)?) ?speed{is}{n}", r"(?<!jump )speed(?: (?:is|of|=|:|at))* ?{n}", r"(?:walks?|moves?|runs?) at {n}", r"{n} ?(?:px|pixels|units|tiles|m|metres|meters) ?(?:/|per|a) ?s(?:ec(?:ond)?)?\b"), False),
    Parameter("spawner", "waves", "waves", 5, 1, 10_000, (r"{n} waves?\b", r"waves?{is}{n}\b(?! (?:enem|second|min))")),
    Parameter("spawner", "first_wave", "enemies in the first wave", 4, 1, 10_000, (r"(?:waves?|each|first wave|wave 1)[^.\d]{0,25} {n} (?:[a-z]+ )?(?:enem(?:y|ies)|monsters|foes|zombies|mobs|creatures)", r"{n} (?:[a-z]+ )?(?:enem(?:y|ies)|monsters|foes|zombies|mobs|creatures) (?:per|in (?:a|each|every|the first)|each) wave", r"waves? of {n}\b", r"starts? with {n} (?:enem|monster|foe|zombie)\w*", r"first (?:wave |one )?(?:has|with|of|brings|is|sends) {n}\b")),
    Parameter("spawner", "growth", "more enemies each wave", 2, 0, 1000, (r"{n} more (?:[a-z]+ )?(?:per|each|every|in each) (?:next )?wave", r"grows? by {n}", r"(?:plus|\+) ?{n} (?:per|each|every) wave")),
    Parameter("spawner", "interval_seconds", "seconds between spawns", 0.8, 0.01, 3600, (r"(?:spawn\w*|appear\w*|one|enem(?:y|ies)|interval)[^.\d]{0,25}every {n}" + _TIME, r"spawn (?:interval|rate|delay){is}{n}" + _TIME, r"every {n}" + _TIME), False, True),
    Parameter("spawner", "pause_seconds", "seconds between waves", 5, 0, 3600, (r"{n}" + _TIME + r" (?:between|pause|break|before the next|rest)(?: (?:of|each|the|waves?))*", r"(?:pause|break|rest|breather)[^.\d]{0,15}{n}" + _TIME), False, True),
    Parameter("spawner", "max_alive", "enemies alive at once", 30, 1, 10_000, (r"(?:at most|max(?:imum)?(?: of)?|up to|no more than) {n} (?:[a-z]+ )?(?:enem(?:y|ies)|monsters|zombies|foes)?(?: \w+)? ?(?:alive|at once|at a time|on screen|simultaneous\w*)",)),
    Parameter("shop", "start_money", "money at the start", 100, 0, 1_000_000_000, (r"(?:starts?|starting|begins?|initial)(?: \w+){0,3}? {n} (?:gold|coins?|credits?|money|gil|dollars|gems)\b", r"(?:starting|initial|start) (?:gold|coins?|credits?|money|cash|gil|funds){is}{n}", r"(?:players?|you|everyone|heroes|characters?) (?:starts?|begins?) with {n} (?!health|hp|hearts|lives|hit|stamina|mana|slots|items|enem|seconds)[a-z]+")),
    Parameter("shop", "sell_percent", "percent of the price when selling", 50, 0, 1000, (r"(?:sell\w*|sold|resale|buys?(?: back)?)[^.\d]{0,40}{n} ?(?:%|percent)", r"{n} ?(?:%|percent)[^.\d]{0,40}(?:sell|sold|resale|back)")),
    Parameter("daynight", "day_seconds", "seconds of a day", 600, 1, 864_000, (r"(?:day|cycle)(?: length| lasts| takes| duration| cycle)*{is}?\s*{n}" + _TIME, r"{n}[- ]?" + _TIME + r"(?: (?:real|long|in-game|per|a|for a|=))* ?(?:day|cycle)"), False, True),
    Parameter("daynight", "dawn_hour", "hour of dawn", 6, 0, 24, (r"(?:dawn|sunrise|morning|day) (?:is|at|starts at|begins at|breaks at|comes at){is}?\s*{n}",), False),
    Parameter("daynight", "dusk_hour", "hour of dusk", 20, 0, 24, (r"(?:dusk|sunset|evening|night)(?:fall)? (?:is|at|starts at|begins at|falls at|comes at){is}?\s*{n}",), False),
    Parameter("daynight", "start_hour", "hour at the start", 8, 0, 24, (r"(?:starts?|begins?)(?: \w+){0,3} at {n}(?::00| ?o'?clock| ?am|h)",), False),
    Parameter("camera", "zoom", "zoom", 1, 0.05, 50, (r"zoom(?:ed)?(?: (?:level|factor|in))*{is}?\s*{n}x?", r"{n}x zoom"), False),
    Parameter("camera", "smoothing", "follow speed", 6, 0.1, 1000, (r"(?:follow|smooth\w*|lag|camera) ?(?:speed|factor|damping)?{is}{n}",), False),
    Parameter("camera", "shake", "strength of the shake", 8, 0, 1000, (r"shak(?:e|es|ing)(?: (?:strength|amount|intensity|by))*{is}?\s*{n}",), False),
    Parameter("pickups", "magnet_radius", "radius in which pickups fly to the player", 0, 0, 100_000, (r"(?:magnet\w*|attract\w*|vacuum)(?: (?:radius|range|distance|within))*{is}?\s*{n}",), False),
    Parameter("dialogue", "characters_per_second", "characters a second", 40, 1, 1000, (r"{n} (?:characters|letters|chars) (?:per|a|/) ?second", r"(?:text|typing|typewriter) speed{is}{n}"), False),
)  # fmt: skip

# Unity counts in metres, the others in pixels.
UNITY = {
    "speed": 5, "jump_speed": 9, "gravity": 25, "sight_range": 6, "attack_range": 1.2, "patrol_speed": 1.5,
    "chase_speed": 3, "shake": 0.3,
}  # fmt: skip
