"""A request -> a scaffold: what chat, button, command line and REST all call."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from errors import BadRequest, Cancelled
from scaffolds.content import gather
from scaffolds.engines import choose
from scaffolds.naming import clean
from scaffolds.notes import covered, notes_of, title_of, wiring_of
from scaffolds.reading import FOES, defaults, facts_from_passages, facts_from_words
from scaffolds.render import Spec, render
from scaffolds.shelf import Kept, Shelf
from scaffolds.systems import SYSTEMS, Asked, asked_for, listed
from scaffolds.types import Atlas, Fact, Media, Passage, Scaffold
from scaffolds.writer import CodeModel, write_files

if TYPE_CHECKING:
    from settings import Settings

PASSAGES_PER_SYSTEM = 6
MOST_PASSAGES = 24


class Documents(Protocol):
    """Retrieval over the project's documents, best passage first; empty when there are none."""

    def __call__(self, project: str, question: str, count: int) -> Sequence[Passage]: ...


def no_documents(project: str, question: str, count: int) -> Sequence[Passage]:
    return ()


@dataclass(frozen=True)
class Request:
    requirements: str
    engine: str | None = None
    project: str = "default"
    words: str = ""  # the whole message, where the requirements were cut out of one


class Scaffolder:
    """`documents` retrieves passages, `atlases` names what was exported, `model` writes code if there is one."""

    def __init__(
        self,
        settings: Settings,
        *,
        documents: Documents = no_documents,
        atlases: Callable[[str], Sequence[Atlas]] = lambda project: (),
        model: Callable[[], CodeModel | None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.shelf = Shelf(settings.home / "scaffolds")
        self._documents = documents
        self._atlases = atlases
        self._model = model

    def scaffold(
        self,
        request: Request,
        *,
        tell: Callable[[str], None] = lambda text: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Kept:
        """Make the files and keep them in the home folder. `tell` gets a line for each step.

        Raises:
            BadRequest: nothing is asked for, the engine is unknown, or there is no template for it and no model.
            Cancelled: `stopped` said so.
        """
        check_requirements(request.requirements, self.settings.max_message_chars)
        requirements = clean_requirements(request.requirements)
        words = f"{requirements}\n{request.words}" if request.words and request.words != requirements else requirements
        asked = asked_for(requirements)
        if not asked.systems and not asked.missing and request.words:
            asked = asked_for(request.words)
        model = self._model()
        if not asked.systems and model is None:
            raise BadRequest(nothing_fits(asked, requirements))
        # An unknown engine is said before anything is looked up.
        choose(request.engine, words)
        tell("Reading the design documents")
        passages = self._retrieve(request.project, asked, requirements)
        choice = choose(
            request.engine,
            words,
            setting=self.settings.engine,
            passages=[*passages, *self._documents(request.project, "game engine technology built in", 3)],
            exported=self._exported_for(request.project),
        )
        if stopped():
            raise Cancelled
        engine = choice.engine
        kind = "godot" if engine.id == "godot" else "phaser"
        atlases = tuple(atlas for atlas in self._atlases(request.project) if atlas.kind == kind)
        values = defaults(engine.id)
        said = facts_from_words(words, asked.systems, values)
        read, conflicts = facts_from_passages(passages, asked.systems, values, said, bool(FOES.search(words)))
        values["movement"]["platformer"] = int(is_platformer(words, passages if "movement" in asked.systems else ()))
        content = gather(words, passages, asked.systems, int(values["inventory"]["stack"]), atlases)
        facts: tuple[Fact, ...] = (*said, *read, *content.facts)
        title = title_of(request.project, passages)
        spec = Spec(title, engine.id, asked.systems, values, content, atlases)
        files = render(spec) if asked.systems else ()
        scaffold = Scaffold(
            title=covered(asked.systems) or clean(requirements, 60),
            engine=engine.id,
            files=files,
            wiring=tuple(wiring_of(spec)),
            notes=tuple(notes_of(choice, asked, content, conflicts, atlases, passages, facts)),
            facts=facts,
            systems=asked.systems,
            media=media_of(engine.id, atlases),
        )
        if model is not None:
            scaffold = write_files(model, requirements, engine, scaffold, passages, atlases, tell=tell, stopped=stopped)
        return self.shelf.keep(scaffold)

    def _retrieve(self, project: str, asked: Asked, requirements: str) -> list[Passage]:
        """Passages for each system, and for what stands in the words themselves; each once."""
        questions = [f"{SYSTEMS[name].title}: {SYSTEMS[name].query}" for name in asked.systems]
        if {"inventory", "pickups", "shop", "crafting"} & set(asked.systems):
            questions.append("list of items, weapons, tools and consumables")
        if "spawner" in asked.systems or "ai" in asked.systems:
            questions.append("list of enemies and monsters")
        found: dict[tuple[str, str, str], Passage] = {}
        for question in [*questions, requirements[:500]]:
            for passage in self._documents(project, question, PASSAGES_PER_SYSTEM):
                found.setdefault((passage.document, passage.heading, passage.text), passage)
        return list(found.values())[:MOST_PASSAGES]

    def _exported_for(self, project: str) -> str | None:
        return next((atlas.kind for atlas in self._atlases(project)), None)


ASSETS = {
    "phaser": "public/assets",
    "godot": "assets",
    "pygame": "assets",
}  # where an engine's scaffold looks for the atlas


def media_of(engine: str, atlases: Sequence[Atlas]) -> tuple[Media, ...]:
    """The files of the atlas that the code uses, so that it runs as it is."""
    if engine not in ASSETS:
        return ()
    return tuple(Media(f"{ASSETS[engine]}/{name}", place) for atlas in atlases[:1] for name, place in atlas.parts)


# Words that ask for code without saying which.
_EMPTY = re.compile(
    r"\b(?:scaffold(?:ing)?|starter|boilerplate|code|scripts?|write|make|create|generate|some|a|an|the|my|our|me|for|in"
    r"|with|please|game|systems?|something|it|unity|godot|phaser|pygame|bevy|generic)\b|\d+",
    re.I,
)


def check_requirements(text: str, longest: int) -> None:
    """Raises BadRequest."""
    if not re.search(r"\w", _EMPTY.sub(" ", text)):
        raise BadRequest('Say what the code should do, for example "scaffold an inventory with 20 slots in Godot".')
    if len(text) > longest:
        raise BadRequest(
            f"The requirements have {len(text):,} characters and the limit is {longest:,}. "
            "Shorten them, or ingest them as a design document and ask for the code in one sentence."
        )


def clean_requirements(text: str) -> str:
    return "\n".join(clean(line, 2000) for line in text.splitlines() if line.strip())


def is_platformer(words: str, passages: Sequence[Passage]) -> bool:
    pattern = r"platformer|platforming|side[- ]?scroll\w*|jump\w*|gravity|coyote|metroidvania"
    if re.search(r"top[- ]?down|twin[- ]stick|isometric|eight directions", words, re.I):
        return False
    if re.search(pattern, words, re.I):
        return True
    texts = [f"{passage.heading} {passage.text}" for passage in passages]
    if any(re.search(r"top[- ]?down|twin[- ]stick|isometric|bird's[- ]eye", text, re.I) for text in texts):
        return False
    return any(
        re.search(r"platformer|side[- ]?scroll\w*|double[- ]jump|jump (?:height|speed)", text, re.I) for text in texts
    )


def nothing_fits(asked: Asked, requirements: str) -> str:
    missing = [name for name, _ in asked.missing]
    what = ", ".join(missing) if missing else f'"{clean(requirements, 60)}"'
    nearest = next((near for _, near in asked.missing if near), "")
    offer = f" The nearest is {SYSTEMS[nearest].title.lower()}." if nearest else ""
    others = "a language model at an endpoint can write others."
    return f"There is no template for {what}.{offer} There are templates for {listed()}; {others}"
