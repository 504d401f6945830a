# ruff: noqa: E501 (patterns and sentences)
"""The things of the game that the request or the documents name: items, recipes, quests, enemies, lines of dialogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from scaffolds.entries import Entry, entries, plain, split_names
from scaffolds.naming import LONGEST_TEXT, clean, snake, unique
from scaffolds.reading import digits
from scaffolds.types import Atlas, Fact, Item, Line, Passage, Quest, Recipe

ITEM_LEAD = (
    r"items?|objects?|inventory|loot|consumables?|equipment|weapons?|tools?|resources?|materials?|pick-?ups?"
    r"|collectibles?|collectables?|gear|goods|wares|stock|potions?|key items?|ammo|treasures?|trinkets?"
)
ENEMY_LEAD = r"enem(?:y|ies)|monsters?|creatures?|foes?|bestiary|mobs?|bosses"
QUEST_LEAD = r"quests?|missions?|objectives?|tasks?"
RECIPE_LEAD = r"recipes?|crafting|workbench|products?|results?|outputs?"
ITEM_SYSTEMS = {"inventory", "pickups", "shop", "crafting"}
_PRICE = re.compile(
    r"(\d{1,9})\s*(?:gold|coins?|credits?|g\b|gp|gil|money|\$|shells?|gems?|pearls?|scrap)|\$\s*(\d{1,9})"
)
_STACKED = re.compile(
    r"(?P<who>[a-z][a-z' -]{1,60}?)\s+(?:can |may |only )?(?:stacks?|stacked|stacking)\s+(?:up )?(?:to|at|in)\s+"
    r"(?:at most |up to |stacks of )?(?P<n>\d{1,7})"
)
_COLUMNS = {"stack": r"stack|max|limit", "price": r"price|cost|value|gold|buy", "weight": r"weight|kg"}
PRICE = 10  # of an item whose price nobody says
_COUNTED = re.compile(r"(?:(\d{1,5})\s*(?:x|×)?\s+)?([^\d,;+&()]{2,50}?)(?:\s*(?:x|×)\s*(\d{1,5}))?$")


@dataclass
class Content:
    items: list[Item] = field(default_factory=list)
    recipes: list[Recipe] = field(default_factory=list)
    quests: list[Quest] = field(default_factory=list)
    enemies: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)  # what had to be made up, in words
    currency: str = "gold"


def gather(
    words: str, passages: Sequence[Passage], systems: Sequence[str], stack: int, atlases: Sequence[Atlas]
) -> Content:
    """Names from the user's words, else from the documents, else a few that show how it works (and are said to)."""
    content = Content()
    sources: list[tuple[str, Passage | None]] = [(words, None), *((passage.text, passage) for passage in passages)]
    currency = next((m[1] for text, _ in sources if (m := _currency(text))), None)
    content.currency = currency or content.currency
    if ITEM_SYSTEMS & set(systems):
        _items(content, sources, stack, atlases)
    if "crafting" in systems:
        _recipes(content, sources, stack, atlases)
    if "spawner" in systems or "ai" in systems:
        _enemies(content, sources)
    if "quests" in systems:
        _quests(content, sources)
    if "dialogue" in systems:
        _lines(content, sources)
    return content


def _currency(text: str) -> re.Match[str] | None:
    return re.search(
        r"(?:currency|money)\s*(?:is|=|:|are|called|named)\s*(?:called |named |the )?[\"'“]?([A-Za-z]{3,20})",
        plain(text),
    )


def _named(
    sources: Iterable[tuple[str, Passage | None]], lead: str, each_once: bool = True
) -> Iterator[tuple[Entry, Passage | None]]:
    """Entries of the user's words alone if there are any, else of all passages."""
    seen: set[str] = set()
    from_words = False
    for text, passage in sources:
        if passage is not None and from_words:
            return
        headed = text if passage is None else f"# {passage.document} {passage.heading}\n\n{passage.text}"
        if passage is not None and re.search(rf"\b(?:{lead})\b", passage.heading, re.I):
            headed = f"# {passage.heading}\n{passage.text}"
        for entry in entries(headed, lead):
            if not each_once or entry.name.lower() not in seen:
                seen.add(entry.name.lower())
                from_words = from_words or passage is None
                yield entry, passage


def _items(content: Content, sources: list[tuple[str, Passage | None]], stack: int, atlases: Sequence[Atlas]) -> None:
    told: dict[str, tuple[str, dict[str, float]]] = {}
    for entry, passage in _named(sources, ITEM_LEAD, each_once=False):
        key = _stem(entry.name)
        if key in told:  # a price list adds to what the list of items says
            told[key][1].update({name: n for name, n in _numbers(entry).items() if name not in told[key][1]})
            continue
        told[key] = (entry.name, _numbers(entry))
        content.facts.append(
            Fact("inventory", "item", clean(entry.name), clean(entry.quote or entry.name, 160), passage)
        )
    found = [
        (name, int(n.get("stack", stack)), int(n.get("price", PRICE)), n.get("weight", 0.0))
        for name, n in told.values()
    ]
    if not found:
        found = [("Health Potion", min(10, stack), 25, 0.5), ("Rope", stack, 5, 1.0), ("Iron Key", 1, 40, 0.1)]
        content.assumed.append("no item was named, so Health Potion, Rope and Iron Key stand as examples")
    frames = frame_finder(atlases)
    ids = unique(snake(name) for name, *_ in found)
    content.items = [
        Item(id, clean(name), size, price, weight, frames(name))
        for id, (name, size, price, weight) in zip(ids, found, strict=True)
    ]
    _stacks_in_sentences(content, sources)


def _numbers(entry: Entry) -> dict[str, float]:
    """What a table row or the words of a bullet give of "stack", "price" and "weight"."""
    given: dict[str, float] = {}
    for title, cell in entry.cells.items():
        match = re.search(r"\d+(?:\.\d+)?", digits(cell))
        if match is None:
            if "stack" in title and re.search(r"^(?:no|none|never|x|unique)\b|^[-–—]?$", cell.strip(), re.I):
                given["stack"] = 1
            continue
        kind = next((k for k, words in _COLUMNS.items() if re.search(words, title)), "")
        if kind:
            given[kind] = max(1, int(float(match[0]))) if kind == "stack" else float(match[0])
    said = digits(entry.rest)
    if match := re.search(r"stacks?(?: (?:up )?(?:to|of|size))*[ :]*(\d{1,7})|(\d{1,7}) (?:per|in a) stack", said):
        given["stack"] = max(1, int(match[1] or match[2]))
    elif re.search(r"\b(?:not|never) stack|n't stack|\bunique\b|unstackable|not stackable", said):
        given["stack"] = 1
    if match := _PRICE.search(said):
        given["price"] = int(match[1] or match[2])
    if match := re.search(r"(\d+(?:\.\d+)?) ?kg", said):
        given["weight"] = float(match[1])
    return given


def _stacks_in_sentences(content: Content, sources: list[tuple[str, Passage | None]]) -> None:
    """ "Potions stack to 10": of the items that the sentence names."""
    sizes: dict[str, int] = {}
    for text, _ in sources:
        for match in _STACKED.finditer(digits(text)):
            for name in split_names(match["who"]):
                sizes.setdefault(_stem(name), max(1, int(match["n"])))
        for match in re.finditer(
            r"([a-z][a-z' -]{1,50}?)\s+(?:do not|does not|don't|doesn't|cannot|can't|never) stack\b", digits(text)
        ):
            for name in split_names(match[1]):
                sizes.setdefault(_stem(name), 1)

    def size(item: Item) -> int:
        stem = _stem(item.name)
        exact = sizes.get(stem)
        kind = next((n for name, n in sizes.items() if len(name) > 3 and stem.endswith(f" {name}")), None)
        return exact or kind or item.stack

    content.items = [replace(item, stack=size(item)) for item in content.items]


_IRREGULAR = {
    "wolves": "wolf", "elves": "elf", "thieves": "thief", "leaves": "leaf", "loaves": "loaf", "knives": "knife",
    "staves": "staff", "mice": "mouse", "teeth": "tooth",
}  # fmt: skip


def _stem(name: str) -> str:
    name = re.sub(r"^(?:the|an?|all|most|only|but|while|each)\s+", "", name.strip().lower())
    for ending, singular in _IRREGULAR.items():
        if name.endswith(ending):
            return name[: -len(ending)] + singular
    if name.endswith("ies") and len(name) > 4:
        return name[:-3] + "y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") and len(name) > 3 else name


def frame_finder(atlases: Sequence[Atlas]):
    """The atlas frame whose name says the same words, or nothing."""
    frames = {
        snake(re.sub(r"\.\w{3,4}$", "", frame.rsplit("/", 1)[-1])): frame for atlas in atlases for frame in atlas.frames
    }

    def find(name: str) -> str:
        wanted = snake(name)
        if wanted in frames:
            return frames[wanted]
        stem = snake(_stem(name))
        close = [f for key, f in frames.items() if re.fullmatch(rf"(?:\w+_)?{re.escape(stem)}s?(?:_\d+)?", key)]
        return close[0] if close else ""

    return find


def _recipes(content: Content, sources: list[tuple[str, Passage | None]], stack: int, atlases: Sequence[Atlas]) -> None:
    known = {_stem(item.name): item.id for item in content.items}
    frames = frame_finder(atlases)

    def item_id(name: str) -> str:
        key = _stem(clean(name))
        if key not in known:
            known[key] = unique([*(item.id for item in content.items), snake(name)])[-1]
            shown = clean(name) if name != name.lower() else clean(name).title()
            content.items.append(Item(known[key], shown, stack, PRICE, 0.0, frames(name)))
        return known[key]

    for entry, passage in _named(sources, RECIPE_LEAD):
        cell = next(
            (c for t, c in entry.cells.items() if re.search(r"ingredient|needs|requires?|cost|materials?|input", t)), ""
        )
        needs = _counted(cell or entry.rest)
        if not needs:
            continue
        result = item_id(entry.name)
        wanted = {item_id(name): amount for name, amount in needs.items()}
        wanted.pop(result, None)
        if wanted:
            content.recipes.append(Recipe(result, result, 1, wanted))
            content.facts.append(Fact("crafting", "recipe", clean(entry.name), clean(entry.quote, 160), passage))
    if not content.recipes:
        parts = [item.id for item in content.items[:2]]
        made = item_id("Bandage")
        content.recipes.append(Recipe(made, made, 1, {part: 2 if n == 0 else 1 for n, part in enumerate(parts)}))
        content.assumed.append("no recipe was found, so one for a Bandage stands as an example")


def _counted(text: str) -> dict[str, int]:
    """ "2 cloth + 1 stick" -> {"cloth": 2, "stick": 1}; empty when the words are no list of amounts."""
    needs: dict[str, int] = {}
    text = re.sub(r"^\s*(?:needs?|requires?|from|made (?:of|from|with)|=|:)\s*", "", digits(text))
    pieces = [piece for part in re.split(r"\s*[+,;]\s*|\s+and\s+|\s+&\s+", text.strip(" .")) if (piece := part.strip())]
    numbered = False
    for piece in pieces:
        match = _COUNTED.fullmatch(re.sub(r"^(?:an?|some)\s+", "1 ", piece))
        if match is None or len(match[2].split()) > 4:
            return {}
        numbered = numbered or bool(match[1] or match[3])
        needs[match[2].strip()] = max(1, int(match[1] or match[3] or 1))
    return needs if numbered else {}


def _enemies(content: Content, sources: list[tuple[str, Passage | None]]) -> None:
    for entry, passage in _named(sources, ENEMY_LEAD):
        content.enemies.append(clean(entry.name))
        content.facts.append(
            Fact("spawner", "enemy", clean(entry.name), clean(entry.quote or entry.name, 160), passage)
        )


_ACTIONS = (
    ("defeat", r"defeat|kill|slay|hunt|beat|destroy"),
    ("collect", r"collect|gather|find|bring|fetch|pick|retrieve|catch|deliver|get"),
    ("talk", r"talk|speak|meet|ask|visit"),
    ("reach", r"reach|go|travel|enter|explore|climb|escape"),
)


def _quests(content: Content, sources: list[tuple[str, Passage | None]]) -> None:
    found: list[Quest] = []
    for entry, passage in _named(sources, QUEST_LEAD):
        said = " ".join(
            [entry.rest, *(cell for t, cell in entry.cells.items() if re.search(r"objective|goal|task|desc|what", t))]
        )
        reward_cell = next((cell for title, cell in entry.cells.items() if "reward" in title), "")
        action, target, amount = _objective(f"{said} ." if said.strip() else entry.name)
        reward = re.search(r"\d{1,9}", digits(reward_cell)) or re.search(
            r"(?:reward|pays?|worth)\D{0,20}(\d{1,9})", digits(said)
        )
        paid = int(re.findall(r"\d+", reward[0])[-1]) if reward else 0
        found.append(Quest(snake(entry.name), clean(entry.name), action, target, amount, paid))
        content.facts.append(Fact("quests", "quest", clean(entry.name), clean(entry.quote or entry.name, 160), passage))
    if not found:
        target = content.items[0].id if content.items else "herb"
        found = [Quest("first_steps", "First Steps", "collect", target, 3, 50)]
        content.assumed.append("no quest was found, so “First Steps” stands as an example")
    ids = unique(quest.id for quest in found)
    content.quests = [replace(quest, id=id) for quest, id in zip(found, ids, strict=True)]


def _objective(text: str) -> tuple[str, str, int]:
    said = digits(text)
    for action, pattern in _ACTIONS:
        match = re.search(
            rf"\b(?:{pattern})\w*\b(?: (?:the|to|with|all|up|back|an?|some))*\s+(?:(\d{{1,6}})\s+)?([a-z][a-z' -]{{1,40}}?)(?=$|[.,;:(]| (?:for|in|from|to|at|and|before|with|of|on)\b)",
            said,
        )
        if match:
            return action, snake(_stem(match[2])), max(1, int(match[1] or 1))
    return "reach", snake(text), 1


_SPEECH = re.compile(
    r"^\s*(?:[-*>]\s+)?(?:\*\*)?(?P<who>[A-Z][\w' .-]{1,30}?)(?:\*\*)?\s*(?:\([^)]*\))?:\s*(?:\*\*)?\s*[\"“”'‘]?(?P<said>.+?)[\"“”'’]?\s*$"
)
_NO_SPEAKER = re.compile(
    r"^(?:note|todo|example|speaker|scene|options?|rule|npcs?|characters?|lines?|tone|length|max\w*|text|choice)s?\b",
    re.I,
)


def _lines(content: Content, sources: list[tuple[str, Passage | None]]) -> None:
    """Lines such as "Mira: The lamp is yours.", one conversation in their order."""
    spoken: list[tuple[str, str, Passage | None]] = []
    for text, passage in sources[:40]:
        for row in text.splitlines():
            match = _SPEECH.match(row)
            quoted = match and re.search(r"[\"“”‘’?!.]", row)
            if not match or not quoted or _NO_SPEAKER.match(match["who"]) or len(match["who"].split()) > 3:
                continue
            about = f"{passage.heading} {passage.text[:120]}" if passage else "dialogue"
            if re.search(r"dialog|conversation|speech|lines?|script|talk", about, re.I):
                spoken.append((match["who"].strip(), match["said"], passage))
    if spoken:
        spoken = spoken[:60]
        ids = unique(snake(f"{who}_{n}") for n, (who, _, _) in enumerate(spoken, start=1))
        after = [*ids[1:], ""]
        content.lines = [
            Line(id, clean(who), clean(said, LONGEST_TEXT), (("", following),))
            for id, following, (who, said, _) in zip(ids, after, spoken, strict=True)
        ]
        for who, said, passage in spoken:
            content.facts.append(Fact("dialogue", "line", clean(who), clean(said, 160), passage))
        return
    content.lines = [
        Line(
            "hello",
            "Guide",
            "You made it. The village is just ahead.",
            (("Who are you?", "who"), ("Lead the way.", "go")),
        ),
        Line("who", "Guide", "Somebody who knows the road. Ready?", (("Lead the way.", "go"),)),
        Line("go", "Guide", "Stay close.", (("", ""),)),
    ]
    content.assumed.append("no lines of dialogue were found, so a short talk with a Guide stands as an example")
