"""Scores every concept name against a subject at once: an inverted index over head nouns, words and tags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from pipelines.nano.words import TINT_OF, Subject, alias, parse_subject

_NOTHING = np.zeros(0, np.int64)


class NameIndex:
    """Names of all concepts with the tags that their pictures carry."""

    def __init__(self, names: Sequence[str], tags: Sequence[frozenset[str]]) -> None:
        self._heads: dict[str, list[int]] = defaultdict(list)
        self._words: dict[str, list[int]] = defaultdict(list)
        self._tags: dict[str, list[int]] = defaultdict(list)
        self.subjects = [parse_subject(name) for name in names]
        for number, subject in enumerate(self.subjects):
            self._heads[subject.head].append(number)
            for word in subject.words:
                self._words[word].append(number)
            for word in {word for tag in tags[number] for word in parse_subject(tag).words}:
                self._tags[word].append(number)
        self._length = np.array([len(subject.words) for subject in self.subjects])

    @staticmethod
    def _rows(table: dict[str, list[int]], words: Sequence[str]) -> np.ndarray:
        found = [table[word] for word in words if word in table]
        return np.unique(np.concatenate(found)) if found else _NOTHING

    def agreement(self, wanted: Subject) -> np.ndarray:
        """How far the words of each name agree with a subject, [names]: the head counts most, then its modifiers.

        Same head 0.6; another word for it as the head 0.42; the head among the name's words 0.2; a tag 0.18; all
        modifiers found 0.25 (a missing colour counts for half); each word that was not asked for costs 0.05 (at most
        0.15).
        """
        others = sorted(alias(wanted.head))
        score = np.zeros(len(self.subjects), np.float32)
        # From the weakest to the strongest reason, so that the strongest stays.
        score[self._rows(self._tags, [wanted.head])] = 0.18
        score[self._rows(self._words, others)] = 0.25
        score[self._rows(self._heads, others)] = 0.42
        score[self._rows(self._words, [wanted.head])] = 0.2
        score[self._rows(self._heads, [wanted.head])] = 0.6
        shared = np.zeros(len(self.subjects), np.float32)
        modifiers = np.zeros(len(self.subjects), np.float32)
        for word in wanted.words:
            rows = self._rows(self._words, [word])
            shared[rows] += 1
            if word != wanted.head:
                modifiers[rows] += 1
        if wanted.modifiers:
            # A colour that is missing can be given by recolouring: it counts for half.
            colours = sum(word in TINT_OF for word in wanted.modifiers)
            missing = np.minimum(colours, len(wanted.modifiers) - modifiers)
            score += 0.25 * (modifiers + 0.5 * missing) / len(wanted.modifiers)
        return score - 0.05 * np.minimum(3, self._length - shared)
