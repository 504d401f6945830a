"""Finds exactly n distinct subjects for a phrase: by theme and meaning first, with adjectives where these run out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, islice
from typing import TYPE_CHECKING

from agent.planning.modifiers import HUMANOID, MOODS, ROLES, SCENES, fits, modifiers, recipes
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
ORDER = 0.8  # what the last place of a list costs against the first
_ASIDE = {"building", "vehicle", "weapon"}  # no scenery, unless asked for
SAME_HEAD = 2  # things with one head noun in a themed plan, while others are left
LONGEST = 80  # characters of a subject that a model may write


class SubjectFinder:
    def __init__(self, vocabulary: Vocabulary, embedder: Embedder) -> None:
        self.vocabulary = vocabulary
        self._embedder = embedder
        self._places = {theme for themes in vocabulary.places.values() for theme in themes}

    def warm_up(self) -> None:
        self.vocabulary.similarity("desert", self._embedder)

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
        same = {phrase.text.split()[-1].lower(), *phrase.classes}
        first = list(_varied(self._ranked(phrase, kind), same))
        own = list(_described(first, phrase.adjectives, MOODS if phrase.places else {}))
        yield from own
        # all things of the theme are used up: the same things again, each with another adjective
        bases = own or [phrase.text]
        groups = recipes(kind, self._family_of_theme(phrase))
        # each begins elsewhere in the list, or all would be "small" first
        more = [islice(modifiers(text, groups), position % 5, None) for position, text in enumerate(bases)]
        while True:
            for base, words in zip(bases, more, strict=True):
                yield f"{next(words)} {base}"

    def _ranked(self, phrase: Phrase, kind: str) -> list[Subject]:
        """Fitting subjects, best first."""
        meaning = self.vocabulary.similarity(phrase.text if phrase.places else f"{phrase.text} {kind}", self._embedder)
        drawable = self.vocabulary.drawable
        classes, places = set(phrase.classes), set(phrase.places)
        kinds = _near_kinds(kind)
        scored: list[tuple[float, int]] = []
        for index, subject in enumerate(self.vocabulary.subjects):
            near = float(meaning[index])
            if classes:
                if not classes <= subject.themes:
                    continue
                fit = _fit(subject, classes, kinds)
                shared = len(places & subject.themes) / len(places) if places else 0.0
                elsewhere = bool(places) and not shared and bool(subject.themes & self._places)
                shared -= 0.5 * elsewhere
            elif places:
                fits = [_fit(subject, {place}, kinds) for place in places]
                fit = max((one for one in fits if one is not None), default=None)
                shared = sum(one is not None for one in fits) / len(places)
            else:
                fit, shared = _fit(subject, None, kinds), 0.0
                if near < SIMILAR / 2:
                    continue
            if fit is None:
                continue
            score = fit + 2.0 * shared + (0.4 if places or classes else 1.5) * near
            if drawable is not None:
                score += 0.3 * float(drawable[index])
            if kind == "prop" and not classes and subject.themes & _ASIDE:
                score -= 0.8
            scored.append((-score, index))
        scored.sort()
        return [self.vocabulary.subjects[index] for _, index in scored]

    def _family_of_theme(self, phrase: Phrase) -> str:
        return next((name for name, themes in _FAMILIES.items() if themes & set(phrase.classes)), "")

    # ------------------------------------------------------------ one class of things

    def _class(self, phrase: Phrase, kind: str) -> Iterator[str]:
        """ "goblins": roles; "keys": named keys of the vocabulary, then adjectives; "rusty keys": adjectives only."""
        base = phrase.text
        words = base.lower().split()
        noun = words[head_index(words)]
        family = self._family(noun, kind)
        yield base
        if kind == "background":
            yield from (f"{base} {scene}" for scene in SCENES)
        if kind == "character" and (family == "person" or noun in HUMANOID) and len(words) <= 2:
            named = (subject for subject in self.vocabulary.subjects if "character" in subject.kinds)
            yield from (subject.text for subject in named if len(words) == 1 and noun in subject.words)
            yield from (f"{base} {role}" for role in ROLES if role not in words)
        elif len(words) == 1:
            indices = self.vocabulary.by_head.get(noun, ())
            known = [self.vocabulary.subjects[index] for index in indices]
            yield from (subject.text for subject in known if kind in subject.kinds)
        for words_before in modifiers(base, recipes(kind, family)):
            yield f"{words_before} {base}"
        # more than all adjectives give: number the look
        yield from (f"{base}, design {number}" for number in count(2))

    def _family(self, noun: str, kind: str) -> str:
        subjects = [self.vocabulary.subjects[index] for index in self.vocabulary.by_head.get(noun, ())]
        themes = {theme for subject in subjects if subject.text == noun for theme in subject.themes}
        themes |= set(self.vocabulary.classes.get(noun, ()))
        names = ("beast", "person") if kind == "character" else ("plant", "food")
        found = next((name for name in names if _FAMILIES[name] & themes), "")
        return found or ("person" if kind == "character" else "")


def _near_kinds(kind: str) -> dict[str, float]:
    """Kinds that may stand in for `kind`, each with what it costs."""
    return {name: 0.6 * rank for rank, name in enumerate((*NEAR_KINDS.get(kind, (kind,)), *_WIDER.get(kind, ())))}


def _fit(subject: Subject, themes: set[str] | None, kinds: dict[str, float]) -> float | None:
    """How well the subject's lists suit: 0 for the first in a list of the kind, less further down; None: in none."""
    fits = [
        -kinds[kind] - ORDER * place
        for (theme, kind), place in subject.tags.items()
        if kind in kinds and (themes is None or theme in themes)
    ]
    return max(fits, default=None)


def _varied(ranked: Iterable[Subject], unlimited: set[str]) -> Iterator[Subject]:
    """In order, but a third thing with the same head noun waits until the others have been."""
    heads: dict[str, int] = {}
    later: list[Subject] = []
    for subject in ranked:
        heads[subject.head] = heads.get(subject.head, 0) + 1
        if heads[subject.head] > SAME_HEAD and subject.head not in unlimited:
            later.append(subject)
        else:
            yield subject
    yield from later


def _described(
    subjects: Iterable[Subject], adjectives: Sequence[str], moods: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """The theme's adjectives before each thing that they suit; a mood ("abandoned") in turn as what it looks like."""
    choices = [moods.get(word, (word,)) for word in adjectives]
    for position, subject in enumerate(subjects):
        words = [looks[position % len(looks)] for looks in choices if looks]
        fitting = [word for word in words if word not in subject.words and fits(word, subject.words)]
        if len(fitting) == len(words) or not set(adjectives) - set(moods):
            yield " ".join([*fitting, subject.text])


def _usable(proposed: Sequence[str]) -> Iterator[str]:
    """Lines of a model without numbering, quotes or explanations; what is no short name is left out."""
    for line in proposed:
        text = tidy(re.sub(r"^\s*(?:[-*•]|\d+[.):])\s*", "", str(line)).split(":")[0].split(" - ")[0])
        if re.search(r"[^\W\d_]", text) and len(text) <= LONGEST:
            yield singular_phrase(text)
