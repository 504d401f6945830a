"""Computes once what the UNet trains on: latents of every image (and its mirror) and states of every caption.

    python -m pipelines.nano.cache --data DIR --out DIR [--vae DIR] [--embedder DIR]

Writes latents.npy (float16 [N, views, 8, 16, 16]: as it is, mirrored), vae.json (scaling factor), maps.npz (latent
recolourings), caption_states.npy (float16 [M, 16, 384]), caption_pooled.npy (float16 [M, 384]) and caption_index.npy
(int32 [N, 4]); caption 0 is "".
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.nano.captions import captions
from pipelines.nano.data import read_records
from pipelines.nano.recolour import fit_maps
from pipelines.nano.text import MAX_TOKENS, WIDTH, FolderEmbedder, pad_states
from pipelines.nano.train_vae import to_tensor


def cache_text(data: Path, embedder: FolderEmbedder, out: Path, batch: int = 256) -> None:
    texts: dict[str, int] = {"": 0}
    index = [[texts.setdefault(text, len(texts)) for text in captions(record)] for record in read_records(data)]
    states = np.lib.format.open_memmap(
        out / "caption_states.npy", "w+", dtype=np.float16, shape=(len(texts), MAX_TOKENS, WIDTH)
    )
    pooled = np.zeros((len(texts), WIDTH), np.float16)
    everything = list(texts)
    by_length = sorted(range(len(everything)), key=lambda i: len(everything[i]))
    for start in range(0, len(by_length), batch):
        rows = by_length[start : start + batch]
        hidden, mask = embedder.token_states([everything[i] for i in rows])
        states[rows] = pad_states(hidden, mask).numpy().astype(np.float16)
        weights = mask[..., None].float()
        mean = (hidden * weights).sum(1) / weights.sum(1)
        pooled[rows] = (mean / mean.norm(dim=1, keepdim=True)).numpy().astype(np.float16)
    states.flush()
    np.save(out / "caption_pooled.npy", pooled)
    np.save(out / "caption_index.npy", np.array(index, np.int32))


def cache_latents(data: Path, vae_folder: Path, out: Path, views: int = 2, batch: int = 64) -> float:
    """Encode all images (views = 2: and their mirror images); returns the scaling factor 1 / std of the latents."""
    import torch
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    vae: Any = AutoencoderKL.from_pretrained(vae_folder).float().eval()
    images = np.load(data / "images.npy", mmap_mode="r")
    latents = np.zeros((len(images), views, 8, 16, 16), np.float16)
    with torch.no_grad():
        for start in range(0, len(images), batch):
            tensor = to_tensor(images[start : start + batch])
            for side, view in enumerate((tensor, tensor.flip(3))[:views]):
                latents[start : start + len(tensor), side] = vae.encode(view).latent_dist.mean.numpy()
    np.save(out / "latents.npy", latents)
    factor = float(1 / latents[:, 0].astype(np.float32).std())
    (out / "vae.json").write_text(json.dumps({"scaling_factor": factor}), encoding="utf-8")
    return factor


def cache_maps(data: Path, vae_folder: Path, out: Path, images: int = 128) -> dict[str, float]:
    """Fit the latent recolourings into maps.npz; returns the share of variance that each explains."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    vae: Any = AutoencoderKL.from_pretrained(vae_folder).float().eval()
    everything = np.load(data / "images.npy", mmap_mode="r")
    sample = np.sort(np.random.default_rng(0).choice(len(everything), images, replace=False))
    names, weights, biases, explained = fit_maps(vae, to_tensor(everything[sample]))
    np.savez(out / "maps.npz", names=np.array(names), weights=weights, biases=biases)
    return explained


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--vae", type=Path)
    parser.add_argument("--embedder")
    parser.add_argument("--views", type=int, choices=(1, 2), default=2)
    parser.add_argument("--maps-only", action="store_true", help="fit the recolourings for this VAE, nothing else")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.embedder:
        cache_text(args.data, FolderEmbedder(args.embedder), args.out)
    if args.vae and not args.maps_only:
        print("scaling factor", cache_latents(args.data, args.vae, args.out, args.views))
    if args.vae:
        print("latent maps explain", cache_maps(args.data, args.vae, args.out))


if __name__ == "__main__":
    main()
