"""Engines that there are scaffolds for, and which one a request means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from errors import BadRequest
from scaffolds.types import Passage


@dataclass(frozen=True)
class Engine:
    id: str
    name: str  # with the version that the templates are written for
    language: str
    suffix: str  # of code files; the checker goes by it
    pattern: str  # words that name it or its language


ENGINES = {
    engine.id: engine
    for engine in (
        Engine("godot", "Godot 4", "GDScript", ".gd", r"godot|gd ?script"),
        Engine("unity", "Unity 6", "C#", ".cs", r"unity(?:3d)?|monobehaviou?rs?|scriptable ?objects?|c#|c sharp"),
        Engine("phaser", "Phaser 4", "TypeScript", ".ts", r"phaser|typescript|javascript"),
        Engine("pygame", "pygame-ce", "Python", ".py", r"pygame(?:[- ]ce)?|python"),
        Engine("bevy", "Bevy 0.19", "Rust", ".rs", r"bevy|rust"),
        Engine("generic", "pseudo-code", "pseudo-code", ".txt",
               r"pseudo[- ]?code|engine[- ](?:agnostic|independent)|(?:any|no) engine|generic"),
    )
}  # fmt: skip
_OTHERS = {
    "Unreal Engine": r"unreal(?: engine)?|ue ?[45]",
    "GameMaker": r"game ?maker(?: studio)?|gml",
    "LÖVE": r"love ?2d|löve",
    "PixiJS": r"pixi(?:\.?js)?",
    "Construct": r"construct ?[23]?",
    "RPG Maker": r"rpg ?maker",
    "Cocos": r"cocos(?:2d)?",
    "Defold": r"defold",
    "MonoGame": r"monogame",
}
SPOKEN = ", ".join(engine.name for engine in ENGINES.values() if engine.id != "generic")


@dataclass(frozen=True)
class Choice:
    engine: Engine
    reason: str  # a sentence for the notes; empty when the user named it


def named_in(text: str) -> Engine | None:
    """The engine that a text names first, the engine's own name before that of its language."""
    found = [
        (match.start(), engine)
        for engine in ENGINES.values()
        for match in re.finditer(rf"(?<!\w)(?:{engine.pattern})(?![\w+#])", text, re.I)
    ]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def choose(
    said: str | None,
    request: str,
    *,
    setting: str | None = None,
    passages: Iterable[Passage] = (),
    exported: str | None = None,
) -> Choice:
    """The engine of the call, of the words, of the settings, of the documents, of the last export; else pseudo-code.

    `said` is the caller's argument; a bare "generic" there is taken at its word only when the request says so too.

    Raises:
        BadRequest: an engine that there are no scaffolds for.
    """
    said = (said or "").strip().lower()
    if said and said not in ENGINES:
        close = named_in(said)
        if close is None:
            raise BadRequest(_no_such(said))
        said = close.id
    if said and said != "generic":
        return Choice(ENGINES[said], "")
    for name, pattern in _OTHERS.items():
        if re.search(rf"\b(?:in|for|with|using)\s+(?:the\s+)?(?:{pattern})(?!\w)", request, re.I):
            raise BadRequest(_no_such(name))
    if spoken := named_in(request):
        return Choice(spoken, "")
    if setting:
        return Choice(ENGINES[setting], f"{ENGINES[setting].name}, as the settings say.")
    for passage in passages:
        found = _built_with(passage.text)
        if found is not None:
            return Choice(found, f"{found.name}, because {passage.place} names it.")
    if exported in ENGINES:
        return Choice(ENGINES[exported], f"{ENGINES[exported].name}, because this project was last exported for it.")
    note = 'No engine was named, so this is pseudo-code. Add for example "in Godot" to get code that runs.'
    return Choice(ENGINES["generic"], "" if said else note)


def _built_with(text: str) -> Engine | None:
    """Documents name languages and rivals in passing: here only an engine's own name counts, and only near "engine"."""
    for sentence in re.split(r"(?<=[.!?])\s|\n", text):
        if re.search(
            r"\b(?:engine|built|made|develop\w*|implement\w*|technology|target\w*|uses?|using)\b", sentence, re.I
        ):
            match = re.search(r"(?<!\w)(godot|unity|phaser|pygame|bevy)(?!\w)", sentence, re.I)
            if match and not re.search(
                r"\b(?:not|never|instead of|rather than|unlike)\b", sentence[: match.start()], re.I
            ):
                return ENGINES[match[1].lower()]
    return None


def _no_such(name: str) -> str:
    known = next((full for full, pattern in _OTHERS.items() if re.fullmatch(pattern, name, re.I)), name)
    shown = known if len(known) <= 40 else f"{known[:40]}…"
    return f'There are scaffolds for {SPOKEN} and engine-independent pseudo-code, not for "{shown}". Name one of those.'
