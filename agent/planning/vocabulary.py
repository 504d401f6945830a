"""Concrete things that can be drawn, with the kinds and themes that they belong to."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from agent.planning.words import head, key, singular

if TYPE_CHECKING:
    import numpy as np

    from memory.embedder import Embedder

FOLDER = Path(__file__).parent
SUBJECTS = FOLDER / "subjects.txt"
VECTORS = FOLDER / "subjects.npz"
LIST_LENGTH = 60  # subjects of a list that are told apart by their place
_SECTION = re.compile(r"\[(?P<themes>[\w &-]*)(?:/(?P<kinds>[\w &-]+))?\]$")


@dataclass
class Subject:
    """`tags`: in which lists it stands, (theme, kind) -> place in that list from 0 (first) to 1."""

    text: str
    tags: dict[tuple[str, str], float]

    @cached_property
    def head(self) -> str:
        return head(self.text)

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(key(self.text).split())

    @cached_property
    def kinds(self) -> frozenset[str]:
        return frozenset(kind for _, kind in self.tags)

    @cached_property
    def themes(self) -> frozenset[str]:
        return frozenset(theme for theme, _ in self.tags)


@dataclass(frozen=True)
class Found:
    """What a phrase says: `places` (desert, pirate), `classes` (weapon, potion), and the words left over."""

    places: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()


class Vocabulary:
    """Read-only after loading. `vectors` are computed on first use when the shipped ones are of another embedder."""

    def __init__(
        self, subjects: list[Subject], places: dict[str, list[str]], classes: dict[str, list[str]], digest: str
    ) -> None:
        self.subjects = subjects
        self.places = places  # alias (singular words) -> themes
        self.classes = classes
        self.digest = digest
        self._longest_alias = max((len(alias.split()) for alias in (*places, *classes)), default=1)
        self._vectors: np.ndarray | None = None
        self._drawable: np.ndarray | None = None
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: Path = SUBJECTS) -> Vocabulary:
        subjects: dict[str, Subject] = {}
        aliases: dict[str, dict[str, list[str]]] = {"places": {}, "classes": {}}
        target: dict[str, list[str]] | None = None
        listed = 0
        tags: list[tuple[str, str]] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            if section := _SECTION.match(line):
                target, listed = aliases.get(section["themes"].strip()), 0
                tags = [
                    (theme, kind) for theme in section["themes"].split() for kind in (section["kinds"] or "").split()
                ]
            elif target is not None:
                name, _, others = line.partition("=")
                for alias in (name, *others.split(",")):
                    words = [singular(word) for word in re.findall(r"[^\W_]+", alias.lower())]
                    target.setdefault(" ".join(words), []).append(name.strip())
            else:
                entries = [part.strip() for part in line.split(";") if part.strip()]
                for place, entry in enumerate(entries, start=listed):
                    subject = subjects.setdefault(key(entry), Subject(entry, {}))
                    for tag in tags:
                        subject.tags.setdefault(tag, min(1.0, place / LIST_LENGTH))
                listed += len(entries)
        digest = hashlib.sha256("\n".join(subject.text for subject in subjects.values()).encode()).hexdigest()
        return cls(list(subjects.values()), aliases["places"], aliases["classes"], digest)

    @cached_property
    def by_head(self) -> dict[str, list[int]]:
        """Head noun -> places of the subjects that it heads."""
        heads: dict[str, list[int]] = {}
        for index, subject in enumerate(self.subjects):
            heads.setdefault(subject.head, []).append(index)
        return heads

    def themes_of(self, phrase: str) -> Found:
        """Themes that the words name, longest names first."""
        words = re.findall(r"[^\W_]+", phrase.lower())
        single = [singular(word) for word in words]
        places: list[str] = []
        classes: list[str] = []
        rest: list[str] = []
        at = 0
        while at < len(words):
            for length in range(min(self._longest_alias, len(words) - at), 0, -1):
                alias = " ".join(single[at : at + length])
                if alias in self.places or alias in self.classes:
                    if alias in self.places:
                        places += self.places[alias]
                    if alias in self.classes:
                        classes += self.classes[alias]
                    at += length
                    break
            else:
                rest.append(words[at])
                at += 1
        return Found(tuple(dict.fromkeys(places)), tuple(dict.fromkeys(classes)), tuple(rest))

    def has_all(self, classes: Sequence[str], kind: str, count: int) -> bool:
        """Whether there are subjects of all these classes at once: of one class always, of several `count` at least."""
        wanted = set(classes)
        return len(wanted) == 1 or sum(wanted <= subject.themes for subject in self.subjects) >= count

    def similarity(self, phrase: str, embedder: Embedder) -> np.ndarray:
        """Cosine of every subject's meaning with the phrase's, float32 [n]."""
        return self.vectors(embedder) @ embedder.encode([phrase])[0]

    def vectors(self, embedder: Embedder) -> np.ndarray:
        """Unit vectors, float32 [n, dimension]."""
        with self._lock:
            if self._vectors is None:
                shipped = _shipped(self.digest) if embedder.name == "builtin" else None
                self._vectors = shipped[0] if shipped else embedder.encode([subject.text for subject in self.subjects])
            return self._vectors

    @property
    def drawable(self) -> np.ndarray | None:
        """How near each subject is to a concept of the built-in image model, 0..1 float32 [n]; None: not known."""
        if self._drawable is None:
            shipped = _shipped(self.digest)
            self._drawable = shipped[1] if shipped else None
        return self._drawable


def _shipped(digest: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Vectors and drawability as `agent.planning.build` saved them, if they belong to these subjects."""
    import numpy as np

    if not VECTORS.exists():
        return None
    with np.load(VECTORS) as data:
        if str(data["digest"]) != digest:
            return None
        return data["vectors"] * data["scale"], data["drawable"].astype(np.float32)
