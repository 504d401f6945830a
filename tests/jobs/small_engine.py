"""A real, tiny image engine for tests: draws a sprite from the request's seed, no model behind it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from PIL import Image, ImageDraw

from pipelines.engine import GeneratedImage, GenerationFailure, ModelInfo
from pipelines.masked import Edit, finish_edit, is_erasure
from pipelines.request import GenerationRequest
from pipelines.starts import start_picture
from pipelines.watch import StepEvent

SIZE = 24
STEPS = 3


class SmallEngine:
    """The interface of `pipelines.engine.ImageEngine`. Subjects named below make it misbehave."""

    KILL = "kills its process"
    FAIL = "cannot be painted"
    RAISE = "has a bug"

    def __init__(self, micro_batch: int = 4, step_seconds: float = 0.0) -> None:
        self.micro_batch = micro_batch
        self.step_seconds = step_seconds

    def info(self) -> ModelInfo:
        return ModelInfo(
            id="small",
            name="Small",
            source="drawn",
            ready=True,
            reason="",
            license="",
            small=True,
            native_size=SIZE,
            native_alpha=True,
            device="cpu",
            dtype="float32",
            steps=STEPS,
            guidance=1.0,
            styles=(),
        )

    def load(self) -> None:
        return None

    def seconds_per_image(self) -> float:
        return STEPS * self.step_seconds

    def generate(
        self,
        requests: Sequence[GenerationRequest],
        *,
        on_step: Callable[[StepEvent], None] | None = None,
        cancelled: Callable[[int], bool] | None = None,
        pictures: Callable[[GenerationRequest], Image.Image] | None = None,
        masks: Callable[[GenerationRequest], Image.Image] | None = None,
    ) -> Iterator[GeneratedImage | GenerationFailure]:
        for start in range(0, len(requests), self.micro_batch):
            indices = list(range(start, min(start + self.micro_batch, len(requests))))
            for step in range(STEPS):
                indices = [index for index in indices if cancelled is None or not cancelled(index)]
                time.sleep(self.step_seconds)
                if on_step is not None and indices:
                    on_step(StepEvent(tuple(indices), step + 1, STEPS))
            for index in indices:
                yield self._paint(index, requests[index], len(indices), pictures, masks)

    def _paint(
        self, index: int, request: GenerationRequest, batch: int, pictures: Any = None, masks: Any = None
    ) -> GeneratedImage | GenerationFailure:
        if request.subject == self.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        if request.subject == self.RAISE:
            raise RuntimeError("index 9 is out of bounds")
        if request.subject == self.FAIL:
            return GenerationFailure(index, request, "This one cannot be painted.")
        image = Image.new("RGBA", (SIZE, SIZE))
        colour = (request.seed % 256, request.seed // 256 % 256, request.seed // 65536 % 256, 255)
        ImageDraw.Draw(image).ellipse((4, 4, SIZE - 5, SIZE - 5), fill=colour)
        if request.init is not None:
            sized = request.replaced(width=SIZE, height=SIZE, style="pixel")
            canvas = pictures(request)
            image = start_picture(canvas, sized)
            if request.mask is not None:
                nothing = None if is_erasure(request.change) else image
                image = finish_edit(nothing, Edit(canvas, masks(request)), sized, True).image
        return GeneratedImage(
            index=index,
            request=request,
            image=image,
            uncut=None,
            offset=(0, 0),
            canvas=(SIZE, SIZE),
            seconds=0.0,
            batch_size=batch,
            seam=None,
            warnings=(),
        )
