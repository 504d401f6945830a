"""Cuts an object out of a plain background, for models that paint no alpha.

rembg is used when it and one of its models are installed. Otherwise the background is estimated as a smooth surface
through the border, what surely belongs to it is flooded from the border (and into holes), and the uncertain edge
between is solved by closed-form matting (Levin et al. 2008; pymatting). Colours along the edge lose the background.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

REMBG_MODELS = ("birefnet-general", "isnet-general-use", "u2net")  # best first
ROUGH_WARNING = "The background was not plain, so the cut-out may be rough. Compare it with the uncut original."
BORDER_SHARE = 0.6  # of the border must look like background
SURE_BACKGROUND = 3.0  # times the background's noise
SURE_OBJECT = 8.0
NOISE_FLOOR = 0.012  # of the colour range 0..1: the least difference that counts
NOISE_CEILING = 0.06  # a background that varies more is not plain
HOLE_SHARE = 0.0002  # of the picture: smaller enclosed spots of background colour are highlights, not holes
MATTING_ITERATIONS = 300


def cut_out(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Make the background of an RGB image transparent. Returns RGBA of the same size and warnings for the user."""
    session = _rembg_session()
    if session is not None:
        import rembg  # pyright: ignore[reportMissingImports]

        matte = rembg.remove(image, session=session, only_mask=True)
        alpha = np.asarray(matte.convert("L"), np.float64) / 255
        return _assemble(_unit(image), alpha, None), []
    pixels = _unit(image)
    background, noise, agreement = estimate_background(pixels)
    sure_background, sure_object = classify(pixels, background, noise)
    warnings = [ROUGH_WARNING] if agreement < BORDER_SHARE else []
    alpha = solve_alpha(pixels, background, sure_background, sure_object)
    return _assemble(pixels, alpha, background), warnings


def warm_up() -> None:
    """Import the matting code in the background: right after installation it is compiled, which takes a minute."""
    if _rembg_session() is None:
        threading.Thread(target=importlib.import_module, args=("pymatting",), daemon=True).start()


def estimate_background(pixels: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Fit a quadratic surface per channel to the border of an image [h, w, 3] in 0..1.

    Returns the background [h, w, 3], its noise (standard deviation, at least `NOISE_FLOOR`), and the share of the
    border that agrees with it. Objects that touch the border are left out of the fit by reweighting.
    """
    height, width = pixels.shape[:2]
    frame = max(2, min(height, width) // 50)
    mask = np.ones((height, width), bool)
    mask[frame:-frame, frame:-frame] = False
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], -1)
    rows, colours = terms[mask], pixels[mask]
    distance = np.linalg.norm(colours - np.median(colours, 0), axis=1)
    scale = NOISE_FLOOR
    agreeing = distance <= max(8 * NOISE_FLOOR, 3 * float(np.median(distance)))  # the median alone fits gradients badly
    surface = np.linalg.lstsq(rows[agreeing], colours[agreeing], rcond=None)[0]
    for _ in range(5):
        distance = np.linalg.norm(colours - rows @ surface, axis=1)
        scale = min(NOISE_CEILING, max(NOISE_FLOOR, 1.48 * float(np.median(distance[agreeing]))))
        agreeing = distance <= SURE_BACKGROUND * scale
        if agreeing.sum() < 2 * rows.shape[1]:
            break
        surface = np.linalg.lstsq(rows[agreeing], colours[agreeing], rcond=None)[0]
    return np.clip(terms @ surface, 0, 1), scale, float(agreeing.mean())


def classify(pixels: np.ndarray, background: np.ndarray, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Masks [h, w] of what surely is background (flooded from the border, and enclosed holes) and surely object."""
    from scipy import ndimage

    distance = np.linalg.norm(pixels - background, axis=2)
    alike = distance <= SURE_BACKGROUND * noise
    labelled: Any = ndimage.label(alike)
    spots, count = labelled
    edge = np.unique(np.concatenate([spots[0], spots[-1], spots[:, 0], spots[:, -1]]))
    open_spots = np.zeros(count + 1, bool)
    open_spots[edge] = True
    sizes = np.bincount(spots.ravel(), minlength=count + 1)
    closeness = np.bincount(spots.ravel(), distance.ravel(), minlength=count + 1) / np.maximum(sizes, 1)
    holes = (sizes >= max(6, HOLE_SHARE * alike.size)) & (closeness <= 0.5 * SURE_BACKGROUND * noise)
    keep = open_spots | holes
    keep[0] = False
    sure_background = keep[spots]
    # Soft shadows and blur reach a few pixels in from the flood; what lies deeper is object whatever its colour.
    radius = max(1, round(max(pixels.shape[:2]) / 200))
    core = ndimage.binary_erosion(~sure_background, iterations=radius + 1, border_value=1)
    sure_object = ~sure_background & ((distance >= SURE_OBJECT * noise) & core | _deep(~sure_background, radius))
    sure_background = ndimage.binary_erosion(sure_background, iterations=1, border_value=1)
    return sure_background, sure_object


def _deep(mask: np.ndarray, radius: int) -> np.ndarray:
    from scipy import ndimage

    return ndimage.binary_erosion(mask, iterations=3 * radius, border_value=1)


def solve_alpha(
    pixels: np.ndarray, background: np.ndarray, sure_background: np.ndarray, sure_object: np.ndarray
) -> np.ndarray:
    """Alpha [h, w] in 0..1: 0 and 1 where sure, closed-form matting between."""
    if not sure_object.any() or not sure_background.any():
        return (~sure_background).astype(np.float64)
    box = _bounding_box(~sure_background, margin=4)
    trimap = np.full(sure_background.shape, 0.5)
    trimap[sure_background] = 0
    trimap[sure_object] = 1
    alpha = np.zeros_like(trimap)
    part = trimap[box]
    alpha[box] = part if not ((part > 0) & (part < 1)).any() else _closed_form(pixels[box], part)
    return alpha


def _closed_form(pixels: np.ndarray, trimap: np.ndarray) -> np.ndarray:
    from pymatting import estimate_alpha_cf

    return estimate_alpha_cf(pixels, trimap, cg_kwargs={"maxiter": MATTING_ITERATIONS, "rtol": 1e-4})


def _assemble(pixels: np.ndarray, alpha: np.ndarray, background: np.ndarray | None) -> Image.Image:
    """RGBA with the object's own colours: along the edge the background's share is taken out."""
    from pymatting import estimate_foreground_ml

    colours: Any = estimate_foreground_ml(pixels, alpha)
    if background is not None:
        # With the background known, pixel = alpha * object + (1 - alpha) * background can be solved for the object;
        # below half alpha that amplifies noise, so it fades into the smooth estimate.
        solid = np.clip(alpha, 0.05, 1)[..., None]
        exact = np.clip((pixels - (1 - solid) * background) / solid, 0, 1)
        trust = np.clip((alpha - 0.3) / 0.4, 0, 1)[..., None]
        colours = trust * exact + (1 - trust) * colours
    out = np.concatenate([np.clip(colours, 0, 1), np.clip(alpha, 0, 1)[..., None]], -1)
    return Image.fromarray(np.rint(out * 255).astype(np.uint8))


def _unit(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"), np.float64) / 255


def _bounding_box(mask: np.ndarray, margin: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return slice(0, mask.shape[0]), slice(0, mask.shape[1])
    return (
        slice(max(0, rows[0] - margin), rows[-1] + 1 + margin),
        slice(max(0, columns[0] - margin), columns[-1] + 1 + margin),
    )


def _rembg_session() -> Any:
    """A rembg session with a model that is on this disk already (nothing is downloaded), or None."""
    if importlib.util.find_spec("rembg") is None:
        return None
    folder = Path(os.environ.get("U2NET_HOME", Path.home() / ".u2net"))
    for name in REMBG_MODELS:
        if (folder / f"{name}.onnx").is_file():
            import rembg  # pyright: ignore[reportMissingImports]

            return rembg.new_session(name)
    return None
