"""The engine on the built-in model as it ships."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from memory.embedder import Embedder
from pipelines.engine import GeneratedImage, GenerationFailure, ImageEngine
from pipelines.metadata import read_png, write_png
from pipelines.request import GenerationRequest
from pipelines.watch import StepEvent
from tests.pipelines.test_masked import BOX, check_only_inside, mask, paint, picture


@pytest.fixture(scope="module")
def engine() -> ImageEngine:
    engine = ImageEngine(device="cpu", batch=4, embedder=Embedder())
    engine.load()
    return engine


def request(subject: str, seed: int, **changes: object) -> GenerationRequest:
    return GenerationRequest(prompt=subject, subject=subject, seed=seed).replaced(**changes)


def test_it_is_ready_and_says_what_it_is() -> None:
    info = ImageEngine().info()
    assert (info.ready, info.name, info.small, info.native_alpha, info.native_size) == (
        True,
        "Forge Nano",
        True,
        True,
        64,
    )
    assert "pixel" in info.styles


def test_sprites_have_alpha_and_differ_by_subject_and_seed(engine: ImageEngine) -> None:
    wanted = [request("cactus", 1), request("cactus", 2), request("camel", 1), request("camel", 1, style="3d")]
    made = [result for result in engine.generate(wanted) if isinstance(result, GeneratedImage)]
    assert len(made) == 4
    assert len({result.image.tobytes() for result in made}) == 4
    for result in made:
        assert not result.warnings
        alpha = np.asarray(result.image.getchannel("A"))
        assert 0.2 < (alpha > 0).mean() < 1
        assert result.request.style in ("pixel", "3d")


def test_an_image_is_made_again_from_its_file_in_another_batch(engine: ImageEngine) -> None:
    wanted = [request("skull", 3), request("rusty sword", 4), request("clay pot", 5)]
    made = {r.index: r for r in engine.generate(wanted) if isinstance(r, GeneratedImage)}
    data = write_png(made[1].image, made[1].request, engine.info())
    read = read_png(data)
    assert read is not None
    (again,) = engine.generate([read])
    assert isinstance(again, GeneratedImage)
    before = np.asarray(Image.open(io.BytesIO(data)), np.int32)
    assert np.abs(np.asarray(again.image, np.int32) - before).max() <= 2


def test_its_own_strength_reaches_the_network(engine: ImageEngine) -> None:
    model = engine.loaded()
    card = model.source.card
    call = model.call_kwargs([model.complete(request("cactus", 1))])
    assert call["timesteps"][0] == round(card["start_strength"] * 1000) - 1
    assert len(call["timesteps"]) == card["steps"]
    most = model.call_kwargs([model.complete(request("cactus", 1, strength=1.0))])
    assert most["timesteps"][0] == round(card["max_strength"] * 1000) - 1


def test_a_cancelled_image_leaves_the_others_as_they_are(engine: ImageEngine) -> None:
    wanted = [request(subject, 6) for subject in ("skull", "camel", "cactus")]
    whole = {r.index: r for r in engine.generate(wanted) if isinstance(r, GeneratedImage)}
    steps: list[StepEvent] = []
    rest = list(engine.generate(wanted, on_step=steps.append, cancelled=lambda index: index == 0 and bool(steps)))
    assert [result.index for result in rest] == [1, 2]
    for result in rest:
        assert isinstance(result, GeneratedImage)
        difference = np.asarray(result.image, np.int32) - np.asarray(whole[result.index].image, np.int32)
        assert np.abs(difference).max() <= 2


def test_textures_tile(engine: ImageEngine) -> None:
    (made,) = engine.generate([request("grass", 1, kind="texture", tileable=True, transparent=False)])
    assert isinstance(made, GeneratedImage)
    assert made.seam is not None and made.seam < 1.3 and not made.warnings
    assert made.image.size == (64, 64) and made.image.getchannel("A").getextrema() == (255, 255)


@pytest.mark.parametrize(
    ("changes", "words"), [({"width": 128}, "64 x 64 pixels only"), ({"sampler": "ddim"}, "Use one of")]
)
def test_what_it_cannot_do_is_told(engine: ImageEngine, changes: dict[str, object], words: str) -> None:
    (failure,) = engine.generate([request("cactus", 1, **changes)])
    assert isinstance(failure, GenerationFailure) and words in failure.error


def test_what_is_asked_for_is_painted_into_the_mask(engine: ImageEngine) -> None:
    start, area = picture(), mask()
    base = GenerationRequest(prompt="shield", subject="shield", seed=3, style="pixel", init="00", mask="11")
    wanted = [base.replaced(change=change, prompt=f"shield, {change}", strength=1.0) for change in ("a skull", "bluer")]
    skull, bluer = paint(engine, wanted, start, area)
    for after in (skull, bluer):
        check_only_inside(np.asarray(start), after, area, 0.3)
    box = np.s_[BOX[1] : BOX[3] + 1, BOX[0] : BOX[2] + 1]
    assert bluer[box][..., 2].mean() > np.asarray(start)[box][..., 2].mean() + 15
    assert skull[box][..., :3].astype(int).std() > np.asarray(start)[box][..., :3].astype(int).std()
