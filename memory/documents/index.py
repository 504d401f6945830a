"""A project's passages in memory: words, BM25, vectors. Made anew from the database whenever its documents change."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from memory.documents.facts import Fact
from memory.documents.sentences import statements
from memory.documents.split import prefix
from memory.documents.types import PassageStore, StoredPassage
from memory.documents.vectors import ChromaVectors
from memory.documents.words import alternatives, surface, terms

if TYPE_CHECKING:
    import numpy as np

K1, B = 1.2, 0.6
HEADING_TIMES = 2  # a word of heading or title counts as often in BM25
GENERIC = (
    "game games design document documents doc docs gdd concept system systems note notes draft wiki rules guide bible"
    " art style pitch version final spec overview lore story economy levels items characters sheet balance handbook"
)
SYNONYM = 0.7  # what another word for the same thing counts
NEAR_FROM, NEAR_TO = 0.25, 0.6  # likeness of words from which, and up to which, one counts for the other
FUZZY = 86.0  # similarity (0 to 100) from which an unknown word is read as a misspelt known one


WordVectors = Callable[[Sequence[str]], "np.ndarray | None"]  # unit rows, None: there are none


@dataclass
class Entry:
    """A passage with its words (stems). What only the second look needs is made at the first of them, and kept."""

    row: StoredPassage
    document: str
    title: str
    body: list[str]
    head: list[str]

    words: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.words = frozenset(self.body) | frozenset(self.head)

    @cached_property
    def said(self) -> list[str]:
        """Its statements, in the order of their stored vectors."""
        return statements(self.row.text)

    @cached_property
    def said_words(self) -> list[frozenset[str]]:
        """Stems of each statement."""
        return [frozenset(terms(statement)) for statement in self.said]

    @cached_property
    def headed(self) -> frozenset[str]:
        return frozenset(self.head)

    @cached_property
    def under(self) -> frozenset[str]:
        """Of the heading right above it."""
        return frozenset(terms(self.row.heading.split(" > ")[-1]))

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Words that stand side by side."""
        return neighbours(self.body) | neighbours(self.head)


def neighbours(words: Sequence[str]) -> frozenset[tuple[str, str]]:
    return frozenset(zip(words, words[1:], strict=False))


def title_words(entries: Sequence[Entry]) -> dict[str, int]:
    """stem -> the only document that has it in its title or file name; what documents are called anyway is left out."""
    found: dict[str, set[int]] = {}
    for document, name, title in {(entry.row.document_id, entry.document, entry.title) for entry in entries}:
        for stem in terms(f"{title} {PurePosixPath(name).stem.replace('_', ' ').replace('-', ' ')}"):
            found.setdefault(stem, set()).add(document)
    plain = frozenset(terms(GENERIC))
    return {stem: min(some) for stem, some in found.items() if len(some) == 1 and stem not in plain}


QUESTIONS_KEPT = 256


class ProjectIndex:
    """Read-only once made."""

    def __init__(
        self, entries: list[Entry], ids: list[int], vectors: np.ndarray, word_vectors: WordVectors | None = None
    ) -> None:
        import bm25s

        self.entries = entries
        self.place = {entry.row.id: index for index, entry in enumerate(entries)}
        self.vector_ids = ids
        self.vectors = vectors
        self.word_vectors = word_vectors
        self._near: dict[str, dict[str, float]] = {}
        self._vocabulary: tuple[list[str], np.ndarray | None] | None = None
        self.row_of = {one: row for row, one in enumerate(ids)}  # of `vectors`, by passage id
        self._idf: dict[str, float] = {}
        self._weighed: dict[tuple[str, ...], list[tuple[str, float, dict[str, float]]]] = {}
        self.facts: list[Fact] | None = None  # found when first asked for
        self.frequency: Counter[str] = Counter()
        for entry in entries:
            self.frequency.update(entry.words)
        self.known_words = frozenset(self.frequency)
        self._titles = title_words(entries)
        self._bm25: Any = None
        if entries:
            self._bm25 = bm25s.BM25(k1=K1, b=B, method="lucene")
            corpus = [entry.body + entry.head * HEADING_TIMES or ["\0"] for entry in entries]
            self._bm25.index(corpus, show_progress=False)

    def idf(self, word: str) -> float:
        """Of a word that no passage has: as of one that a single passage has."""
        if word not in self._idf:
            n, df = len(self.entries), max(1, self.frequency.get(word, 0))
            self._idf[word] = math.log(1 + (n - df + 0.5) / (df + 0.5))
        return self._idf[word]

    def named(self, words: Sequence[str]) -> tuple[frozenset[str], frozenset[int]]:
        """(stems that name documents, those documents): words that stand in the title or file name of one alone."""
        stems = frozenset(word for word in words if word in self._titles)
        return stems, frozenset(self._titles[word] for word in stems)

    def known(self, words: Sequence[str]) -> list[str]:
        """The question's words, misspelt ones as the documents spell them."""
        from rapidfuzz import fuzz, process

        out = []
        for word in words:
            if word not in self.frequency and len(word) >= 6 and word.isalpha() and not alternatives(word):
                found = process.extractOne(word, self.frequency.keys(), scorer=fuzz.ratio, score_cutoff=FUZZY)
                if found is not None and found[0][:2] == word[:2] and abs(len(found[0]) - len(word)) <= 2:
                    out.append(found[0])
                    continue
            out.append(word)
        return out

    def near(self, word: str) -> dict[str, float]:
        """Words of the documents that mean much the same: stem -> 0 to SYNONYM."""
        import numpy as np

        if word not in self._near:
            found: dict[str, float] = {}
            if not word.isdigit() and len(word) > 2 and self.word_vectors is not None:
                if self._vocabulary is None:
                    stems = [stem for stem in self.frequency if not stem.isdigit() and len(stem) > 2]
                    vectors = self.word_vectors([surface(stem) for stem in stems]) if stems else None
                    self._vocabulary = (stems, vectors)
                stems, vectors = self._vocabulary
                own = self.word_vectors([surface(word)]) if vectors is not None else None
                if vectors is not None and own is not None:
                    likeness = vectors @ own[0]
                    for place in np.flatnonzero(likeness > NEAR_FROM):
                        share = (float(likeness[place]) - NEAR_FROM) / (NEAR_TO - NEAR_FROM)
                        found[stems[place]] = SYNONYM * min(1.0, share)
            self._near[word] = found
        return self._near[word]

    def support(self, word: str, words: frozenset[str]) -> float:
        """1: the word is there; less: one that stands for it or means much the same is; 0: none."""
        if word in words:
            return 1.0
        if alternatives(word) & words:
            return SYNONYM
        return max((weight for other, weight in self.near(word).items() if other in words), default=0.0)

    def share(self, wanted: Sequence[str], words: frozenset[str]) -> float:
        """How much of the wanted words, weighed by their rarity and by `support`, is among `words`: 0 to 1."""
        reached = total = 0.0
        for word, weight, others in self._weights(tuple(wanted)):
            total += weight
            if word in words:
                reached += weight
            elif not others.keys().isdisjoint(words):
                reached += weight * max(others[other] for other in others.keys() & words)
        return reached / total if total else 0.0

    def _weights(self, wanted: tuple[str, ...]) -> list[tuple[str, float, dict[str, float]]]:
        """(word, rarity, what supports it) of a question's words, which are held against hundreds of statements."""
        found = self._weighed.get(wanted)
        if found is None:
            found = [
                (word, self.idf(word), {**self.near(word), **dict.fromkeys(alternatives(word), SYNONYM)})
                for word in wanted
            ]
            if len(self._weighed) >= QUESTIONS_KEPT:
                self._weighed.clear()
            self._weighed[wanted] = found
        return found

    def bm25(self, words: Sequence[str]) -> np.ndarray:
        """Scores of all entries, float32 [n]."""
        import numpy as np

        words = [word for word in words if word in self.frequency]
        if not words or self._bm25 is None:
            return np.zeros(len(self.entries), np.float32)
        return self._bm25.get_scores(list(words))

    def nearest(self, vector: np.ndarray, k: int) -> list[tuple[int, float]]:
        """Exactly compared: (passage id, cosine), best first."""
        import numpy as np

        if not self.vector_ids:
            return []
        likeness = self.vectors @ vector
        best = np.argsort(-likeness)[:k]
        return [(self.vector_ids[index], float(likeness[index])) for index in best]


class Indexes:
    """The current index of each project, and Chroma in step with it."""

    def __init__(self, store: PassageStore, chroma: ChromaVectors, word_vectors: WordVectors | None = None) -> None:
        self.store = store
        self.word_vectors = word_vectors
        self.chroma = chroma
        self._guard = threading.Lock()
        self._made: dict[tuple[str, str], tuple[Any, ProjectIndex]] = {}

    def get(self, project: str, model: str) -> ProjectIndex:
        with self._guard:
            fingerprint = self.store.fingerprint(project)
            known = self._made.get((project, model))
            if known is not None and known[0] == fingerprint:
                return known[1]
            old = {entry.row: entry for entry in known[1].entries} if known is not None else {}
            index = self._make(project, model, old)
            self._made[(project, model)] = (fingerprint, index)
            return index

    def _make(self, project: str, model: str, old: dict[StoredPassage, Entry]) -> ProjectIndex:
        import numpy as np

        names = self.store.names(project)
        entries = []
        for row in self.store.passages(project):
            if row.document_id not in names:
                continue  # its document was deleted in between
            document, title = names[row.document_id]
            known = old.get(row)
            if known is not None and (known.document, known.title) == (document, title):
                entries.append(known)
            else:
                entries.append(Entry(row, document, title, terms(row.text), terms(prefix(title, row.heading))))
        ids, vectors = self.store.vectors(project, model)
        self.chroma.sync(project, model, ids, vectors)
        return ProjectIndex(entries, ids, vectors.astype(np.float32), self.word_vectors)
