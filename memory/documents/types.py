"""What documents are made of, on the way in and on the way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Extracted:
    """A file's text as Markdown; `title` is empty when the file does not name one."""

    text: str
    format: str
    title: str = ""


@dataclass(frozen=True)
class Piece:
    """A passage before it is stored: `heading` is its path ("Combat > Stamina"), without the document's title."""

    heading: str
    text: str


class StoredPassage(Protocol):
    """A row of the passages table."""

    @property
    def id(self) -> int: ...
    @property
    def document_id(self) -> int: ...
    @property
    def position(self) -> int: ...
    @property
    def heading(self) -> str: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True)
class Passage:
    """A retrieved passage. `document` is the file's name in the project, `score` falls with the rank (0 to 1)."""

    document: str
    heading: str
    text: str
    score: float
    id: int
    document_id: int = 0
    title: str = ""

    @property
    def place(self) -> str:
        """ "gdd.md > Combat > Stamina"."""
        return f"{self.document} > {self.heading}" if self.heading else self.document

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def citation(self) -> dict[str, Any]:
        """{"document", "heading", "passage", "passage_id", "document_id"} as chat, REST and `ask --json` show it."""
        return {
            "document": self.document,
            "heading": self.heading or self.title or self.document,
            "passage": self.text,
            "passage_id": self.id,
            "document_id": self.document_id,
        }


@dataclass(frozen=True)
class Claim:
    """A sentence of an answer and the passage that says it."""

    text: str
    passage: Passage


@dataclass(frozen=True)
class Answer:
    """`answered` False: the documents do not say, and `nearest` holds what comes closest."""

    answered: bool
    text: str
    claims: tuple[Claim, ...] = ()
    nearest: tuple[Passage, ...] = ()
    question: str = ""  # as it was searched: a follow-up carries what it follows

    @property
    def citations(self) -> list[Passage]:
        return list({claim.passage.id: claim.passage for claim in self.claims}.values())


class PassageStore(Protocol):
    """Where documents and passages are kept (`library.documents.DocumentStore`)."""

    def fingerprint(self, project: str) -> tuple[Any, ...]:
        """Changes whenever a document of the project does."""
        ...

    def passages(self, project: str) -> Sequence[StoredPassage]:
        """All of a project, in the order of documents and their text."""
        ...

    def names(self, project: str) -> dict[int, tuple[str, str]]:
        """document id -> (name, title)."""
        ...

    def vectors(self, project: str, model: str) -> tuple[list[int], np.ndarray]:
        """Passage ids and their vectors by that model, float16 [n, dimension]."""
        ...

    def sentence_vectors(self, passage_ids: Sequence[int]) -> dict[int, bytes]: ...
