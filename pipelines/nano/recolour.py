"""Latent recolouring: small convolutions fitted on encoded images, for changes that are linear in pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_TINTS = {
    "red": (1.7, 0.35, 0.3), "orange": (1.7, 0.85, 0.2), "gold": (1.7, 1.2, 0.3), "green": (0.4, 1.4, 0.4),
    "cyan": (0.6, 1.35, 1.7), "blue": (0.4, 0.7, 1.9), "purple": (1.2, 0.5, 1.7), "pink": (1.7, 0.85, 1.25),
    "brown": (1.25, 0.75, 0.45), "sand": (1.5, 1.2, 0.8), "gray": (1.0, 1.02, 1.06), "black": (0.42, 0.4, 0.45),
    "white": (1.55, 1.55, 1.6),
}  # fmt: skip


def pixel_matrices() -> dict[str, np.ndarray]:
    """RGB matrices [3, 3], applied to 0..1 colours, of every recolouring."""
    matrices: dict[str, np.ndarray] = {
        name: 0.8 * np.outer(np.array(colour, np.float32), _LUMA) + 0.2 * np.eye(3, dtype=np.float32)
        for name, colour in _TINTS.items()
    }
    for degrees in (15, -15):
        matrices[f"hue{degrees:+d}"] = hue_rotation(degrees)
    matrices["light"] = 1.15 * np.eye(3, dtype=np.float32)
    matrices["dark"] = 0.85 * np.eye(3, dtype=np.float32)
    return matrices


def hue_rotation(degrees: float) -> np.ndarray:
    """RGB matrix that turns the hue around the grey axis (Rodrigues' rotation about (1, 1, 1))."""
    angle = np.deg2rad(degrees)
    axis = np.full(3, 1 / np.sqrt(3))
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    rotation = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return rotation.astype(np.float32)


def recolour(images: torch.Tensor, matrix: np.ndarray) -> torch.Tensor:
    """Apply an RGB matrix to images [N, 4, H, W] in -1..1; alpha stays, colours are clipped."""
    import torch

    colours = torch.einsum("oc,nchw->nohw", torch.from_numpy(matrix), (images[:, :3] + 1) / 2)
    return torch.cat([colours.clamp(0, 1) * 2 - 1, images[:, 3:]], 1)


def neighbourhoods(latents: np.ndarray) -> np.ndarray:
    """Every latent pixel with its eight neighbours (border repeated): [N, C, H, W] -> [N * H * W, C * 9]."""
    count, channels, height, width = latents.shape
    padded = np.pad(latents, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    shifted = [padded[:, :, y : y + height, x : x + width] for y in range(3) for x in range(3)]
    stacked = np.stack(shifted, 2).reshape(count, channels * 9, height, width)
    return stacked.transpose(0, 2, 3, 1).reshape(-1, channels * 9)


def fit_maps(
    vae: Any, images: torch.Tensor, batch: int = 32
) -> tuple[list[str], np.ndarray, np.ndarray, dict[str, float]]:
    """Least-squares 3 x 3 convolutions z -> z': names, weights [K, C, C, 3, 3], biases [K, C], variance explained.

    'mirror' maps the flipped latent to the latent of the flipped image; the rest maps to the recoloured image's.
    """
    import torch

    def encode(part: torch.Tensor) -> np.ndarray:
        with torch.no_grad():
            return vae.encode(part).latent_dist.mean.numpy()

    def encode_all(views: torch.Tensor) -> np.ndarray:
        return np.concatenate([encode(views[i : i + batch]) for i in range(0, len(views), batch)])

    plain = encode_all(images)
    channels = plain.shape[1]
    pairs: dict[str, tuple[np.ndarray, np.ndarray]] = {"mirror": (plain[:, :, :, ::-1], encode_all(images.flip(3)))}
    for name, matrix in pixel_matrices().items():
        pairs[name] = (plain, encode_all(recolour(images, matrix)))
    weights, biases, explained = [], [], {}
    for name, (before, after) in pairs.items():
        source = neighbourhoods(before).astype(np.float64)
        target = after.transpose(0, 2, 3, 1).reshape(-1, channels).astype(np.float64)
        design = np.concatenate([source, np.ones((len(source), 1))], 1)
        gram = design.T @ design + 1e-5 * len(design) * np.eye(design.shape[1])
        solution = np.linalg.solve(gram, design.T @ target)
        explained[name] = float(1 - ((design @ solution - target) ** 2).mean() / target.var(0).mean())
        weights.append(solution[:-1].T.reshape(channels, channels, 3, 3).astype(np.float32))
        biases.append(solution[-1].astype(np.float32))
    return list(pairs), np.stack(weights), np.stack(biases), explained
