"""Fits the exemplar latents of the computed grounds to the decoder, where the encoder alone renders them poorly.

    python -m pipelines.nano.refine --data DIR --cache DIR --vae DIR --out DIR

Writes a copy of latents.npy into --out (for packaging, not for training): latents of records whose key starts with
the prefix are clipped to the usual range of all others, then improved by some Adam steps on the reconstruction loss.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.nano.data import read_records
from pipelines.nano.train_vae import reconstruction_loss, to_tensor


def refine(vae: Any, images: np.ndarray, latents: np.ndarray, steps: int = 12, rate: float = 0.08) -> np.ndarray:
    """Latents [n, 8, 16, 16] whose decoding comes closer to the images (uint8 [n, 64, 64, 4])."""
    import torch

    target = to_tensor(images)
    latent = torch.from_numpy(latents.astype(np.float32)).requires_grad_(True)
    optimizer = torch.optim.Adam([latent], lr=rate)
    for _ in range(steps):
        loss = reconstruction_loss(vae.decode(latent).sample, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return latent.detach().numpy().astype(np.float16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "cache", "vae", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--prefix", default="grounds/")
    args = parser.parse_args()

    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    vae: Any = AutoencoderKL.from_pretrained(args.vae).float().eval().requires_grad_(False)
    chosen = np.array([record.key.startswith(args.prefix) for record in read_records(args.data)])
    images = np.load(args.data / "images.npy", mmap_mode="r")
    latents = np.load(args.cache / "latents.npy")
    usual = latents[~chosen, 0][::9].astype(np.float32)
    low, high = np.percentile(usual, [0.3, 99.7], axis=(0, 2, 3)).astype(np.float32)
    rows = np.flatnonzero(chosen)
    for start in range(0, len(rows), 32):
        part = rows[start : start + 32]
        clipped = np.clip(latents[part, 0].astype(np.float32), low[:, None, None], high[:, None, None])
        latents[part, 0] = refine(vae, images[part], clipped)
    args.out.mkdir(parents=True, exist_ok=True)
    np.save(args.out / "latents.npy", latents)
    for name in ("vae.json", "maps.npz"):
        (args.out / name).write_bytes((args.cache / name).read_bytes())


if __name__ == "__main__":
    main()
