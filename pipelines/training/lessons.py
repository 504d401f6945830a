"""Lessons: pictures that the base starts from, and the same in the look of the references.

A handful of references is learned by heart before it is understood: the pack then knows those pictures and turns new
subjects into noise. So the trainer also sees the base's own starting pictures with what the look would make of them, as
far as that can be computed: their colours moved to the references' (optimal transport), the
lightness of their outline, and the strength of their texture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.training.style_distance import from_lab, to_lab

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from pipelines.loaded import LoadedModel

SAMPLES = 1000  # colours that the map is fitted to
WEIGHTS = np.array([1.5, 1.0, 1.0])  # of lightness and hue
NEIGHBOURS = 6
LEVELS = (np.arange(128) + 0.5) / 128
OUTLINE = 2  # px of 64
GAIN = (0.6, 1.6)  # least and most that the texture is changed by
OTHER_STYLES = 4  # one lesson of so many is in another than the base's default style


@dataclass(frozen=True)
class Lesson:
    """`start` is the latent [c, h, w] that the base begins with, `target` what it should become, RGBA."""

    caption: str
    start: torch.Tensor
    target: Image.Image


def make_lessons(model: LoadedModel, references: Sequence[Image.Image], count: int, seed: int) -> list[Lesson]:
    """`count` lessons; none for models that start from noise."""
    import torch

    index: Any = getattr(model.prompts, "index", None)
    if index is None or count <= 0:
        return []
    rng = np.random.default_rng((seed, 78))
    usual = model.source.default_style
    sprites = [n for n, row in enumerate(index.rows) if row["kinds"][0] not in ("texture", "background", "ui")]
    pools = ([n for n in sprites if index.rows[n]["style"] == usual] or sprites, sprites)
    chosen: dict[int, None] = {}
    for place in range(20 * count):
        if len(chosen) == min(count, len(sprites)):
            break
        chosen[int(rng.choice(pools[place % OTHER_STYLES == 0]))] = None
    starts = torch.stack([index.latent(number) for number in chosen])
    targets = restyled(model.decode(starts), references, seed)
    captions = [index.rows[number]["name"] for number in chosen]
    return [Lesson(*parts) for parts in zip(captions, starts, targets, strict=True)]


def restyled(contents: Sequence[Image.Image], references: Sequence[Image.Image], seed: int = 0) -> list[Image.Image]:
    """RGBA pictures of the same shapes as `contents` with the colours, outline and texture of `references`."""
    from PIL import Image as Images

    rng = np.random.default_rng((seed, 79))
    ours = [_Look.of(image) for image in contents]
    theirs = [look for look in map(_Look.of, references) if look.visible.any()] or ours
    colours = _ColourMap(_sample(ours, rng), _sample(theirs, rng))
    for look in ours:
        look.lab[look.visible] = colours(look.lab[look.visible])
    gain = float(np.clip(_roughness(theirs) / max(1e-6, _roughness(ours)), *GAIN))
    for look in ours:
        look.sharpen(gain)
    _match_outlines(ours, theirs)
    return [Images.fromarray(look.pixels()) for look in ours]


@dataclass
class _Look:
    lab: np.ndarray  # [h, w, 3]
    alpha: np.ndarray  # uint8 [h, w]
    visible: np.ndarray  # bool [h, w]
    edge: np.ndarray  # bool [h, w]

    @classmethod
    def of(cls, image: Image.Image) -> _Look:
        from scipy import ndimage

        pixels = np.asarray(image.convert("RGBA"))
        alpha = pixels[..., 3]
        visible = alpha > 127
        inner: Any = ndimage.binary_erosion(visible, iterations=OUTLINE, border_value=int(visible.all()))
        return cls(to_lab(pixels[..., :3].astype(np.float64)), alpha, visible, visible & ~inner)

    def sharpen(self, gain: float) -> None:
        """Differences to the visible neighbours' mean, made stronger or weaker."""
        from scipy import ndimage

        weight: Any = ndimage.uniform_filter(self.visible.astype(float), 3)
        light = np.where(self.visible, self.lab[..., 0], 0.0)
        mean = ndimage.uniform_filter(light, 3) / np.maximum(weight, 1e-6)
        self.lab[..., 0] = np.clip(mean + gain * (self.lab[..., 0] - mean), 0, 100)

    def pixels(self) -> np.ndarray:
        return np.dstack([from_lab(self.lab), self.alpha])


def _sample(looks: Sequence[_Look], rng: np.random.Generator) -> np.ndarray:
    """Colours of visible pixels, as many of each picture: [SAMPLES, 3]."""
    shown = [look.lab[look.visible] for look in looks if look.visible.any()] or [np.zeros((1, 3))]
    return np.stack([rng.choice(shown[n % len(shown)]) for n in range(SAMPLES)])


class _ColourMap:
    """The cheapest way to turn one set of colours into another (an assignment), continued to all colours between them.

    Lightness counts more than hue, after its levels were made alike: what is lighter stays lighter.
    """

    def __init__(self, source: np.ndarray, target: np.ndarray) -> None:
        from scipy.optimize import linear_sum_assignment
        from scipy.spatial import KDTree
        from scipy.spatial.distance import cdist

        self._before, self._after = np.quantile(source[:, 0], LEVELS), np.quantile(target[:, 0], LEVELS)
        places = self._places(source)
        _, assigned = linear_sum_assignment(cdist(places, target * WEIGHTS, "sqeuclidean"))
        self._targets, self._tree = target[assigned], KDTree(places)

    def _places(self, colours: np.ndarray) -> np.ndarray:
        light = np.interp(colours[:, 0], self._before, self._after)
        return np.column_stack([light, colours[:, 1:]]) * WEIGHTS

    def __call__(self, colours: np.ndarray) -> np.ndarray:
        """Lab [n, 3] -> Lab [n, 3]."""
        _, near = self._tree.query(self._places(colours), NEIGHBOURS)
        return self._targets[near].mean(1)


def _roughness(looks: Sequence[_Look]) -> float:
    """Mean lightness step between visible neighbours."""
    means = []
    for look in looks:
        light, visible = look.lab[..., 0], look.visible
        across = np.abs(np.diff(light, axis=1))[visible[:, 1:] & visible[:, :-1]]
        down = np.abs(np.diff(light, axis=0))[visible[1:] & visible[:-1]]
        if len(across) + len(down):
            means.append(float(np.concatenate([across, down]).mean()))
    return float(np.mean(means)) if means else 0.0


def _match_outlines(ours: Sequence[_Look], theirs: Sequence[_Look]) -> None:
    """Edge pixels get the lightness that the references' edges have."""
    before = [look.lab[look.edge][:, 0] for look in ours if look.edge.any()]
    after = [look.lab[look.edge][:, 0] for look in theirs if look.edge.any()]
    if not before or not after:
        return
    from_levels, to_levels = (np.quantile(np.concatenate(side), LEVELS) for side in (before, after))
    for look in ours:
        light = look.lab[look.edge][:, 0]
        wanted = np.interp(light, from_levels, to_levels)
        colour = look.lab[look.edge]
        colour[:, 1:] *= np.clip(wanted / np.maximum(light, 1), 0, 1.3)[:, None]  # near black there is little colour
        colour[:, 0] = wanted
        look.lab[look.edge] = colour
