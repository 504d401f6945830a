"""Did it learn? Pictures with and without the pack against the references, and a verdict in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pipelines.request import GenerationRequest, StylePackUse
from pipelines.sprites import finish
from pipelines.training.style_distance import identity, style_distance

if TYPE_CHECKING:
    from PIL import Image

    from pipelines.loaded import LoadedModel

Verdict = Literal["learned", "weak", "not learned"]
CLEARLY = 0.8  # of the distance without the pack
SLIGHTLY = 0.95
RECOGNISABLE = 0.6
SUBJECTS = (
    "treasure chest", "health potion", "wooden barrel", "cactus", "iron sword", "mushroom", "oil lamp", "leather boot",
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """Metrics of a finished pack, as in `style_distance`; `spread` is that between halves of the references."""

    subjects: tuple[str, ...]
    without: list[Image.Image]
    with_pack: list[Image.Image]
    metrics: dict[str, Any]


def subjects_for(captions: Sequence[str], count: int = 8) -> tuple[str, ...]:
    """Things that no reference shows, so that the check sees what the pack does to something new."""
    shown = " ".join(captions).lower()
    fresh = [subject for subject in SUBJECTS if not any(word in shown for word in subject.split())]
    return tuple([*fresh, *(subject for subject in SUBJECTS if subject not in fresh)][:count])


def paint(model: LoadedModel, subjects: Sequence[str], seed: int, pack: StylePackUse | None) -> list[Image.Image]:
    """One finished sprite of each subject, from fixed seeds, as the product would make them."""
    uses = (pack,) if pack is not None else ()
    requests = [
        model.complete(
            GenerationRequest(prompt=subject, subject=subject, seed=seed, model=model.source.id, style_packs=uses)
        )
        for subject in subjects
    ]
    at_once = 8 if model.native_size <= 256 else 1
    pictures: list[Image.Image] = []
    for start in range(0, len(requests), at_once):
        pictures += model.decode(model.denoise(requests[start : start + at_once]))
    return [
        finish(picture, request, model.native_alpha).image for picture, request in zip(pictures, requests, strict=True)
    ]


def compare(
    model: LoadedModel, references: Sequence[Image.Image], captions: Sequence[str], pack: StylePackUse, seed: int = 1000
) -> Comparison:
    """Paint fixed subjects without and with the pack and measure both against the references."""
    subjects = subjects_for(captions)
    without, styled = paint(model, subjects, seed, None), paint(model, subjects, seed, pack)
    before, after = style_distance(references, without), style_distance(references, styled)
    half = max(1, len(references) // 2)
    spread = style_distance(references[:half], references[half:] or references).total
    kept = identity(without, styled)
    metrics = {
        "distance_without": before.to_dict(),
        "distance_with": after.to_dict(),
        "spread": round(spread, 3),
        "identity": round(kept, 3),
        **_judge(before.total, after.total, kept),
    }
    return Comparison(subjects, without, styled, metrics)


def _judge(before: float, after: float, kept: float) -> dict[str, Any]:
    verdict: Verdict = (
        "learned" if after <= CLEARLY * before else "weak" if after <= SLIGHTLY * before else "not learned"
    )
    change = f"style distance {after:.2f} with the pack, {before:.2f} without"
    if verdict == "not learned":
        sentence = f"It did not learn this look ({change}). Try the preset quality, or more images of one look."
    elif kept < RECOGNISABLE:
        sentence = f"The look is there ({change}), but subjects are hard to recognise: use a weight below 1."
    elif verdict == "weak":
        sentence = f"It learned the look only slightly ({change}). Try the preset quality, or more alike images."
    else:
        sentence = f"It learned the look: {change}."
    return {"verdict": verdict, "sentence": sentence}
