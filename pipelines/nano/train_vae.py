"""Trains the RGBA autoencoder (AutoencoderKL, f = 4, 8 latent channels) on images.npy.

    python -m pipelines.nano.train_vae --data DIR --out DIR --init VAE_DIR --steps N [--decoder-only] [--threads-file F]

The loss is L1 on all four channels plus L1 on image gradients (sharp edges), a chroma term that keeps the small latent
from spending itself on brightness alone, and a weak KL. `--decoder-only` freezes encoder and latents, so that a
trained UNet and cached latents stay valid while the pictures get sharper.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.nano.training import Ema, RunLog, follow_threads, load_checkpoint, save_checkpoint

if TYPE_CHECKING:
    import torch

KL_WEIGHT = 1.6e-4


def to_tensor(images: np.ndarray) -> torch.Tensor:
    """uint8 [N, 64, 64, 4] -> float [N, 4, 64, 64] in -1..1."""
    import torch

    return torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).float() / 127.5 - 1


def reconstruction_loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """L1 + 0.5 gradient L1 + 0.25 chroma error (YCoCg axes, also averaged over 8 x 8 blocks) + 2 x squared error of
    4 x 4 blocks + 0.5 x the worst block of each image: these find spots that L1 hardly weighs. Inputs [N, 4, H, W].
    """
    from torch.nn.functional import avg_pool2d

    error = output - target
    loss = error.abs().mean()
    for axis in (2, 3):
        loss = loss + 0.5 * error.diff(dim=axis).abs().mean()
    red, green, blue = error[:, 0], error[:, 1], error[:, 2]
    orange, leaf = (red - blue)[:, None], (green - (red + blue) / 2)[:, None]
    chroma = orange.abs().mean() + 2 * leaf.abs().mean()
    chroma = chroma + 2 * (avg_pool2d(orange, 8).abs().mean() + avg_pool2d(leaf, 8).abs().mean())
    blocks = avg_pool2d(error, 4)
    worst = blocks.abs().flatten(1).amax(1).mean()
    return loss + 0.25 * chroma + 2 * blocks.square().mean() + 0.5 * worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--init", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--decoder-only", action="store_true")
    parser.add_argument("--opaque-share", type=float, help="this share of each batch has no transparent pixel")
    parser.add_argument("--threads-file", type=Path)
    args = parser.parse_args()

    import torch
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    from pipelines.nano.data import read_records

    torch.manual_seed(args.seed)
    images = np.load(args.data / "images.npy", mmap_mode="r")
    rows = np.array([i for i, record in enumerate(read_records(args.data)) if not record.heldout])
    opaque = rows[[bool((images[row, ..., 3] > 250).all()) for row in rows]]
    vae: Any = AutoencoderKL.from_pretrained(args.init).float().train()
    if args.decoder_only:
        vae.encoder.requires_grad_(False)
        vae.quant_conv.requires_grad_(False)
    trained = [value for value in vae.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=args.lr, betas=(0.9, 0.98), weight_decay=1e-4)
    ema = Ema(vae, 0.995)
    args.out.mkdir(parents=True, exist_ok=True)
    log, file, start = RunLog(args.out / "log.jsonl"), args.out / "checkpoint.pt", 0
    if state := load_checkpoint(file):
        vae.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        ema.shadow, start = state["ema"], state["step"]
    running = 0.0
    for step in range(start, args.steps):
        follow_threads(args.threads_file)
        rng = np.random.default_rng((args.seed, step))  # the batch depends on the step alone: resumable anywhere
        picked = rng.choice(rows, args.batch, replace=False)
        if args.opaque_share is not None:
            count = round(args.opaque_share * args.batch)
            picked[:count] = rng.choice(opaque, count, replace=False)
        batch = to_tensor(images[picked])
        if rng.random() < 0.5:
            batch = batch.flip(3)
        rate = args.lr * min(1.0, (step + 1) / 50) * (0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * step / args.steps)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        posterior = vae.encode(batch).latent_dist
        loss = reconstruction_loss(vae.decode(posterior.sample()).sample, batch)
        if not args.decoder_only:
            loss = loss + KL_WEIGHT * posterior.kl().mean() / 64
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        ema.update(vae, step)
        running += float(loss.detach())
        if (step + 1) % 25 == 0:
            log.write(step=step + 1, loss=round(running / 25, 5), lr=round(float(rate), 7))
            running = 0.0
        if (step + 1) % 200 == 0 or step + 1 == args.steps:
            save_checkpoint(
                file,
                {
                    "model": vae.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "ema": ema.shadow,
                    "step": step + 1,
                },
            )
            vae_ema: Any = AutoencoderKL.from_config(vae.config)
            vae_ema.load_state_dict(ema.shadow)
            vae_ema.save_pretrained(args.out / "vae")


if __name__ == "__main__":
    main()
