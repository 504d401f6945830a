"""The training loop. What a step sees depends on its number alone: a resumed run goes on as it would have."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from errors import Cancelled, NotReady
from pipelines.adapters import adapter_name
from pipelines.request import StylePackUse
from pipelines.training.base import Cache, noise_schedule
from pipelines.training.checkpoint import load_checkpoint, save_checkpoint
from pipelines.training.lora import add_lora, target_and_weight
from pipelines.training.preference import Pairs, preference_loss
from pipelines.training.progress import Progress
from pipelines.training.settings import TrainingSettings

if TYPE_CHECKING:
    import torch

    from pipelines.loaded import LoadedModel

PACK = StylePackUse("training")  # the pack while it is being trained
ADAPTER = adapter_name(PACK)
TEXT_PARTS = ("text_encoder", "text_encoder_2")
SPEED_OVER = 20  # steps that the speed shown is an average of


@dataclass
class Batch:
    rows: np.ndarray  # picture numbers
    clean: torch.Tensor
    shown: torch.Tensor
    noise: torch.Tensor
    times: torch.Tensor
    captions: np.ndarray  # rows of the cache's embeddings


class Trainer:
    """Trains one LoRA on cached pictures. `rows` are the pictures that it may see, `rejected` the losing side."""

    def __init__(
        self,
        model: LoadedModel,
        cache: Cache,
        settings: TrainingSettings,
        rows: list[int],
        folder: Path,
        progress: Progress,
        prior: Cache | None = None,
        rejected: Cache | None = None,
    ) -> None:
        import torch
        from accelerate import Accelerator

        from pipelines.training.attention import use_joined_attention  # imports torch

        self.model, self.cache, self.settings, self.rows = model, cache, settings, rows
        self.prior = prior
        self.pairs = Pairs(cache, rows, rejected) if rejected is not None and settings.preference_weight > 0 else None
        self.folder, self.progress = folder / "state", progress
        self.schedule = noise_schedule(model)
        self.accelerator = Accelerator(mixed_precision=settings.precision, cpu=model.device.kind == "cpu")
        torch.manual_seed(settings.seed)
        self.unet = model.pipe.unet
        if model.device.kind == "cpu":  # channels-last is faster for painting, with a backward pass it is slower
            self.unet.to(memory_format=torch.contiguous_format)
            if settings.precision == "no" and self.unet.dtype == torch.float32:
                use_joined_attention(self.unet, ADAPTER)
        self.modules: dict[str, Any] = {"unet": self.unet}
        groups: list[dict[str, Any]] = [{"params": add_lora(self.unet, settings, ADAPTER), "share": 1.0}]
        if settings.gradient_checkpointing:
            self.unet.enable_gradient_checkpointing()
        for part in TEXT_PARTS if settings.text_encoders else ():
            self.modules[part] = module = getattr(model.pipe, part)
            if module is None:
                raise NotReady(f"{model.source.name} has no text encoders to train. Train without them.")
            share = settings.text_learning_share
            groups.append({"params": add_lora(module, settings, ADAPTER, text=True), "share": share})
        self.parameters: list[torch.nn.Parameter] = [parameter for group in groups for parameter in group["params"]]
        self.optimizer = _optimizer(groups, settings)
        self.start = 0
        state = load_checkpoint(self.folder)
        if state is not None:
            self._restore(state)
        prepared: Any = self.accelerator.prepare(self.optimizer)
        self.optimizer = prepared
        # several cards: each process its own batches, gradients averaged
        self.forward: Any = self.accelerator.prepare(self.unet) if self.accelerator.num_processes > 1 else self.unet

    def run(
        self,
        stopped: Callable[[], bool] = lambda: False,
        on_sample: Callable[[int], None] | None = None,
    ) -> list[float]:
        """Train to the end; returns the losses of the steps run now.

        Raises:
            Cancelled: `stopped` said so; the state is saved and a later run goes on from it.
            ResourceError: the state could not be saved.
        """
        settings, losses = self.settings, []
        speed: list[float] = []
        self.unet.train()
        for step in range(self.start, settings.steps):
            if stopped():
                self.save(step)
                raise Cancelled
            began = time.perf_counter()
            for group in self.optimizer.param_groups:
                group["lr"] = self.learning_rate(step) * group["share"]
            loss = self._step(self.batch(step), step)
            losses.append(loss)
            speed = [*speed[-SPEED_OVER:], time.perf_counter() - began]
            each = sum(speed) / len(speed)
            done = step + 1
            self.progress.write(
                "step",
                step=done,
                steps=settings.steps,
                loss=round(loss, 6),
                lr=self.learning_rate(step),
                images_per_second=round(settings.batch / each, 3),
                seconds_left=round(each * (settings.steps - done), 1),
            )
            if done % settings.checkpoint_every == 0 and done < settings.steps:
                self.save(done)
            if on_sample is not None and done % settings.sample_every == 0 and done < settings.steps:
                self.unet.eval()
                on_sample(done)
                self.model.pipe.enable_lora()  # painting leaves them off, and without gradients
                for module in self.modules.values():
                    module.set_adapter(ADAPTER)
                self.unet.train()
        self.unet.eval()
        self.save(settings.steps)
        return losses

    def learning_rate(self, step: int) -> float:
        """Linear warm-up, then a cosine down to a tenth."""
        settings = self.settings
        if step < settings.warmup:
            return settings.learning_rate * (step + 1) / settings.warmup
        share = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
        return settings.learning_rate * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * share)))

    def batch(self, step: int) -> Batch:
        """Rows, noise and noise levels of a step: a function of the seed, the step and this process."""
        import torch

        settings, cache = self.settings, self.cache
        rng = np.random.default_rng((settings.seed, step, self.accelerator.process_index))
        # all of a batch have one size: a bucket is drawn by its share of the pictures
        first = int(rng.choice(self.rows))
        alike = [row for row in self.rows if cache.buckets[row] == cache.buckets[first]]
        rows = np.array([first, *rng.choice(alike, settings.batch - 1)], np.int64)
        lessons = len(cache) - cache.lessons + rng.integers(0, max(1, cache.lessons), settings.batch)
        if cache.lessons:
            rows = np.where(rng.random(settings.batch) < settings.lesson_share, lessons, rows)
        clean, shown = [], []
        for row in rows:
            view = int(rng.integers(len(cache.latents[row])))
            picture = cache.latents[row][view]
            clean.append(picture)
            if cache.copies and rng.random() < settings.restyle:
                each = len(cache.copies[row]) // len(cache.latents[row])
                copy = cache.copies[row][view * each + int(rng.integers(each))]
                share = float(rng.random()) ** 0.5  # later steps of the sampler see a mixture of both
                shown.append(share * copy + (1 - share) * picture)
            else:
                shown.append(picture)
        count = self.schedule.config.num_train_timesteps
        low, high = int(settings.noise_from * count), max(1, int(settings.noise_to * count))
        times = torch.from_numpy(rng.integers(low, high, settings.batch))
        captions = np.where(rng.random(settings.batch) < settings.caption_dropout, len(cache), rows)
        noise = torch.from_numpy(rng.standard_normal((settings.batch, *clean[0].shape), dtype=np.float32))
        return Batch(rows, torch.stack(clean), torch.stack(shown), noise, times, captions)

    def _step(self, batch: Batch, step: int = 0) -> float:
        loss = self.loss(batch, self.cache)
        told = float(loss.detach())
        if self.prior is not None:
            loss = loss + self.settings.prior_weight * self.loss(self._prior_batch(batch), self.prior)
            told = float(loss.detach())
        if self.pairs is not None and self.pairs.partners:
            loss = loss + self.settings.preference_weight * preference_loss(self, self.pairs, step)
        self.optimizer.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        self._average_text_gradients()
        self.accelerator.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        return told

    def loss(self, batch: Batch, cache: Cache) -> torch.Tensor:
        """Mean weighted squared error of the UNet's prediction."""
        return self.errors(batch, cache).mean()

    def errors(self, batch: Batch, cache: Cache) -> torch.Tensor:
        """The same for each row, [n]."""
        device = self.unet.device
        noisy, target, weight = target_and_weight(
            self.schedule, batch.clean, batch.shown, batch.noise, batch.times, self.settings.min_snr_gamma
        )
        dtype = self.model.device.torch_dtype
        with self.accelerator.autocast():
            states, pooled = self._words(batch.captions, cache)
            predicted = self.forward(
                noisy.to(device, dtype),
                batch.times.to(device),
                states.to(device, dtype),
                added_cond_kwargs={
                    "text_embeds": pooled.to(device, dtype),
                    "time_ids": cache.time_ids[batch.rows].to(device, dtype),
                },
                return_dict=False,
            )[0]
        error = ((predicted.float() - target.to(device)) ** 2).mean((1, 2, 3))
        return weight.to(device) * error

    def _words(self, captions: np.ndarray, cache: Cache) -> tuple[torch.Tensor, torch.Tensor]:
        """States and pooled vectors of captions: as cached, or through the text encoders while those are trained."""
        if not self.settings.text_encoders:
            return cache.embeds[captions], cache.pooled[captions]
        prompts: Any = self.model.prompts  # TextEncoderPrompts, as there are text encoders
        return prompts.states([cache.requests[int(row)] for row in captions])

    @contextmanager
    def base_alone(self) -> Iterator[None]:
        """The adapter is off and no gradient is kept."""
        import torch

        for module in self.modules.values():
            module.disable_adapters()
        try:
            with torch.no_grad():
                yield
        finally:
            for module in self.modules.values():
                module.enable_adapters()

    def _average_text_gradients(self) -> None:
        """`prepare` does it for the UNet alone."""
        if self.accelerator.num_processes < 2:
            return
        for part in TEXT_PARTS:
            for parameter in self.modules[part].parameters() if part in self.modules else ():
                if parameter.grad is not None:
                    reduced: Any = self.accelerator.reduce(parameter.grad, "mean")
                    parameter.grad = reduced

    def _prior_batch(self, batch: Batch) -> Batch:
        """Pictures by the base alone, so that the model does not forget what other things look like."""
        import torch

        assert self.prior is not None
        rows = batch.rows % len(self.prior)
        clean = torch.stack([self.prior.latents[row][0] for row in rows])
        return Batch(rows, clean, clean, batch.noise[:, :, : clean.shape[2], : clean.shape[3]], batch.times, rows)

    def layers(self) -> dict[str, torch.Tensor]:
        """The LoRA as `save_lora_weights` names it, float32 on the CPU."""
        from peft.utils import get_peft_model_state_dict

        return {
            f"{part}.{name}": value.detach().float().cpu()
            for part, module in self.modules.items()
            for name, value in get_peft_model_state_dict(module, adapter_name=ADAPTER).items()
        }

    def save(self, step: int) -> None:
        if not self.accelerator.is_main_process:
            return
        weights = [parameter.detach().cpu() for parameter in self.parameters]
        state = {"weights": weights, "optimizer": self.optimizer.state_dict()}
        save_checkpoint(self.folder, step, state, self.settings.keep_checkpoints)

    def _restore(self, state: dict[str, Any]) -> None:
        import torch

        with torch.no_grad():
            for parameter, value in zip(self.parameters, state["weights"], strict=True):
                parameter.copy_(value)
        self.optimizer.load_state_dict(state["optimizer"])
        self.start = int(state["step"])


def validation_loss(trainer: Trainer, rows: list[int], draws: int = 16) -> float:
    """Loss on pictures at fixed noise and noise levels: comparable between runs and with the pack off.

    Where the trainer shows recoloured copies, so does this: can the look be given to a picture that it never saw?
    """
    import torch

    cache, count = trainer.cache, trainer.schedule.config.num_train_timesteps
    settings, total = trainer.settings, 0.0
    low, high = settings.noise_from * count, settings.noise_to * count
    with torch.inference_mode():
        for row in rows:
            rng = np.random.default_rng((9, row))
            numbers = np.full(draws, row)
            clean = cache.latents[row][:1].repeat(draws, 1, 1, 1)
            times = torch.from_numpy((low + (np.arange(draws) + 0.5) / draws * (high - low)).astype(np.int64))
            noise = torch.from_numpy(rng.standard_normal(tuple(clean.shape), dtype=np.float32))
            shown = clean
            if cache.copies:
                shown = torch.stack([cache.copies[row][draw % len(cache.copies[row])] for draw in range(draws)])
                clean = cache.latents[row][[_view_of(cache, row, draw) for draw in range(draws)]]
            total += float(trainer.loss(Batch(numbers, clean, shown, noise, times, numbers), cache))
    return total / max(1, len(rows))


def _view_of(cache: Cache, row: int, draw: int) -> int:
    """Which view of a picture a copy of it belongs to."""
    copies, views = len(cache.copies[row]), len(cache.latents[row])
    return draw % copies // (copies // views)


def _optimizer(groups: list[dict[str, Any]], settings: TrainingSettings) -> Any:
    import torch

    options: dict[str, Any] = {"lr": settings.learning_rate, "betas": (0.9, 0.99), "weight_decay": 1e-3}
    if settings.adam_8bit:
        from bitsandbytes.optim import AdamW8bit  # pyright: ignore[reportMissingImports] (only with a CUDA card)

        return AdamW8bit(groups, **options)
    kinds = {parameter.device.type for group in groups for parameter in group["params"]}
    return torch.optim.AdamW(groups, fused=kinds <= {"cpu", "cuda"}, **options)
