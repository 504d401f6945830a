"""Inpainting with whole models: one way for SDXL folders (with and without alpha) and the built-in model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.engine import GeneratedImage, ImageEngine
from pipelines.request import GenerationRequest

BOX = (16, 16, 39, 39)


def picture(size: int = 64) -> Image.Image:
    """A shield with a shaded face on transparent ground; hidden colours under it, which must stay, too."""
    image = Image.new("RGBA", (size, size), (9, 8, 7, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((8, 8, size - 9, size - 9), fill=(120, 80, 40, 255), outline=(20, 20, 20, 255), width=2)
    draw.line((12, 40, size - 13, 40), fill=(200, 180, 90, 255), width=3)
    return image


def mask(size: int = 64, box: tuple[int, ...] = BOX) -> Image.Image:
    image = Image.new("L", (size, size))
    ImageDraw.Draw(image).rectangle(box, fill=255)
    return image


def paint(
    engine: ImageEngine, requests: list[GenerationRequest], start: Image.Image, area: Image.Image
) -> list[np.ndarray]:
    made = sorted(
        engine.generate(requests, pictures=lambda _: start, masks=lambda _: area), key=lambda result: result.index
    )
    assert all(isinstance(result, GeneratedImage) for result in made), made
    return [np.asarray(result.image) for result in made if isinstance(result, GeneratedImage)]


def check_only_inside(before: np.ndarray, after: np.ndarray, area: Image.Image, least: float) -> None:
    inside = np.asarray(area) > 0
    differs = (before != after).any(-1)
    assert before.shape == after.shape and not differs[~inside].any()
    assert differs[inside].mean() > least


@pytest.mark.parametrize(
    ("kind", "size", "sampler"),  # the size that the model paints, and twice that
    [("rgb", 128, "dpmpp_2m"), ("rgb", 64, "ddim"), ("rgba", 128, "euler_a"), ("rgba", 64, "unipc")],
)
def test_sdxl_folders_keep_what_is_not_masked(
    kind: str, size: int, sampler: str, rgb_model: Path, rgba_engine: ImageEngine
) -> None:
    engine = rgba_engine if kind == "rgba" else ImageEngine(str(rgb_model), device="cpu")
    start, area = picture().resize((size, size), 0), mask().resize((size, size), 0)
    requests = [
        GenerationRequest(
            prompt=f"a red gem {seed}", seed=seed, model=engine.model, steps=4, guidance=2.0,
            transparent=kind == "rgba", init="00", mask="11", change="a red gem", strength=0.9, sampler=sampler,
        )
        for seed in (1, 2)
    ]  # fmt: skip
    first, second = paint(engine, requests, start, area)
    check_only_inside(np.asarray(start), first, area, 0.5)
    assert (first != second).any()


def test_one_that_is_stopped_leaves_the_others_right(rgba_engine: ImageEngine) -> None:
    wanted = [
        GenerationRequest(
            prompt="a gem", seed=seed, model=rgba_engine.model, steps=4, guidance=2.0, init="00", mask="11",
            change="a gem", strength=0.9,
        )
        for seed in range(3)
    ]  # fmt: skip
    start, area = picture(), mask()
    alone = paint(rgba_engine, wanted[2:], start, area)[0]
    steps = 0

    def cancelled(index: int) -> bool:
        nonlocal steps
        steps += 1
        return index == 0 and steps > 4

    made = rgba_engine.generate(wanted, pictures=lambda _: start, masks=lambda _: area, cancelled=cancelled)
    by_index = {result.index: np.asarray(result.image) for result in made if isinstance(result, GeneratedImage)}
    assert sorted(by_index) == [1, 2]
    assert np.abs(by_index[2].astype(int) - alone).max() <= 2
