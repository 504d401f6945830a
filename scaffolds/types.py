"""What passes between the parts of a scaffold. Plain data: it is kept as JSON and travels in chat messages."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Passage:
    """A retrieved piece of a design document."""

    document: str
    heading: str
    text: str
    id: int = 0  # of passage and document in the document memory; 0: unknown
    document_id: int = 0

    def citation(self) -> dict[str, Any]:
        """As answers from documents cite: {"document", "heading", "passage", "passage_id", "document_id"}."""
        cited = {"document": self.document, "heading": self.heading or self.document, "passage": self.text}
        return {**cited, "passage_id": self.id, "document_id": self.document_id}

    @property
    def place(self) -> str:
        """ "GDD > Inventory"."""
        return f"{self.document} > {self.heading}" if self.heading else self.document


@dataclass(frozen=True)
class Fact:
    """A name or number that the code was made with, and where it was said. `passage` None: in the user's words."""

    system: str
    label: str  # "slots", "item"
    value: str
    quote: str = ""
    passage: Passage | None = None

    def sentence(self) -> str:
        source = f"{self.passage.place}: “{self.quote}”" if self.passage else "your request"
        return f"{self.label} = {self.value} ({source})"


@dataclass(frozen=True)
class Problem:
    """A place where a file does not parse. Lines and columns count from 1."""

    line: int
    column: int
    message: str

    def sentence(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


@dataclass(frozen=True)
class CodeFile:
    name: str  # relative, with forward slashes
    text: str
    problems: tuple[Problem, ...] = ()
    checked_by: str = ""  # "gdtoolkit"; empty: nothing here parses such a file


@dataclass(frozen=True)
class Media:
    """A file that comes with the code as it is: a page of an exported atlas."""

    name: str
    source: str


@dataclass(frozen=True)
class Scaffold:
    title: str
    engine: str
    files: tuple[CodeFile, ...]
    wiring: tuple[str, ...]  # how to put it to use, one step each
    notes: tuple[str, ...]  # choices made, what is not covered
    facts: tuple[Fact, ...] = ()
    systems: tuple[str, ...] = ()
    author: str = "templates"  # or the name of the model that wrote it
    rounds: int = 0  # times that parse errors went back to the model
    media: tuple[Media, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def scaffold_from(data: dict[str, Any]) -> Scaffold:
    files = tuple(
        CodeFile(**{**file, "problems": tuple(Problem(**problem) for problem in file["problems"])})
        for file in data["files"]
    )
    facts = tuple(
        Fact(**{**fact, "passage": Passage(**fact["passage"]) if fact["passage"] else None}) for fact in data["facts"]
    )
    lists = {key: tuple(data[key]) for key in ("wiring", "notes", "systems")}
    media = tuple(Media(**each) for each in data["media"])
    return Scaffold(**{**data, **lists, "files": files, "facts": facts, "media": media})


@dataclass(frozen=True)
class Item:
    id: str
    name: str
    stack: int
    price: int
    weight: float = 0.0
    frame: str = ""  # name of its picture in the project's atlas


@dataclass
class Recipe:
    id: str
    result: str
    amount: int
    needs: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Quest:
    id: str
    title: str
    action: str  # "collect", "defeat"
    target: str
    amount: int
    reward: int


@dataclass(frozen=True)
class Line:
    id: str
    speaker: str
    text: str
    choices: tuple[tuple[str, str], ...] = ()  # (words, id of the next line; "" ends)


@dataclass(frozen=True)
class Atlas:
    """An exported texture atlas of the project. `parts` are its files: (name, where it lies)."""

    kind: str  # "phaser": a multi-atlas JSON; "godot": textures
    key: str
    data: str
    frames: tuple[str, ...]
    parts: tuple[tuple[str, str], ...] = ()
