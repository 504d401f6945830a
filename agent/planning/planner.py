"""Arguments of `generate_assets` -> an `AssetPlan` with exact counts and distinct, concrete subjects."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError

from agent.planning.reading import Phrase, read
from agent.planning.subjects import SubjectFinder
from agent.planning.words import key, tidy
from agent.router.languages import english_subject
from errors import BadRequest, GameForgeError
from jobs.plan import AssetPlan, PlanItem
from pipelines.request import KINDS, MAX_SEED

if TYPE_CHECKING:
    from agent.planning.vocabulary import Vocabulary
    from memory.embedder import Embedder

MAX_SUBJECT = 300  # characters
MIN_SIZE, MAX_SIZE = 8, 2048  # px
_VARIANTS = re.compile(r"\b(?:variants?|varients?|variations?|versions?|options?|takes|alternatives|seeds)\b", re.I)


class SubjectWriter(Protocol):
    """A language model that can list things (`agent.models.ChatModels`)."""

    def subjects(self, theme: str, count: int, kind: str = "prop", avoid: tuple[str, ...] = ()) -> list[str]: ...


class Planner:
    """Plans with the vocabulary; what `model`, a language model at an endpoint, writes comes first."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        embedder: Embedder,
        model: SubjectWriter | None = None,
        *,
        limit: int = 100,
    ) -> None:
        self._finder = SubjectFinder(vocabulary, embedder)
        self._model = model
        self._limit = limit

    def warm_up(self) -> None:
        """Load what the first plan needs; may take seconds."""
        self._finder.warm_up()

    def plan(self, call_args: dict[str, Any], request: str) -> AssetPlan:
        """`call_args` as the tool takes them; `request` are the user's words.

        Raises:
            BadRequest: a count out of range, no subject, or an argument that makes no sense; one sentence each.
        """
        subject = tidy(str(call_args.get("subject") or ""))
        if not re.search(r"\w", subject):
            raise BadRequest("Say what to draw, for example: 12 potions.")
        if len(subject) > MAX_SUBJECT:
            raise BadRequest(f"Describe the subject in at most {MAX_SUBJECT} characters.")
        kind = call_args.get("kind") or "prop"
        if kind not in KINDS:
            raise BadRequest(f"{kind!r} is no kind of asset. Kinds are {', '.join(KINDS)}.")
        count, variants = self._counts(call_args)
        if variants == 1 and count > 1 and _asks_for_variants(request, count, subject):
            count, variants = 1, count
        subject = english_subject(subject, request, plural=count > 1)
        phrases = read(subject, request, kind, count, self._finder.vocabulary)
        written: list[str] = []
        for phrase in phrases:
            written += self._subjects(phrase, kind, written)
        tileable = bool(call_args.get("tileable"))
        items = [PlanItem(subject=text, kind=kind, variants=variants, tileable=tileable) for text in written]
        style_pack = call_args.get("style_pack")
        return AssetPlan(
            request=request or subject,
            items=items,
            style=call_args.get("style"),
            style_packs=[style_pack] if style_pack else [],
            size=_in_range(call_args.get("size"), "size", MIN_SIZE, MAX_SIZE, " px"),
            transparent=call_args.get("transparent") is not False and kind != "background",
            seed=_in_range(call_args.get("seed"), "seed", 0, MAX_SEED),
        )

    def check(self, plan: dict[str, Any] | None) -> AssetPlan:
        """A plan that the user has edited. Raises BadRequest, with what is wrong with it."""
        if plan is None:
            raise BadRequest("Send the changed plan with the edit.")
        try:
            edited = AssetPlan.model_validate(plan)
        except ValidationError as error:
            first = error.errors()[0]
            place = " ".join(str(part) for part in first["loc"]) or "plan"
            raise BadRequest(
                f"The edited plan cannot be used: {place}: {first['msg'].lower()}.", detail=str(error)
            ) from error
        self._check_total(edited.total)
        seen: set[str] = set()
        for item in edited.items:
            item.subject = tidy(item.subject)
            if not re.search(r"\w", item.subject):
                raise BadRequest("A row of the plan has no subject. Fill it in or remove it.")
            if key(item.subject) in seen:
                raise BadRequest(
                    f'"{item.subject}" is in the plan twice. Change one, or give one of them more variants.'
                )
            seen.add(key(item.subject))
        return edited

    def _counts(self, call_args: dict[str, Any]) -> tuple[int, int]:
        count = 1 if call_args.get("count") is None else int(call_args["count"])
        variants = 1 if call_args.get("variants") is None else int(call_args["variants"])
        for number, noun in ((count, "things"), (variants, "variants")):
            if number < 1:
                raise BadRequest(f"{number:,} {noun} cannot be made. Ask for 1 to {self._limit}.")
        self._check_total(count * variants)
        return count, variants

    def _check_total(self, total: int) -> None:
        if total > self._limit:
            raise BadRequest(f"The batch limit is {self._limit}. Ask for {self._limit} or fewer, or split the request.")

    def _subjects(self, phrase: Phrase, kind: str, taken: Sequence[str]) -> list[str]:
        """Exactly `phrase.count` subjects, none like another or like one of `taken`."""
        if phrase.count == 1 and not phrase.is_theme and key(phrase.text) not in {key(text) for text in taken}:
            return [phrase.text]
        proposed = self._written(phrase, kind, taken)
        return self._finder.find(phrase, kind, taken, proposed)

    def _written(self, phrase: Phrase, kind: str, taken: Sequence[str]) -> list[str]:
        if self._model is None:
            return []
        try:
            return self._model.subjects(phrase.text, phrase.count, kind, tuple(taken))
        except GameForgeError:
            return []  # the vocabulary does it without the model


def _asks_for_variants(request: str, count: int, subject: str) -> bool:
    """ "3 variations of a friendly robot" is one subject though the count says 3; of "3 versions of a robot and 3 keys"
    only the robot.
    """
    from agent.router.numbers import digits

    text = digits(request).plain
    asked = re.search(rf"\b{count}\s+(?:\w+\s+)?{_VARIANTS.pattern}(?!\s+each\b)", text, re.I)
    if asked is None:
        return False
    rest = text[: asked.start()] + "|" + text[asked.end() :]
    another = re.search(rf"\b{count}\b[^|,.;]*?\b{re.escape(subject.split()[-1])}", rest, re.I)
    return another is None


def _in_range(value: Any, name: str, low: int, high: int, unit: str = "") -> int | None:
    if value is None:
        return None
    if not low <= int(value) <= high:
        raise BadRequest(f"The {name} must be {low} to {high:,}{unit}; {int(value):,} is not.")
    return int(value)
