"""Makes images from requests: batches, progress, stop, memory that runs out, failures that stay alone.

Each image depends on its request only, not on its neighbours or its place in the batch: every image has its own random
generator, and prompts are encoded row by row.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from errors import Cancelled, GameForgeError, UserFixable
from loading import MODEL_LOADING
from pipelines import cutout
from pipelines.adapters import PackFinder
from pipelines.batching import SOON, Item, Pictures, even_batch, full_batch, group_items, item_of, timely_batch
from pipelines.device import choose_device, free_memory, guess_device, is_out_of_memory, release_cached_memory
from pipelines.masked import finish_edit, is_erasure, model_mask
from pipelines.prompts import PromptEmbedder
from pipelines.request import GenerationRequest
from pipelines.sources import ModelSource, is_small, locate
from pipelines.sprites import Finished, finish
from pipelines.watch import CancelCheck, OutsideError, StepListener, Watch

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from pipelines.loaded import LoadedModel

log = logging.getLogger(__name__)

# seconds for one image with 25 steps at the model's own size, before anything was measured here
FIRST_GUESS = {("cuda", True): 0.1, ("cuda", False): 5.0, ("mps", True): 0.5, ("mps", False): 60.0, ("cpu", True): 1.0}
SLOW_GUESS = 600.0
GUESSED_STEPS = 25
DECODED_AT_ONCE = 8  # images, unless all of them come soon: more are hardly faster, and the first ones show later
NEW_MEASUREMENT_SHARE = 0.3
NOT_HERE = "It is not on this disk yet: the first image downloads it."
NO_MEMORY = "There is not enough memory for this image. Ask for a smaller one, or close other programs."
NO_PICTURE = "The model gave no valid picture for this request. Try another seed or a lower guidance."
UNEXPECTED = "This image could not be made: {error}"


@dataclass(frozen=True)
class ModelInfo:
    """What can be told about the model, loaded or not. `ready` is False with a `reason` when it cannot be used."""

    id: str
    name: str
    source: str
    ready: bool
    reason: str
    license: str
    small: bool
    native_size: int
    native_alpha: bool
    device: str
    dtype: str
    steps: int
    guidance: float
    styles: tuple[str, ...]
    hash: str = ""  # of the weights, known once they are loaded


@dataclass(frozen=True)
class GeneratedImage:
    """A finished image. `offset` and `canvas` tell where the trimmed sprite lay, in its own pixels."""

    index: int
    request: GenerationRequest  # all defaults filled in
    image: Image.Image  # RGBA
    uncut: Image.Image | None
    offset: tuple[int, int]
    canvas: tuple[int, int]
    seconds: float
    batch_size: int
    seam: float | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class GenerationFailure:
    index: int
    request: GenerationRequest
    error: str  # one sentence


Result = GeneratedImage | GenerationFailure


class ImageEngine:
    """One image model on one device. Any thread may call it; one at a time denoises."""

    def __init__(
        self,
        model: str = "builtin",
        device: str = "auto",
        batch: int = 0,
        embedder: PromptEmbedder | None = None,
        find_pack: PackFinder | None = None,
    ) -> None:
        """`find_pack` gives the file of a style pack, or raises NotFound."""
        self.model = model
        self._wanted_device = device
        self._wanted_batch = batch
        self._embedder = embedder
        self._find_pack = find_pack
        self._lock = threading.RLock()
        self._loaded: LoadedModel | None = None
        self._memory_limits: dict[tuple[int, int], int] = {}  # largest batch that fitted, by image size
        self._seconds_per_work: float | None = None  # work: one step of one megapixel

    def info(self) -> ModelInfo:
        """Cheap and never raises: reads a few small files, at most."""
        loaded = self._loaded
        device = loaded.device if loaded else guess_device(self._wanted_device)
        reason = ""
        try:
            source = loaded.source if loaded else locate(self.model)
            if source.path is None:
                reason = NOT_HERE
        except (GameForgeError, OSError) as error:
            source, reason = ModelSource(self.model, "folder"), str(error)
        return ModelInfo(
            id=self.model,
            name=source.name,
            source=str(source.path or source.id),
            ready=not reason,
            reason=reason,
            license=source.license,
            small=is_small(source),
            native_size=loaded.native_size if loaded else source.native_size,
            native_alpha=loaded.native_alpha if loaded else source.native_alpha,
            device=device.name,
            dtype=device.dtype,
            steps=source.steps,
            guidance=source.guidance,
            styles=source.styles,
            hash=loaded.hash if loaded else "",
        )

    def load(self) -> None:
        """Load the model unless it is loaded.

        Raises:
            NotReady: it is missing, damaged or cannot be fetched.
            ResourceError: it does not fit into memory.
        """
        self.loaded()

    def loaded(self) -> LoadedModel:
        """The model itself, for measurements; hold no two calls on it at once."""
        with self._lock:
            if self._loaded is None:
                from pipelines.loader import load_model

                if self._embedder is not None:
                    self._embedder.encode([""])  # loaded before this thread holds the lock that its loading needs
                with MODEL_LOADING:
                    self._loaded = load_model(self.model, choose_device(self._wanted_device), self._embedder)
                self._loaded.adapters.find = self._find_pack
                if not self._loaded.native_alpha:
                    cutout.warm_up()
            return self._loaded

    def unload(self) -> None:
        """Give the model's memory back, for a training that needs it; the next image loads it again."""
        with self._lock:
            if self._loaded is not None:
                device = self._loaded.device
                self._loaded = None
                release_cached_memory(device)

    def seconds_per_image(self) -> float:
        """For an image of the model's own size and steps: measured in this process, else a rough guess."""
        info = self.info()
        return self._seconds_for(info.native_size, info.native_size, info.steps)

    def _seconds_for(self, width: int, height: int, steps: int) -> float:
        if self._seconds_per_work is not None:
            return self._seconds_per_work * _work(width, height, steps)
        info = self.info()
        guess = FIRST_GUESS.get((info.device.split(":")[0], info.small), SLOW_GUESS)
        return guess * _work(width, height, steps) / _work(info.native_size, info.native_size, GUESSED_STEPS)

    def generate(
        self,
        requests: Sequence[GenerationRequest],
        *,
        on_step: StepListener | None = None,
        cancelled: CancelCheck | None = None,
        pictures: Pictures | None = None,
        masks: Pictures | None = None,
    ) -> Iterator[Result]:
        """Yield each result as soon as its micro-batch is painted; cancelled images yield nothing.

        Args:
            on_step: told after every step; must return quickly.
            cancelled: asked with a request's index between steps.
            pictures: gives the whole picture (RGBA) of the version that a request with `init` starts from.
            masks: gives what a request with `mask` may change of it (L, of the same size).

        Raises:
            NotReady: the model cannot be loaded.
            ResourceError: the model does not fit into memory.
        """
        model = self.loaded()
        items: list[Item] = []
        for index, request in enumerate(requests):
            try:
                item = item_of(index, model.complete(request), pictures, masks)
                if item.edit is not None and is_erasure(request.change):
                    yield _made(item, finish_edit(None, item.edit, item.request, model.native_alpha), 0.0, 1)
                else:
                    with self._lock:
                        items.append(replace(item, start=model.filled_in(item)))
            except UserFixable as error:
                yield GenerationFailure(index, request, error.message)
        watch = Watch(on_step, cancelled)
        first = True
        for group in group_items(items):
            waiting = deque(group)
            while waiting:
                size = even_batch(len(waiting), self._most(model, group[0].request, len(waiting), first))
                batch = [item for item in (waiting.popleft() for _ in range(size)) if not watch.is_cancelled(item)]
                if batch:
                    first = False
                    yield from self._run(model, batch, watch)

    def _most(self, model: LoadedModel, request: GenerationRequest, waiting: int, first: bool) -> int:
        """Largest micro-batch for `waiting` requests like this one."""
        size = (request.width, request.height)
        most = self._wanted_batch
        if not most:
            most = full_batch(model.device, free_memory(model.device), request)
            most = timely_batch(most, self._seconds_for(*size, request.steps), waiting, first)
        return min(most, self._memory_limits.get(size, most))

    def _run(self, model: LoadedModel, batch: list[Item], watch: Watch) -> Iterator[Result]:
        """Paint a micro-batch; split it when memory runs out, and run its images alone when one of them fails.

        What takes long is decoded in portions: whoever takes the first images keeps them while the next are decoded.
        """
        started = time.perf_counter()
        try:
            with self._lock:
                latents = self._denoise(model, batch, watch)
        except Cancelled:
            return
        except OutsideError as error:
            assert error.__cause__ is not None
            raise error.__cause__ from None
        except Exception as error:  # whatever a model or driver throws must not take the neighbours along
            yield from self._recover(model, batch, watch, error)
            return
        alive, worked = watch.alive, time.perf_counter() - started
        each = worked / len(alive)
        portion = len(alive) if worked < SOON else even_batch(len(alive), DECODED_AT_ONCE)
        for begin in range(0, len(alive), portion):
            part = alive[begin : begin + portion]
            started = time.perf_counter()
            try:
                with self._lock:
                    painted = self._decode(model, latents[begin : begin + portion], part, watch)
            except Exception as error:  # the same holds here; what is decoded stays
                yield from self._recover(model, alive[begin:], watch, error)
                return
            spent = time.perf_counter() - started
            worked += spent
            if part[-1] is alive[-1]:
                self._measure(alive, worked)
            yield from self._finish(model, painted, each + spent / len(part), len(batch), watch)

    def _recover(self, model: LoadedModel, batch: list[Item], watch: Watch, trouble: Exception) -> Iterator[Result]:
        log.debug("a micro-batch of %d failed", len(batch), exc_info=trouble)
        no_memory = is_out_of_memory(trouble)
        if no_memory:
            trouble.with_traceback(None)  # its frames keep the tensors alive
            release_cached_memory(model.device)
        if len(batch) == 1:
            item = batch[0]
            log.error("image %s failed", item.request.key[:12], exc_info=trouble)
            yield GenerationFailure(item.index, item.request, NO_MEMORY if no_memory else _sentence(trouble))
            return
        portion = 1
        if no_memory:
            portion = len(batch) // 2
            self._memory_limits[batch[0].request.width, batch[0].request.height] = portion
            log.warning("memory ran out with %d images at once; going on with %d", len(batch), portion)
        for start in range(0, len(batch), portion):
            part = [item for item in batch[start : start + portion] if not watch.is_cancelled(item)]
            if part:
                yield from self._run(model, part, watch)

    def _denoise(self, model: LoadedModel, batch: list[Item], watch: Watch) -> torch.Tensor:
        """Latents of `watch.alive`, what is left of the batch.

        Raises:
            Cancelled: nobody wants any of these images any more.
        """
        watch.begin(batch)
        starts = [item.start for item in batch if item.start is not None]
        masks = [model_mask(item.edit, item.request) for item in batch if item.edit is not None]
        requests = [item.request for item in batch]
        return model.denoise(requests, watch.after_step, starts or None, masks or None)

    def _decode(
        self, model: LoadedModel, latents: torch.Tensor, items: list[Item], watch: Watch
    ) -> list[tuple[Item, Image.Image | None]]:
        """Pictures of those that are still wanted. None stands for one with no valid numbers in it."""
        import torch

        valid = torch.isfinite(latents).flatten(1).all(1).tolist()
        wanted = [row for row, item in enumerate(items) if valid[row] and not watch.is_cancelled(item)]
        decoded = iter(model.decode(latents[wanted], tileable=items[0].request.tileable) if wanted else ())
        painted: list[tuple[Item, Image.Image | None]] = []
        for row, item in enumerate(items):
            if row in wanted:
                painted.append((item, next(decoded)))
            elif not valid[row]:
                painted.append((item, None))
        return painted

    def _finish(
        self,
        model: LoadedModel,
        painted: list[tuple[Item, Image.Image | None]],
        seconds: float,
        batch_size: int,
        watch: Watch,
    ) -> Iterator[Result]:
        for item, picture in painted:
            if watch.is_cancelled(item):
                continue
            if picture is None:
                yield GenerationFailure(item.index, item.request, NO_PICTURE)
                continue
            started = time.perf_counter()
            if item.edit is not None:
                done = finish_edit(picture, item.edit, item.request, model.native_alpha)
            else:
                done = finish(picture, item.request, model.native_alpha)
            spent = seconds + time.perf_counter() - started
            yield _made(item, done, spent, batch_size, model.adapters.warnings(item.request.style_packs))

    def _measure(self, batch: list[Item], seconds: float) -> None:
        request = batch[0].request
        new = seconds / len(batch) / _work(request.width, request.height, request.steps)
        old = self._seconds_per_work
        self._seconds_per_work = new if old is None else old + NEW_MEASUREMENT_SHARE * (new - old)


def _made(item: Item, done: Finished, seconds: float, batch: int, warnings: Sequence[str] = ()) -> GeneratedImage:
    place, notes = (done.offset, done.canvas), (*done.warnings, *warnings)
    return GeneratedImage(item.index, item.request, done.image, done.uncut, *place, seconds, batch, done.seam, notes)


def _work(width: int, height: int, steps: int) -> float:
    return width * height * steps / 1e6


def _sentence(error: Exception) -> str:
    if isinstance(error, GameForgeError):
        return error.message
    return UNEXPECTED.format(error=str(error).splitlines()[0] if str(error) else type(error).__name__)
