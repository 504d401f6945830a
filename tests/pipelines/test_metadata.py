from __future__ import annotations

import io
import json

import numpy as np
from PIL import Image

from pipelines.engine import GeneratedImage, ImageEngine
from pipelines.metadata import parameters_text, read_metadata, read_png, write_png
from pipelines.request import GenerationRequest, StylePackUse


def one(engine: ImageEngine, request: GenerationRequest) -> GeneratedImage:
    (result,) = engine.generate([request])
    assert isinstance(result, GeneratedImage)
    return result


def parse_parameters(text: str) -> tuple[str, str, dict[str, str]]:
    """The way common viewers read it: settings last, before them the negative prompt, then the prompt."""
    *lines, settings = text.split("\n")
    negative = next((line for line in lines if line.startswith("Negative prompt: ")), "")
    prompt = "\n".join(line for line in lines if line != negative)
    fields = dict(part.split(": ", 1) for part in settings.split(", "))
    return prompt, negative.removeprefix("Negative prompt: "), fields


def test_the_same_image_is_made_again_from_its_file(rgba_engine: ImageEngine) -> None:
    request = GenerationRequest(
        prompt="ein rostiges Schwert 🗡",
        negative_prompt="blur,\nnoise",
        seed=5,
        model=rgba_engine.model,
        steps=3,
        size=40,
    )
    made = one(rgba_engine, request)
    data = write_png(made.image, made.request, rgba_engine.info(), {"batch_size": made.batch_size})
    read = read_png(data)
    assert read is not None and read == made.request
    again = one(rgba_engine, read)
    assert np.array_equal(np.asarray(again.image), np.asarray(Image.open(io.BytesIO(data))))
    assert write_png(again.image, again.request, rgba_engine.info(), {"batch_size": again.batch_size}) == data


def test_other_tools_can_read_the_parameters(rgba_engine: ImageEngine) -> None:
    rgba_engine.load()
    request = rgba_engine.loaded().complete(
        GenerationRequest(prompt="a pot,\nred", negative_prompt="blue", seed=9, model=rgba_engine.model, tileable=True)
    )
    text = parameters_text(request, rgba_engine.info())
    prompt, negative, fields = parse_parameters(text)
    assert (prompt, negative) == ("a pot, red", "blue")
    assert fields == {
        "Steps": "25",
        "Sampler": "DPM++ 2M",
        "CFG scale": "6",
        "Seed": "9",
        "Size": "64x64",
        "Model hash": rgba_engine.info().hash,
        "Model": "tiny-rgba",
        "Version": "GameForge",
        "Tiling": "True",
    }
    stored = Image.open(io.BytesIO(write_png(Image.new("RGBA", (4, 4)), request, rgba_engine.info())))
    assert stored.text["parameters"] == text  # type: ignore[attr-defined]


def test_every_field_survives(rgba_engine: ImageEngine) -> None:
    request = GenerationRequest(
        prompt="x", seed=2**32 - 1, subject="s", style_packs=(StylePackUse("rusty", 0.7),), kind="icon", style="3d",
        width=64, height=72, steps=9, guidance=1.5, sampler="euler", size=32, colors=16, transparent=False,
        tileable=True, init="ab", strength=0.5,
    )  # fmt: skip
    data = write_png(Image.new("RGBA", (4, 4)), request, rgba_engine.info(), {"note": "ü"})
    assert read_png(data) == request
    metadata = read_metadata(data)
    assert metadata is not None and metadata["extra"] == {"note": "ü"} and metadata["version"] == 1


def test_foreign_files_have_no_request() -> None:
    plain = io.BytesIO()
    Image.new("RGB", (4, 4)).save(plain, "PNG")
    assert read_png(plain.getvalue()) is None
    assert read_png(b"no image at all") is None
    for text in ("no json", "[]", json.dumps({"request": 3}), json.dumps({"request": {"prompt": "without a seed"}})):
        from PIL.PngImagePlugin import PngInfo

        info, buffer = PngInfo(), io.BytesIO()
        info.add_itxt("gameforge", text)
        Image.new("RGB", (4, 4)).save(buffer, "PNG", pnginfo=info)
        assert read_png(buffer.getvalue()) is None
