"""Documents as memory: the one door to search them and to have questions answered from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from errors import BadRequest
from memory.documents.expects import expected, measure_words
from memory.documents.facts import Fact, find_facts
from memory.documents.index import Indexes, ProjectIndex
from memory.documents.rank import CANDIDATES, Candidate, Question, candidates, second_look
from memory.documents.sentences import statements
from memory.documents.split import Split, prefix, split
from memory.documents.types import Answer, Extracted, Passage, PassageStore
from memory.documents.vectors import ChromaVectors
from memory.documents.words import terms

if TYPE_CHECKING:
    from memory.embedder import Embedder

BATCH = 16  # passages embedded in one go: others who need the model wait that long at most
MAX_QUESTION = 2000


class DocumentMemory:
    """Search and answers over all documents of a project. Safe to call from several threads."""

    def __init__(self, store: PassageStore, embedder: Embedder, chroma: ChromaVectors) -> None:
        self.store = store
        self.embedder = embedder
        self.chroma = chroma
        self._indexes = Indexes(store, chroma, embedder.word_vectors)

    @property
    def model(self) -> str:
        return self.embedder.name

    # In

    def cut(self, document: Extracted, name: str) -> Split:
        """Title and passages, each within what the embedding model reads."""
        plain = document.format in ("text", "pdf")
        title = document.title or Path(name).stem.replace("_", " ").replace("-", " ").strip()
        return split(document.text, title, self.embedder.token_counts, min(256, self.embedder.max_tokens), plain)

    def embed(
        self,
        title: str,
        pieces: Sequence[tuple[str, str]],
        progress: Callable[[int], None] = lambda done: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> list[tuple[bytes, bytes]] | None:
        """(passage vector, statement vectors) of each (heading, text), float16; None when cancelled on the way."""
        import numpy as np

        out: list[tuple[bytes, bytes]] = []
        for start in range(0, len(pieces), BATCH):
            if cancelled():
                return None
            part = pieces[start : start + BATCH]
            said = [statements(text) for _, text in part]
            whole = [embedded_text(title, heading, text) for heading, text in part]
            flat = [statement for some in said for statement in some]
            vectors = self.embedder.encode([*whole, *flat]).astype(np.float16)
            at = len(whole)
            for row, some in enumerate(said):
                out.append((vectors[row].tobytes(), vectors[at : at + len(some)].tobytes()))
                at += len(some)
            progress(len(out))
        return out

    # Out

    def search(self, project: str, question: str, k: int = 5) -> list[Passage]:
        """The `k` passages that fit best, best first; empty when there are no documents. Raises BadRequest."""
        ranked = self.ranked(project, question)[1]
        return [self.passage(candidate) for candidate in ranked[:k]]

    def ranked(self, project: str, question: str) -> tuple[Question, list[Candidate], ProjectIndex]:
        text = check_question(question)
        index = self._indexes.get(project, self.model)
        words = index.known(terms(text) or terms(text, keep_stop=True))
        vector = self.embedder.encode([text])[0]
        titles, named = index.named(words)
        idle = titles | measure_words(text)
        subject = tuple(dict.fromkeys(word for word in words if word not in idle)) or tuple(dict.fromkeys(words))
        asked = Question(text, words, vector, subject, expected(text, subject), named)
        near = self.chroma.query(project, self.model, vector, CANDIDATES)
        if near is None:
            near = index.nearest(vector, CANDIDATES)
        fused, cosine, scores = candidates(index, asked, near)
        ids = [index.entries[place].row.id for place, _ in fused[:CANDIDATES]]
        found = second_look(index, asked, fused, cosine, scores, self.store.sentence_vectors(ids))
        return asked, found, index

    def knows(self, project: str) -> bool:
        """Are there documents?"""
        return bool(self.store.fingerprint(project)[0])

    def answer(self, project: str, question: str, before: Sequence[str] = ()) -> Answer:
        """A short answer from the passages' own sentences, or that the documents do not say.

        `before`: earlier questions of the conversation, newest last, for "and for bosses?". Raises BadRequest.
        """
        from memory.documents.answer import answer

        return answer(self, project, question, before)

    @staticmethod
    def passage(candidate: Candidate) -> Passage:
        row, entry = candidate.entry.row, candidate.entry
        return Passage(
            entry.document, row.heading, row.text, round(candidate.score, 4), row.id, row.document_id, entry.title
        )

    def facts(self, project: str) -> list[Fact]:
        """What the documents fix for all that is made."""
        index = self._indexes.get(project, self.model)
        if index.facts is None:
            names = {entry.row.document_id: (entry.document, entry.title) for entry in index.entries}
            index.facts = find_facts([entry.row for entry in index.entries], names)
        return index.facts

    def refresh(self, project: str) -> None:
        """Bring the index, and Chroma with it, in step with the database now rather than at the next question."""
        self._indexes.get(project, self.model)

    def close(self) -> None:
        self.chroma.close()


def embedded_text(title: str, heading: str, text: str) -> str:
    """What the model reads of a passage."""
    before = prefix(title, heading)
    return f"{before}\n{text}" if before else text


def check_question(question: str) -> str:
    text = " ".join(question.split())
    if not text:
        raise BadRequest("Ask something about the documents.")
    return text[:MAX_QUESTION]
