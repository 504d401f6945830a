"""Finds exactly n distinct subjects for a phrase: by theme and meaning first, with adjectives where these run out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from agent.planning.modifiers import ROLES, SCENES, modifiers, recipes
from agent.planning.reading import Phrase
from agent.planning.vocabulary import Subject, Vocabulary
from agent.planning.words import head_index, key, singular_phrase, tidy

if TYPE_CHECKING:
    from memory.embedder import Embedder

# Kinds whose subjects may stand in for each other, best first.
NEAR_KINDS: dict[str, tuple[str, ...]] = {
    "prop": ("prop",),
    "item": ("item",),
    "icon": ("icon", "item", "effect", "ui"),
    "character": ("character",),
    "tile": ("tile", "texture"),
    "texture": ("texture", "tile"),
    "ui": ("ui", "icon"),
    "background": ("background",),
    "effect": ("effect",),
}
_WIDER: dict[str, tuple[str, ...]] = {
    "prop": ("item",),
    "item": ("prop",),
    "icon": ("prop",),
    "ui": ("item",),
    "effect": ("icon",),
}
_FAMILIES = {
    "beast": {"animal", "bird", "fish", "insect", "monster", "dragon", "dinosaur"},
    "person": {"person", "undead", "demon", "alien", "robot"},
    "plant": {"plant", "tree", "mushroom", "flower"},
    "food": {"food", "fruit", "vegetable", "drink"},
}
SIMILAR = 0.45  # cosine from which a subject fits an unknown theme
SAME_HEAD = 2  # things with one head noun in a themed plan, while others are left
LONGEST = 80  # characters of a subject that a model may write


class SubjectFinder:
    def __init__(self, vocabulary: Vocabulary, embedder: Embedder) -> None:
        self.vocabulary = vocabulary
        self._embedder = embedder

    def find(self, phrase: Phrase, kind: str, taken: Sequence[str], proposed: Sequence[str]) -> list[str]:
        """`phrase.count` subjects, distinct among themselves and from `taken`; `proposed` ones come first."""
        chosen: list[str] = []
        seen = {key(text) for text in taken}
        ranked = self._theme(phrase, kind) if phrase.is_theme else self._class(phrase, kind)
        for text in chain(_usable(proposed), ranked):
            if len(chosen) == phrase.count:
                break
            name = key(text)
            if name not in seen:
                seen.add(name)
                chosen.append(text)
        return chosen

    # ------------------------------------------------------------ themes

    def _theme(self, phrase: Phrase, kind: str) -> Iterator[str]:
        ranked = self._ranked(phrase, kind)
        first = list(_varied(ranked))
        prefix = " ".join(phrase.adjectives)
        own = [_with(prefix, subject) for subject in first]
        yield from own
        family = self._family_of_theme(phrase)
        # all things of the theme are used up: the same things again, each with another adjective
        rounds = [modifiers(text, recipes(kind, family)) for text in own] or [
            modifiers(phrase.text, recipes(kind, family))
        ]
        bases = own or [phrase.text]
        while True:
            for base, words in zip(bases, rounds, strict=True):
                yield f"{next(words)} {base}"

    def _ranked(self, phrase: Phrase, kind: str) -> list[Subject]:
        """Fitting subjects, best first."""
        meaning = self.vocabulary.similarity(phrase.text if phrase.places else f"{phrase.text} {kind}", self._embedder)
        drawable = self.vocabulary.drawable
        classes, places = set(phrase.classes), set(phrase.places)
        scored: list[tuple[float, int]] = []
        for index, subject in enumerate(self.vocabulary.subjects):
            rank = _kind_rank(subject, kind, bool(classes))
            if rank is None or (classes and not classes & subject.themes):
                continue
            shared = len(places & subject.themes) / len(places) if places else 0.0
            near = float(meaning[index])
            if places and not shared and (not classes or near < SIMILAR):
                continue
            if not places and not classes and near < SIMILAR / 2:
                continue
            score = 2.0 * shared + near - 0.3 * rank + (0.5 * float(drawable[index]) if drawable is not None else 0.0)
            score += 0.2 * len(classes & subject.themes)
            scored.append((-score, index))
        scored.sort()
        return [self.vocabulary.subjects[index] for _, index in scored]

    def _family_of_theme(self, phrase: Phrase) -> str:
        return next((name for name, themes in _FAMILIES.items() if themes & set(phrase.classes)), "")

    # ------------------------------------------------------------ one class of things

    def _class(self, phrase: Phrase, kind: str) -> Iterator[str]:
        """ "goblins": named goblins of the vocabulary, then roles or adjectives; "rusty keys": adjectives only."""
        base = phrase.text
        words = base.lower().split()
        at = head_index(words)
        plain = at == 0
        noun = words[at]
        known = [self.vocabulary.subjects[index] for index in self.vocabulary.by_head.get(noun, ())]
        family = self._family(noun, kind)
        yield base
        if plain and len(words) == 1:
            yield from (subject.text for subject in known if _kind_rank(subject, kind, True) is not None)
        if kind == "background":
            yield from (f"{base} {scene}" for scene in SCENES)
        if kind == "character" and family == "person" and len(words) == at + 1:
            yield from (f"{base} {role}" for role in ROLES if role not in words)
        for words_before in modifiers(base, recipes(kind, family)):
            yield f"{words_before} {base}"
        # more than all adjectives give: number the look
        number = 2
        while True:
            yield f"{base}, design {number}"
            number += 1

    def _family(self, noun: str, kind: str) -> str:
        themes: set[str] = set()
        for index in self.vocabulary.by_head.get(noun, ()):
            themes |= self.vocabulary.subjects[index].themes
        for name, members in _FAMILIES.items():
            if members & themes:
                return name
        return "person" if kind == "character" else ""


def _kind_rank(subject: Subject, kind: str, wide: bool) -> int | None:
    """0 fits best; None: does not fit."""
    near = NEAR_KINDS.get(kind, (kind,)) + (_WIDER.get(kind, ()) if wide else ())
    ranks = [near.index(own) for own in subject.kinds if own in near]
    return min(ranks) if ranks else None


def _varied(ranked: Iterable[Subject]) -> Iterator[Subject]:
    """In order, but a third thing with the same head noun waits until the others have been."""
    heads: dict[str, int] = {}
    later: list[Subject] = []
    for subject in ranked:
        heads[subject.head] = heads.get(subject.head, 0) + 1
        if heads[subject.head] > SAME_HEAD:
            later.append(subject)
        else:
            yield subject
    yield from later


def _with(prefix: str, subject: Subject) -> str:
    return f"{prefix} {subject.text}" if prefix and not set(prefix.split()) & subject.words else subject.text


def _usable(proposed: Sequence[str]) -> Iterator[str]:
    """Lines of a model without numbering, quotes or explanations; what is no short name is left out."""
    for line in proposed:
        text = tidy(re.sub(r"^\s*(?:[-*•]|\d+[.):])\s*", "", str(line)).split(":")[0].split(" - ")[0])
        if re.search(r"[^\W\d_]", text) and len(text) <= LONGEST:
            yield singular_phrase(text)
