"""Trains the evaluator on the training split; the held-out concepts stay unseen.

    python -m pipelines.nano.train_evaluator --data DIR --cache DIR --vae DIR --out FILE.safetensors [--steps N]

Symmetric contrastive loss in which pictures of the same name are each other's positives. A part of the pictures goes
through the autoencoder once, so that the evaluator judges what is shown and not how it was decoded. A run goes on from
the checkpoint beside --out.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.nano.data import read_records
from pipelines.nano.evaluator import Evaluator, build_towers, image_input, rank_at
from pipelines.nano.training import RunLog, load_checkpoint, save_checkpoint

TEMPERATURE = 0.05
DECODED_SHARE = 0.3


def decoded_pictures(vae: Any, latents: np.ndarray, batch: int = 64) -> np.ndarray:
    """uint8 [n, 64, 64, 4] from raw latents [n, 8, 16, 16]."""
    import torch

    parts = []
    with torch.inference_mode():
        for start in range(0, len(latents), batch):
            decoded = vae.decode(torch.from_numpy(latents[start : start + batch].astype(np.float32))).sample
            parts.append(((decoded.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy())
    return np.concatenate(parts)


def disturbed(pixels: Any, rng: np.random.Generator) -> Any:
    """Shifted by up to three pixels, scaled in colour, with a little noise: float [n, 4, 32, 32] in -0.5..0.5."""
    import torch

    dy, dx = (int(v) for v in rng.integers(-3, 4, 2))
    pixels = torch.roll(torch.nn.functional.pad(pixels, (3, 3, 3, 3), value=-0.5), (dy, dx), (2, 3))[..., 3:-3, 3:-3]
    gain = torch.from_numpy(rng.uniform(0.8, 1.2, (len(pixels), 3, 1, 1)).astype(np.float32))
    noise = torch.from_numpy(rng.standard_normal(tuple(pixels.shape), dtype=np.float32)) * 0.03
    return torch.cat([(pixels[:, :3] + 0.5) * gain - 0.5, pixels[:, 3:]], 1) + noise


def contrastive_loss(pictures: Any, texts: Any, concepts: np.ndarray) -> Any:
    """Cross entropy both ways with equal shares for all pairs of the same concept."""
    import torch

    a = torch.nn.functional.normalize(pictures, dim=1)
    b = torch.nn.functional.normalize(texts, dim=1)
    logits = a @ b.T / TEMPERATURE
    same = torch.from_numpy((concepts[:, None] == concepts[None]).astype(np.float32))
    same = same / same.sum(1, keepdim=True)
    return -(same * logits.log_softmax(1)).sum(1).mean() - (same * logits.T.log_softmax(1)).sum(1).mean()


def real_scores(evaluator: Evaluator, images: np.ndarray, names: list[str], vectors: np.ndarray) -> dict[str, float]:
    """Rank 1 and 5 among 100 captions of real pictures, one a name, averaged over five seeded draws of 100 names."""
    results = []
    for draw in range(5):
        rng = np.random.default_rng(draw)
        chosen = rng.choice(sorted(set(names)), min(100, len(set(names))), replace=False)
        rows = [int(rng.choice([i for i, name in enumerate(names) if name == wanted])) for wanted in chosen]
        scores = evaluator.images(images[rows]) @ evaluator.texts(vectors[rows]).T
        results.append((rank_at(scores, 1), rank_at(scores, 5)))
    first, fifth = np.mean(results, 0)
    return {"rank1": round(float(first), 3), "rank5": round(float(fifth), 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "cache", "vae", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=192)
    parser.add_argument("--lr", type=float, default=2e-3)
    args = parser.parse_args()

    import torch
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from safetensors.torch import save_file

    torch.manual_seed(0)
    records = read_records(args.data)
    names = [record.name for record in records]
    numbers = np.unique(names, return_inverse=True)[1]
    seen = np.array([i for i, r in enumerate(records) if r.exemplar and not r.heldout])
    held = np.array([i for i, r in enumerate(records) if r.exemplar and r.heldout])
    images = np.load(args.data / "images.npy")
    pooled = np.load(args.cache / "caption_pooled.npy").astype(np.float32)
    index = np.load(args.cache / "caption_index.npy")
    file, log = args.out.with_suffix(".pt"), RunLog(args.out.with_suffix(".jsonl"))
    state = load_checkpoint(file)
    if state is None:
        vae: Any = AutoencoderKL.from_pretrained(args.vae).float().eval()
        chosen = np.random.default_rng(1).choice(seen, int(DECODED_SHARE * len(seen)), replace=False)
        latents = np.load(args.cache / "latents.npy", mmap_mode="r")
        decoded = decoded_pictures(vae, latents[np.sort(chosen), 0])
        np.savez(args.out.with_suffix(".npz"), rows=np.sort(chosen), images=decoded)
    kept = np.load(args.out.with_suffix(".npz"))
    decoded = dict(zip(kept["rows"].tolist(), kept["images"], strict=True))
    flips = np.array([record.flip for record in records])
    towers = build_towers().train()
    optimizer = torch.optim.AdamW(towers.parameters(), lr=args.lr, weight_decay=0.05)
    start = 0
    if state:
        towers.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["step"]
    for step in range(start, args.steps):
        rng = np.random.default_rng((7, step))
        rows = rng.choice(seen, args.batch, replace=False)
        batch = np.stack([decoded[r] if r in decoded and rng.random() < 0.7 else images[r] for r in rows.tolist()])
        turned = (rng.random(args.batch) < 0.5) & flips[rows]
        batch[turned] = batch[turned][:, :, ::-1]
        pixels = disturbed(image_input(batch), rng)
        caption = index[rows, rng.integers(0, index.shape[1], args.batch)]
        texts = torch.from_numpy(pooled[caption])
        rate = args.lr * min(1.0, (step + 1) / 30) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / args.steps)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = contrastive_loss(towers["image"](pixels), towers["text"](texts), numbers[rows])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(towers.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % 20 == 0:
            log.write(step=step + 1, loss=round(float(loss.detach()), 4))
        if (step + 1) % 100 == 0 or step + 1 == args.steps:
            moments = {"model": towers.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}
            save_checkpoint(file, moments)
    evaluator = Evaluator(towers)
    bare = pooled[index[:, 3]]
    for label, rows in (("seen", seen), ("held out", held)):
        print(label, real_scores(evaluator, images[rows], [names[i] for i in rows], bare[rows]))
    half = {name: value.detach().half().contiguous() for name, value in towers.state_dict().items()}
    save_file(half, str(args.out))


if __name__ == "__main__":
    main()
