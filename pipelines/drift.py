"""How far each picture of a set lies from the set's middle: palette, size, outline and general look, by numpy alone.

Distances are robust z-scores (deviation from the median over 1.4826 MAD, Iglewicz and Hoaglin 1993), with a least
spread for each measure so that a set of near-equal pictures has no outliers by noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image

OUTLIER = 3.5
SIDE = 96  # px to which pictures are brought for the measures of their look
PALETTE = 12
LEAST_SPREAD = {"palette": 4.0, "box": 0.08, "outline": 0.06, "style": 0.6}
SAID = {
    "palette": "its colours are far from the set's",
    "box": "its size differs from the set's",
    "outline": "its outline is heavier or lighter than the set's",
    "style": "its contrast, detail or saturation differ from the set's",
}


@dataclass(frozen=True)
class Drift:
    """One picture's. `palette`: mean CIELAB distance to the set's palette; `box`: log2 of its longest side over
    the set's median; `outline`: how much darker (0..1) its rim is than its inside; `style`: distance of its statistics.
    """

    values: dict[str, float]
    distances: dict[str, float]
    outlier: bool
    why: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(pictures: Sequence[Image.Image]) -> list[Drift]:
    """Drift of each RGBA picture within the set."""
    if not pictures:
        return []
    arrays = [np.asarray(picture.convert("RGBA")) for picture in pictures]
    labs = [_visible_lab(array) for array in arrays]
    palette = _set_palette(labs)
    boxes = np.array([_longest_side(array) for array in arrays], np.float64)
    outlines = np.array([_outline(array) for array in arrays])
    looks = np.stack([_look(array) for array in arrays])
    spread = np.maximum(1.4826 * np.median(np.abs(looks - np.median(looks, 0)), 0), 0.05)
    columns = {
        "palette": np.array([_palette_distance(lab, palette) for lab in labs]),
        "box": np.log2(boxes / np.median(boxes)),
        "outline": outlines,
        "style": np.sqrt((((looks - np.median(looks, 0)) / spread) ** 2).mean(1)),
    }
    scores = {name: _robust_z(values, LEAST_SPREAD[name]) for name, values in columns.items()}
    out = []
    for row in range(len(pictures)):
        distances = {name: round(float(scores[name][row]), 2) for name in columns}
        values = {name: round(float(columns[name][row]), 3) for name in columns}
        far = [name for name, distance in distances.items() if distance > OUTLIER] if len(pictures) > 2 else []
        far.sort(key=lambda name: -distances[name])
        out.append(Drift(values, distances, bool(far), "; ".join(SAID[name] for name in far)))
    return out


def _robust_z(values: np.ndarray, least: float) -> np.ndarray:
    middle = np.median(values)
    return np.abs(values - middle) / max(least, 1.4826 * float(np.median(np.abs(values - middle))))


def _visible_lab(array: np.ndarray) -> np.ndarray:
    visible = array[array[..., 3] >= 128][:, :3]
    if not len(visible):
        visible = np.zeros((1, 3), np.uint8)
    return to_lab(visible[:: max(1, len(visible) // 2048)])


def to_lab(rgb: np.ndarray) -> np.ndarray:
    """sRGB uint8 [n, 3] -> CIELAB (D65) float [n, 3]."""
    values = rgb.astype(np.float64) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ matrix.T / np.array([0.9505, 1.0, 1.089])
    roots = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * roots[:, 1] - 16, 500 * (roots[:, 0] - roots[:, 1]), 200 * (roots[:, 1] - roots[:, 2])], 1)


def _set_palette(labs: Sequence[np.ndarray]) -> np.ndarray:
    """Colours that pictures share: k-means from evenly spread starts, every picture counting alike, without colours
    that a single picture has.
    """
    samples = [lab[:: max(1, len(lab) // 256)] for lab in labs]
    points = np.concatenate(samples)
    owner = np.repeat(np.arange(len(samples)), [len(sample) for sample in samples])
    order = np.argsort(points[:, 0], kind="stable")
    centres = points[order[np.linspace(0, len(points) - 1, min(PALETTE, len(points))).astype(int)]].copy()
    for _ in range(8):
        nearest = ((points[:, None] - centres[None]) ** 2).sum(-1).argmin(1)
        for index in range(len(centres)):
            members = points[nearest == index]
            if len(members):
                centres[index] = members.mean(0)
    nearest = ((points[:, None] - centres[None]) ** 2).sum(-1).argmin(1)
    shared = [len(np.unique(owner[nearest == index])) > 1 for index in range(len(centres))]
    return centres[shared] if any(shared) else centres


def _palette_distance(lab: np.ndarray, palette: np.ndarray) -> float:
    return float(np.sqrt(((lab[:, None] - palette[None]) ** 2).sum(-1).min(1)).mean())


def _longest_side(array: np.ndarray) -> int:
    rows, columns = np.flatnonzero(array[..., 3].any(1)), np.flatnonzero(array[..., 3].any(0))
    return max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 if len(rows) else 1


def _outline(array: np.ndarray) -> float:
    solid = np.pad(array[..., 3] >= 128, 1)
    inner = solid[1:-1, 1:-1]
    eroded = inner & solid[:-2, 1:-1] & solid[2:, 1:-1] & solid[1:-1, :-2] & solid[1:-1, 2:]
    rim = inner & ~eroded
    luma = array[..., :3] @ np.array([0.299, 0.587, 0.114]) / 255
    if not rim.any() or not eroded.any():
        return 0.0
    return float(luma[eroded].mean() - luma[rim].mean())


def _look(array: np.ndarray) -> np.ndarray:
    """Mean and spread of luma, saturation, edge density, softness of alpha."""
    image = Image.fromarray(array)
    image.thumbnail((SIDE, SIDE))
    small = np.asarray(image, np.float64) / 255
    visible = small[..., 3] > 0.5
    if not visible.any():
        return np.zeros(6)
    luma = small[..., :3] @ np.array([0.299, 0.587, 0.114])
    top, bottom = small[..., :3].max(-1), small[..., :3].min(-1)
    saturation = np.where(top > 0, (top - bottom) / np.maximum(top, 1e-6), 0)
    edges = np.abs(np.diff(luma, axis=1))[visible[:, 1:] & visible[:, :-1]]
    soft = float(((small[..., 3] > 0.05) & (small[..., 3] < 0.95)).mean())
    strong = float((edges > 0.08).mean()) if len(edges) else 0.0
    mean_edge = float(edges.mean()) if len(edges) else 0.0
    return np.array(
        [luma[visible].mean(), luma[visible].std(), saturation[visible].mean(), strong, 4 * mean_edge, soft]
    )
