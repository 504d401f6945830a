"""Trains the SDXL-conditioned UNet of Forge Nano on cached latents and caption states.

    python -m pipelines.nano.train_unet --data DIR --cache DIR --out DIR --steps N [--threads-file F]

v-prediction with zero-terminal SNR, AdamW, EMA. `--focus 0.9 --focus-below 0.6` draws nine tenths of the time steps
from the lower 60 % of the noise range, where images that start from an exemplar are repainted; continue the same run
with `--focus 0` to spread over the full range. A run goes on from `checkpoint.pt` in --out (a new one may start from a
UNet folder given by --init); batches depend on the step number alone, so a resumed run sees the data that an
uninterrupted one would have seen. The learning rate warms up, stays, and falls to zero from `--cooldown-from` to
`--steps` (Hu et al. 2024, "MiniCPM", call it warmup-stable-decay), so a run can be lengthened until the last leg.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.nano.text import POOLED_SCALE, TOKEN_SCALE, WIDTH
from pipelines.nano.training import Ema, RunLog, follow_threads, load_checkpoint, save_checkpoint

SCHEDULER: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
}
PROMPT_DROP = 0.1


def build_unet() -> Any:
    """A UNet2DConditionModel of 20 M parameters for 16 x 16 x 8 latents.

    Text enters by cross attention (token states) and by SDXL's added condition (pooled vector and size ids).
    """
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=16,
        in_channels=8,
        out_channels=8,
        block_out_channels=(96, 160, 256),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=(3, 5, 8),  # pyright: ignore[reportArgumentType] (its annotation is too narrow)
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=32,
        projection_class_embeddings_input_dim=WIDTH + 6 * 32,
    )


def draw_timesteps(rng: np.random.Generator, count: int, focus: float, below: float) -> np.ndarray:
    """Time steps 0..999: a share `focus` uniform under `below` * 1000, the rest uniform over all."""
    low = rng.integers(0, int(below * 1000), count)
    return np.where(rng.random(count) < focus, low, rng.integers(0, 1000, count))


def learning_rate(step: int, peak: float, warmup: int, cooldown_from: int | None, steps: int) -> float:
    """Rate of update `step`: linear warm-up, a plateau at `peak`, linear fall to zero over the cool-down."""
    rate = peak * min(1.0, (step + 1) / warmup)
    if cooldown_from is not None and step >= cooldown_from:
        rate *= (steps - step) / (steps - cooldown_from)
    return rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "cache", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True, help="stop when the run has this many steps in all")
    parser.add_argument("--init", type=Path, help="UNet folder to start a new run from")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=6e-4)
    parser.add_argument("--warmup", type=int, default=100)
    parser.add_argument("--cooldown-from", type=int, help="the learning rate falls from this step on")
    parser.add_argument("--focus", type=float, default=0.9)
    parser.add_argument("--focus-below", type=float, default=0.6)
    parser.add_argument("--ema", type=float, default=0.995)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save-every", type=int, default=100)
    parser.add_argument("--threads-file", type=Path)
    args = parser.parse_args()

    import torch
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

    from pipelines.nano.data import read_records

    torch.manual_seed(args.seed)
    records = read_records(args.data)
    rows = np.array([i for i, record in enumerate(records) if not record.heldout])
    flips = np.array([record.flip for record in records])
    factor = json.loads((args.cache / "vae.json").read_text(encoding="utf-8"))["scaling_factor"]
    latents = np.load(args.cache / "latents.npy", mmap_mode="r")
    states = np.load(args.cache / "caption_states.npy", mmap_mode="r")
    pooled = np.load(args.cache / "caption_pooled.npy")
    index = np.load(args.cache / "caption_index.npy")
    noise_levels: Any = DDPMScheduler(**SCHEDULER)

    unet = build_unet()
    earlier = 0
    if args.init:
        card = args.init.parent / "nano.json"
        earlier = json.loads(card.read_text(encoding="utf-8")).get("training_samples", 0) if card.exists() else 0
        unet.load_state_dict(type(unet).from_pretrained(args.init, torch_dtype=torch.float32).state_dict())
    unet.train()
    optimizer = torch.optim.AdamW(unet.parameters(), lr=args.lr, betas=(0.9, 0.99), weight_decay=1e-3, fused=True)
    args.out.mkdir(parents=True, exist_ok=True)
    log, file, start = RunLog(args.out / "log.jsonl"), args.out / "checkpoint.pt", 0
    if state := load_checkpoint(file):
        unet.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    unet = unet.to(memory_format=torch.channels_last)
    ema = Ema(unet, args.ema)
    if state:
        ema.shadow, start = state["ema"], state["step"]
    time_ids = torch.tensor([[64.0, 64, 0, 0, 64, 64]]).repeat(args.batch, 1)
    running: list[float] = []
    for step in range(start, args.steps):
        follow_threads(args.threads_file)
        rng = np.random.default_rng((args.seed, step))
        pick = rng.choice(rows, args.batch, replace=False)
        side = ((rng.random(args.batch) < 0.5) & flips[pick]).astype(int) % latents.shape[1]
        caption = index[pick, rng.integers(0, index.shape[1], args.batch)]
        caption[rng.random(args.batch) < PROMPT_DROP] = 0
        clean = torch.from_numpy(latents[pick, side].astype(np.float32)) * factor
        text = torch.from_numpy(states[caption].astype(np.float32)) * TOKEN_SCALE
        vector = torch.from_numpy(pooled[caption].astype(np.float32)) * POOLED_SCALE
        time = torch.from_numpy(draw_timesteps(rng, args.batch, args.focus, args.focus_below))
        noise = torch.from_numpy(rng.standard_normal(clean.shape, dtype=np.float32))
        noisy = noise_levels.add_noise(clean, noise, time).contiguous(memory_format=torch.channels_last)
        target = noise_levels.get_velocity(clean, noise, time)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, args.lr, args.warmup, args.cooldown_from, args.steps)
        predicted = unet(
            noisy,
            time,
            text,
            added_cond_kwargs={"text_embeds": vector, "time_ids": time_ids},
            return_dict=False,
        )[0]
        loss = torch.nn.functional.mse_loss(predicted, target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        ema.update(unet, step)
        running.append(float(loss.detach()))
        if (step + 1) % 20 == 0:
            log.write(step=step + 1, loss=round(float(np.mean(running)), 5), threads=torch.get_num_threads())
            running.clear()
        if (step + 1) % args.save_every == 0 or step + 1 == args.steps:
            state = {
                "model": unet.state_dict(),
                "optimizer": optimizer.state_dict(),
                "ema": ema.shadow,
                "step": step + 1,
                "samples": earlier + (step + 1) * args.batch,
            }
            save_checkpoint(file, state)


if __name__ == "__main__":
    main()
