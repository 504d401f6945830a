"""Our trainer against diffusers' own SDXL LoRA recipe: same images, steps, batch, rank, targets and base.

    python -m bench.lora_recipe IMAGE... [--steps 60]

The other side does in every step what `examples/text_to_image/train_text_to_image_lora_sdxl.py` of diffusers does: open
and transform the pictures, encode them with the VAE (a sample), encode the captions, draw noise and time steps, go
through peft's layers with diffusers' attention, AdamW with its defaults. The two take turns, a few steps each, so that
a machine that slows down slows both. It prints one JSON object: seconds per step of both (medians of the turns), their
ratio, and the loss of both at the same fixed noise.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from pipelines.training.pictures import Picture, read_pictures
from pipelines.training.settings import TrainingSettings

WARM_UP = 3  # steps that are not timed
TURN = 5  # steps of a side before the other goes on


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", nargs="+", type=Path)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--batch", type=int, default=8)
    args = parser.parse_args()
    print(json.dumps(measure(args.images, args.steps, args.batch)))


def measure(images: Sequence[Path], steps: int, batch: int) -> dict[str, Any]:
    """{"ours", "theirs": {"seconds_per_step", "cpu_seconds_per_step", "loss"}, "ratio", "cpu_ratio", "loss_before"}."""
    from memory.embedder import Embedder
    from pipelines.device import Device
    from pipelines.loader import load_model
    from pipelines.training.base import build_cache
    from pipelines.training.progress import Progress
    from pipelines.training.trainer import Trainer, validation_loss

    embedder = Embedder()
    files = [file for path in images for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    pictures = read_pictures(files).pictures
    settings = TrainingSettings(
        rank=4, learning_rate=1e-3, steps=steps, batch=batch, convolutions=False, mirror=False, min_snr_gamma=0,
        caption_dropout=0, warmup=0, sample_every=10**6, checkpoint_every=10**6,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        sides = {}
        for side in ("theirs", "ours"):
            model = load_model("builtin", Device("cpu", "float32"), embedder)
            cache = build_cache(model, pictures, "", settings)
            folder = Path(place) / side
            sides[side] = Trainer(model, cache, settings, list(range(len(cache))), folder, Progress(folder))
        rows = list(range(len(pictures)))
        out: dict[str, Any] = {"loss_before": round(validation_loss(sides["ours"], rows), 5)}
        steps_of = {
            "theirs": _Recipe(sides["theirs"], pictures, embedder).step,
            "ours": lambda number: sides["ours"]._step(sides["ours"].batch(number)),
        }
        wall, cpu = _turns(steps_of, steps)
        for side, trainer in sides.items():
            out[side] = {
                "seconds_per_step": round(median(wall[side]), 4),
                "cpu_seconds_per_step": round(median(cpu[side]), 4),
                "loss": round(validation_loss(trainer, rows), 5),
            }
    for name, spent in (("ratio", wall), ("cpu_ratio", cpu)):
        ratios = [ours / theirs for ours, theirs in zip(spent["ours"], spent["theirs"], strict=True)]
        out[name] = round(median(ratios), 3)
    return out


def _turns(steps_of: dict[str, Callable[[int], Any]], steps: int) -> tuple[dict[str, list[float]], ...]:
    """Wall and CPU seconds per step, a value for each turn of each side; the first steps are not timed."""
    wall: dict[str, list[float]] = {side: [] for side in steps_of}
    cpu: dict[str, list[float]] = {side: [] for side in steps_of}
    for step in steps_of.values():
        for number in range(WARM_UP):
            step(number)
    for first in range(WARM_UP, steps, TURN):
        numbers = range(first, min(first + TURN, steps))
        for side, step in steps_of.items():
            began, worked = time.perf_counter(), time.process_time()
            for number in numbers:
                step(number)
            wall[side].append((time.perf_counter() - began) / len(numbers))
            cpu[side].append((time.process_time() - worked) / len(numbers))
    return wall, cpu


class _Recipe:
    """One step of the script, on the same adapter, with nothing computed beforehand."""

    def __init__(self, trainer: Any, pictures: list[Picture], embedder: Any) -> None:
        import torch
        from diffusers.models.attention_processor import AttnProcessor2_0

        settings = trainer.settings
        self.trainer, self.pictures, self.embedder = trainer, pictures, embedder
        self.vae, self.unet = trainer.model.pipe.vae, trainer.unet
        self.unet.to(memory_format=torch.contiguous_format)  # as the script loads it; the product's loader reorders
        self.unet.set_attn_processor(AttnProcessor2_0())
        self.optimizer = torch.optim.AdamW(trainer.parameters, lr=settings.learning_rate, weight_decay=1e-2)
        self.folder = tempfile.TemporaryDirectory()
        self.files = []
        for number, picture in enumerate(pictures):
            self.files.append(Path(self.folder.name) / f"{number}.png")
            picture.image.save(self.files[-1])

    def step(self, number: int) -> None:
        import torch

        trainer, settings = self.trainer, self.trainer.settings
        rng = np.random.default_rng((5, number))
        rows = rng.integers(0, len(self.files), settings.batch)
        pixels = torch.stack([self._pixels(self.files[row]) for row in rows])
        with torch.no_grad():
            latents = self.vae.encode(pixels).latent_dist.sample() * self.vae.config.scaling_factor
        states, pooled = self._prompts([self.pictures[row].caption for row in rows])
        noise = torch.randn_like(latents)
        times = torch.randint(0, trainer.schedule.config.num_train_timesteps, (settings.batch,))
        noisy = trainer.schedule.add_noise(latents, noise, times)
        target = trainer.schedule.get_velocity(latents, noise, times)
        ids = torch.tensor([[64.0, 64, 0, 0, 64, 64]]).repeat(settings.batch, 1)
        added = {"text_embeds": pooled, "time_ids": ids}
        predicted = self.unet(noisy, times, states, added_cond_kwargs=added, return_dict=False)[0]
        loss = torch.nn.functional.mse_loss(predicted.float(), target.float(), reduction="mean")
        trainer.accelerator.backward(loss)
        trainer.accelerator.clip_grad_norm_(trainer.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()

    def _pixels(self, file: Path) -> Any:
        import torch
        from PIL import Image

        from pipelines.training.canvas import on_canvas

        with Image.open(file) as image:
            canvas = on_canvas(image.convert("RGBA"), (64, 64), alpha=True)
        return torch.from_numpy(np.array(canvas)).permute(2, 0, 1).float() / 127.5 - 1

    def _prompts(self, captions: list[str]) -> Any:
        import torch

        from pipelines.nano.captions import prompt_text
        from pipelines.nano.text import POOLED_SCALE, TOKEN_SCALE, pad_states

        hidden, mask = self.embedder.token_states([prompt_text(caption, "pixel", "prop") for caption in captions])
        weights = mask[..., None].float()
        mean = torch.nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=1)
        return pad_states(hidden, mask).clone() * TOKEN_SCALE, mean.clone() * POOLED_SCALE


if __name__ == "__main__":
    main()
