"""What pictures look like, in figures, without a model: silhouettes, colours, spread, likeness. All on uint8 RGBA."""

from __future__ import annotations

import numpy as np

UNDECIDED = (64, 192)  # alpha strictly between is neither in nor out
MOST_UNDECIDED = 0.06  # share of the silhouette
SPECKLE = 8  # px, connected pieces smaller than this
HOLE = 4
# Two pictures closer than this are taken for the same drawing: one in twenty pairs of different drawings of the same
# thing in the same style is as close (`different_drawings` of `bench models` prints that percentile again).
SAME_DRAWING = 0.1


def small(images: np.ndarray) -> np.ndarray:
    """Premultiplied colours and alpha averaged 2 x 2: float32 [n, 32, 32, 4] in 0..1."""
    pixels = images.astype(np.float32) / 255
    pixels[..., :3] *= pixels[..., 3:]
    n, height, width, _ = pixels.shape
    return pixels.reshape(n, height // 2, 2, width // 2, 2, 4).mean((2, 4))


def drawing(images: np.ndarray) -> np.ndarray:
    """What remains of pictures when their colouring is taken away: float32 [n, 2048], alpha and normalised lightness.

    Lightness is shifted and scaled to the same mean and spread inside each silhouette, so that a tinted, darkened or
    hue-turned copy has almost the same vector. Distances are root mean squares over the vector.
    """
    pixels = small(images)
    alpha = pixels[..., 3]
    light = pixels[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)
    inside = np.maximum(alpha.sum((1, 2)), 1e-6)
    straight = light / np.maximum(alpha, 1e-6)
    mean = (light.sum((1, 2)) / inside)[:, None, None]
    spread = np.sqrt((alpha * (straight - mean) ** 2).sum((1, 2)) / inside)[:, None, None]
    normal = alpha * np.clip((straight - mean) / np.maximum(spread, 0.02), -2.5, 2.5) / 5
    return np.stack([alpha / 2, normal], 1).reshape(len(images), -1)


def distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Root mean square difference of every row of `one` [n, d] and `other` [m, d]: [n, m]."""
    squares = (one**2).sum(1)[:, None] + (other**2).sum(1)[None] - 2 * one @ other.T
    return np.sqrt(np.maximum(squares, 0) / one.shape[1])


def clean_silhouette(image: np.ndarray) -> bool:
    """Alpha lies on either side of the middle, in pieces of at least eight pixels without pinholes."""
    from scipy import ndimage

    alpha = image[..., 3]
    solid = alpha > 127
    if solid.sum() < SPECKLE:
        return False
    undecided = ((alpha > UNDECIDED[0]) & (alpha < UNDECIDED[1])).sum() / solid.sum()
    return bool(
        undecided <= MOST_UNDECIDED and _smallest(ndimage, solid) >= SPECKLE and _smallest(ndimage, ~solid) >= HOLE
    )


def _smallest(ndimage, mask: np.ndarray) -> int:
    """Pixels of the smallest eight-connected piece; the size of the picture when there is none."""
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    return int(np.bincount(labels.ravel())[1:].min()) if count else mask.size


def clean_share(images: np.ndarray) -> float:
    return float(np.mean([clean_silhouette(image) for image in images]))


def colour_figures(images: np.ndarray) -> dict[str, float]:
    """Mean and spread of lightness and saturation (0..1) of solid pixels; colours a picture (4 bits a channel)."""
    solid = images[..., 3] > 127
    colours = images[solid][:, :3].astype(np.float32) / 255
    high, low = colours.max(1), colours.min(1)
    saturation = (high - low) / np.maximum(high, 1e-3)
    kinds = [len(np.unique(image[mask][:, :3] // 16, axis=0)) for image, mask in zip(images, solid, strict=True)]
    return {
        "lightness_mean": round(float(high.mean()), 3),
        "lightness_spread": round(float(high.std()), 3),
        "saturation_mean": round(float(saturation.mean()), 3),
        "saturation_spread": round(float(saturation.std()), 3),
        "colours_per_picture": round(float(np.mean(kinds)), 1),
    }


def colour_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Mean over the channels of the first Wasserstein distance between the values of solid pixels, 0..1."""
    levels = []
    for images in (one, other):
        colours = images[images[..., 3] > 127][:, :3]
        counts = np.stack([np.bincount(colours[:, c], minlength=256) for c in range(3)]).astype(np.float64)
        levels.append((counts / counts.sum(1, keepdims=True)).cumsum(1))
    return float(np.abs(levels[0] - levels[1]).mean())


def spread(vectors: np.ndarray) -> float:
    """Mean root mean square difference of all pairs of rows."""
    between = distances(vectors, vectors)
    return float(between[np.triu_indices(len(vectors), 1)].mean())
