"""The engine against a tiny model: real pipeline, real steps, random weights."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from errors import NotReady
from pipelines.engine import GeneratedImage, GenerationFailure, ImageEngine
from pipelines.request import GenerationRequest, StylePackUse
from pipelines.watch import StepEvent

FLOAT_NOISE = 2  # of 255: what another batch size may change


def requests(engine: ImageEngine, count: int, **changes: Any) -> list[GenerationRequest]:
    made = [
        GenerationRequest(
            prompt=f"rusty sword {i}", seed=i, model=engine.model, steps=3, guidance=2.0, transparent=False
        )
        for i in range(count)
    ]
    return [request.replaced(**changes) for request in made]


def images(results: Sequence[Any]) -> list[GeneratedImage]:
    assert all(isinstance(result, GeneratedImage) for result in results), results
    return sorted(results, key=lambda result: result.index)


def pixels(result: GeneratedImage) -> np.ndarray:
    return np.asarray(result.image, np.int32)


def assert_same(first: GeneratedImage, second: GeneratedImage) -> None:
    assert np.abs(pixels(first) - pixels(second)).max() <= FLOAT_NOISE


def with_batch(engine: ImageEngine, batch: int) -> ImageEngine:
    """Another engine on the same loaded model."""
    other = ImageEngine(engine.model, device="cpu", batch=batch)
    other._loaded = engine.loaded()
    return other


def fail_above(model: Any, monkeypatch: pytest.MonkeyPatch, most: int, error: BaseException) -> list[int]:
    """Let the denoiser fail when it gets more than `most` images; returns the sizes that it was asked for."""
    unet, sizes = model.pipe.unet, []
    forward = unet.forward

    def limited(sample: Any, *args: Any, **kwargs: Any) -> Any:
        sizes.append(sample.shape[0] // 2)  # with guidance every image comes twice
        if sizes[-1] > most:
            raise error
        return forward(sample, *args, **kwargs)

    monkeypatch.setattr(unet, "forward", limited)
    return sizes


def test_images_do_not_depend_on_batch_size_or_place(rgba_engine: ImageEngine) -> None:
    wanted = requests(rgba_engine, 5)
    together = images(list(with_batch(rgba_engine, 5).generate(wanted)))
    alone = images(list(with_batch(rgba_engine, 1).generate(wanted)))
    backwards = images(list(with_batch(rgba_engine, 3).generate(wanted[::-1])))
    assert {result.batch_size for result in alone} == {1}
    assert max(result.batch_size for result in together) > 1
    for i in range(5):
        assert_same(together[i], alone[i])
        assert_same(together[i], backwards[4 - i])
    assert np.abs(pixels(together[0]) - pixels(together[1])).max() > 10  # and they do depend on the request


def test_styles_in_a_row_leave_no_trace(rgba_engine: ImageEngine) -> None:
    plain = requests(rgba_engine, 1)
    before = images(list(rgba_engine.generate(plain)))
    for changes in ({"style": "pixel"}, {"tileable": True}, {"sampler": "euler_a"}, {"guidance": 1.0}):
        other = images(list(rgba_engine.generate(requests(rgba_engine, 1, **changes))))
        assert np.abs(pixels(before[0]) - pixels(other[0])).max() > FLOAT_NOISE, changes
    after = images(list(rgba_engine.generate(plain)))
    assert pixels(before[0]).tolist() == pixels(after[0]).tolist()


def test_the_batch_size_of_the_settings_is_used(rgba_engine: ImageEngine) -> None:
    sizes = [r.batch_size for r in images(list(with_batch(rgba_engine, 4).generate(requests(rgba_engine, 7))))]
    assert sizes == [4] * 4 + [3] * 3


def test_slow_models_show_their_first_image_early(rgba_engine: ImageEngine) -> None:
    engine = with_batch(rgba_engine, 0)
    engine._seconds_per_work = 2.0 / (64 * 64 * 3 / 1e6)  # as if an image took two seconds
    sizes = [r.batch_size for r in engine.generate(requests(engine, 9)) if isinstance(r, GeneratedImage)]
    assert sizes[0] == 1 and max(sizes) > 1


def test_requests_that_differ_in_settings_are_made_in_one_go(rgba_engine: ImageEngine) -> None:
    wanted = [
        *requests(rgba_engine, 2),
        *requests(rgba_engine, 1, steps=2),
        *requests(rgba_engine, 1, width=72, height=48),
        *requests(rgba_engine, 1, guidance=1.0),
        *requests(rgba_engine, 1, sampler="euler_a"),
    ]
    made = images(list(rgba_engine.generate(wanted)))
    assert [result.index for result in made] == list(range(6))
    assert made[3].image.size == (72, 48)
    for i, request in enumerate(wanted):
        assert_same(made[i], images(list(rgba_engine.generate([request])))[0])


def test_steps_are_reported(rgba_engine: ImageEngine) -> None:
    events: list[StepEvent] = []
    list(with_batch(rgba_engine, 2).generate(requests(rgba_engine, 3), on_step=events.append))
    assert [(e.indices, e.step, e.steps) for e in events] == [
        ((0, 1), 1, 3),
        ((0, 1), 2, 3),
        ((0, 1), 3, 3),
        ((2,), 1, 3),
        ((2,), 2, 3),
        ((2,), 3, 3),
    ]


def test_stop_ends_within_a_step_and_leaves_nothing(rgba_engine: ImageEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fail_above(rgba_engine.loaded(), monkeypatch, 99, RuntimeError())
    stopped = False

    def stop_after_first(event: StepEvent) -> None:
        nonlocal stopped
        stopped = True

    wanted = requests(rgba_engine, 6)
    assert list(rgba_engine.generate(wanted, on_step=stop_after_first, cancelled=lambda _: stopped)) == []
    assert len(calls) == 1
    monkeypatch.undo()
    assert len(images(list(rgba_engine.generate(wanted[:1])))) == 1  # and the next run is whole


@pytest.mark.parametrize("sampler", ["dpmpp_2m", "dpmpp_2m_sde", "euler_a", "unipc"])
def test_one_cancelled_image_leaves_a_running_batch(rgba_engine: ImageEngine, sampler: str) -> None:
    wanted = requests(rgba_engine, 4, steps=4, sampler=sampler)
    engine = with_batch(rgba_engine, 4)
    whole = images(list(engine.generate(wanted)))
    dropped: set[int] = set()
    events: list[StepEvent] = []

    def drop_two(event: StepEvent) -> None:
        events.append(event)
        if event.step == 2 and len(event.indices) > 1:
            dropped.add(2)

    rest = images(list(engine.generate(wanted, on_step=drop_two, cancelled=lambda index: index in dropped)))
    assert [result.index for result in rest] == [0, 1, 3]
    assert events[-1].indices == (0, 1, 3)
    for result in rest:
        assert_same(result, whole[result.index])


def test_nothing_is_painted_for_what_was_cancelled_before(
    rgba_engine: ImageEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = fail_above(rgba_engine.loaded(), monkeypatch, 99, RuntimeError())
    assert list(rgba_engine.generate(requests(rgba_engine, 3), cancelled=lambda _: True)) == []
    assert calls == []


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_too_little_memory_halves_the_batch(
    rgba_engine: ImageEngine, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    wanted = requests(rgba_engine, 4)
    expected = images(list(rgba_engine.generate(wanted)))
    sizes = fail_above(rgba_engine.loaded(), monkeypatch, 2, error)
    engine = with_batch(rgba_engine, 4)
    made = images(list(engine.generate(wanted)))
    assert [result.index for result in made] == [0, 1, 2, 3]
    assert {result.batch_size for result in made} == {2}
    for ours, reference in zip(made, expected, strict=True):
        assert_same(ours, reference)
    images(list(engine.generate(wanted)))
    assert sum(size > 2 for size in sizes) == 1  # it does not run into the wall again


def test_an_image_that_never_fits_fails_with_advice(rgba_engine: ImageEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_above(rgba_engine.loaded(), monkeypatch, 0, RuntimeError("out of memory"))
    failures = list(with_batch(rgba_engine, 4).generate(requests(rgba_engine, 2)))
    assert [f.index for f in failures if isinstance(f, GenerationFailure)] == [0, 1]
    assert "not enough memory" in failures[0].error  # type: ignore[union-attr]


def test_the_decoder_may_run_out_of_memory_too(rgba_engine: ImageEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = requests(rgba_engine, 4)
    expected = images(list(with_batch(rgba_engine, 16).generate(wanted)))
    model = rgba_engine.loaded()
    decode, sizes = model.pipe.vae.decode, []

    def limited(latents: Any, *args: Any, **kwargs: Any) -> Any:
        sizes.append(len(latents))
        if len(latents) > 1:
            raise RuntimeError("out of memory")
        return decode(latents, *args, **kwargs)

    monkeypatch.setattr(model.pipe.vae, "decode", limited)
    try:
        made = images(list(with_batch(rgba_engine, 16).generate(wanted)))
    finally:
        model._decode_batch = 0
    assert sizes == [4, 2, 1, 1, 1, 1]  # halved until it fits
    for ours, reference in zip(made, expected, strict=True):
        assert_same(ours, reference)


def test_what_was_decoded_before_the_decoder_failed_stays(
    rgba_engine: ImageEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = rgba_engine.loaded()
    decode, calls = model.decode, []

    def fails_once(latents: Any, **options: Any) -> Any:
        calls.append(len(latents))
        if len(calls) == 2:
            raise RuntimeError("a fault of the driver")
        return decode(latents, **options)

    monkeypatch.setattr(model, "decode", fails_once)
    monkeypatch.setattr("pipelines.engine.SOON", 0.0)
    made = images(list(with_batch(rgba_engine, 16).generate(requests(rgba_engine, 10))))
    assert [result.index for result in made] == list(range(10))
    assert calls == [5, 5, 1, 1, 1, 1, 1]  # those that failed together were made again, each by itself


def test_a_failing_request_takes_no_neighbour_along(rgba_engine: ImageEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    model = rgba_engine.loaded()
    encode = model.prompts.encode

    def picky(batch: Sequence[GenerationRequest]) -> dict[str, Any]:
        if any(request.prompt == "poison" for request in batch):
            raise ValueError("cannot read this prompt")
        return encode(batch)

    monkeypatch.setattr(model.prompts, "encode", picky)
    wanted = requests(rgba_engine, 6)
    wanted[3] = wanted[3].replaced(prompt="poison")
    results = {result.index: result for result in with_batch(rgba_engine, 8).generate(wanted)}
    failure = results.pop(3)
    assert isinstance(failure, GenerationFailure) and "cannot read this prompt" in failure.error
    assert sorted(results) == [0, 1, 2, 4, 5]
    images(list(results.values()))


def test_invalid_numbers_are_a_failure_and_not_a_black_image(
    rgba_engine: ImageEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    unet = rgba_engine.loaded().pipe.unet
    forward = unet.forward

    def broken(sample: Any, *args: Any, **kwargs: Any) -> Any:
        (out,) = forward(sample, *args, **kwargs)
        if len(out) == 4:
            out[[1, 3]] = float("nan")
        return (out,)

    monkeypatch.setattr(unet, "forward", broken)
    results = {r.index: r for r in with_batch(rgba_engine, 16).generate(requests(rgba_engine, 2))}
    assert isinstance(results[0], GeneratedImage)
    assert isinstance(results[1], GenerationFailure) and "no valid picture" in results[1].error


def test_errors_of_the_caller_stay_the_callers(rgba_engine: ImageEngine) -> None:
    def broken(_: StepEvent) -> None:
        raise KeyError("progress bar")

    with pytest.raises(KeyError, match="progress bar"):
        list(rgba_engine.generate(requests(rgba_engine, 2), on_step=broken))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"style_packs": (StylePackUse("rusty"),)}, "style pack named rusty"),
        ({"init": "ab" * 32}, "not at hand"),
        ({"sampler": "magic"}, "sampler 'magic'"),
        ({"width": 63}, "multiples of 8"),
        ({"width": 40_000}, "multiples of 8"),
        ({"steps": 10_000}, "Steps"),
        ({"seed": -1}, "seed"),
        ({"model": "other"}, "'other'"),
    ],
)
def test_impossible_requests_fail_in_words(rgba_engine: ImageEngine, changes: dict[str, Any], words: str) -> None:
    bad, good = requests(rgba_engine, 1, **changes)[0], requests(rgba_engine, 1)[0]
    results = {result.index: result for result in rgba_engine.generate([bad, good])}
    assert isinstance(results[0], GenerationFailure) and words in results[0].error
    assert isinstance(results[1], GeneratedImage)


def test_defaults_are_filled_into_the_result(rgba_engine: ImageEngine) -> None:
    model = rgba_engine.loaded()
    complete = model.complete(GenerationRequest(prompt="pot", seed=1, model=rgba_engine.model))
    assert (complete.width, complete.height, complete.steps, complete.guidance) == (64, 64, 25, 6.0)
    assert model.complete(complete) == complete


def test_info_costs_nothing_and_never_raises(rgba_model: Path, tmp_path: Path) -> None:
    engine = ImageEngine(str(rgba_model), device="cpu")
    info = engine.info()
    assert (info.ready, info.native_size, info.native_alpha, info.small) == (True, 64, True, True)
    assert engine._loaded is None
    engine.load()
    assert engine.info().hash and engine.info() == ImageEngine.info(engine)
    for missing in (str(tmp_path / "nothing"), str(tmp_path / "x.safetensors"), str(tmp_path / "x.ckpt"), "?"):
        info = ImageEngine(missing, device="tpu").info()
        assert not info.ready and info.reason


def test_an_unknown_device_is_told(rgba_model: Path) -> None:
    with pytest.raises(NotReady, match="GAMEFORGE_DEVICE"):
        ImageEngine(str(rgba_model), device="tpu").load()


def test_time_per_image_is_measured(rgba_engine: ImageEngine) -> None:
    engine = with_batch(rgba_engine, 0)
    guess = engine.seconds_per_image()
    images(list(engine.generate(requests(engine, 2))))
    measured = engine.seconds_per_image()
    assert guess > 0 and measured > 0 and measured != guess


def test_importing_the_engine_loads_nothing_heavy() -> None:
    code = "import sys, pipelines.engine, pipelines.metadata, pipelines.uploads; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
