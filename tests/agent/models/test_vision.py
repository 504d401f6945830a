"""Captions of training images: by an endpoint that sees, by a local model, and what happens when neither can."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agent.models import chat_models
from agent.models.vision import captioner
from errors import NotReady
from jobs.pack_captions import Captioner
from pipelines.captioner import LocalCaptioner, subject_words
from pipelines.training.pictures import read_pictures
from settings import Settings
from tests.agent.models.wire import says, serving
from tests.pipelines.training.drawn import draw

WORDS = ("barrel", "cactus", "hat", "lamp", "sword", "tent", "wheel", "door")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("A pixel art image of a rusty barrel on a white background.", "rusty barrel"),
        ("this is a picture of the 3D rendered red car", "red car"),
        ("Flat vector icon of a sword", "sword"),
        ("an illustration of a man in a pixel art style", "man"),
        ("Treasure Chest", "treasure chest"),
        ("a pixelated image", ""),
    ],
)
def test_captions_say_what_is_shown_and_not_how_it_looks(said: str, words: str) -> None:
    assert subject_words(said) == words


def test_the_endpoint_is_shown_the_picture(tmp_path: Path) -> None:
    with serving(says("A pixel art barrel.")) as server:
        settings = Settings(
            home=tmp_path,
            llm_base_url=server.url,
            llm_model="sees",
            captioner="endpoint",
            local_llm="off",
            router="off",
        )
        models = chat_models(settings, lambda: pytest.fail("no router"), tmp_path)
        describe = captioner(settings, models)
        assert describe is not None and describe(draw(1)) == "barrel"
        models.close()
    content: Any = server.requests[0]["messages"][0]["content"]
    url = next(part["image_url"]["url"] for part in content if part["type"] == "image_url")
    with Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) as shown:
        assert shown.mode == "RGB" and min(shown.size) >= 224


def test_without_an_endpoint_or_a_model_training_goes_on(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, captioner="endpoint", local_llm="off", router="off")
    models = chat_models(settings, lambda: pytest.fail("no router"), tmp_path)
    describe = captioner(settings, models)
    assert describe is not None
    once = Captioner(describe)
    files = [tmp_path / f"{number:016x}.png" for number in range(3)]
    for number, file in enumerate(files):
        draw(number).save(file)
    found = read_pictures(files, describe=once)
    assert [picture.caption for picture in found.pictures] == ["game asset"] * 3
    assert "No language endpoint answers" in once.take_trouble() and once.take_trouble() == ""
    models.close()


def test_names_that_say_something_are_believed_and_each_picture_is_described_once(tmp_path: Path) -> None:
    asked: list[Image.Image] = []

    def describe(image: Image.Image) -> str:
        asked.append(image)
        return f"thing {len(asked)}"

    files = [tmp_path / name for name in ("rusty_barrel.png", "IMG_0002.png", "0003.png")]
    for number, file in enumerate(files):
        draw(number).save(file)
    once = Captioner(describe)
    for _ in range(2):
        found = read_pictures(files, describe=once)
        assert [picture.caption for picture in found.pictures] == ["rusty barrel", "thing 1", "thing 2"]
    assert len(asked) == 2


@pytest.mark.slow
def test_a_local_model_describes_and_a_missing_one_is_told(tmp_path: Path) -> None:
    text = _tiny_blip(tmp_path / "blip")
    caption = LocalCaptioner(str(text), "cpu")(draw(1))
    assert caption and set(caption.split()) <= set(WORDS)
    with pytest.raises(NotReady, match="could not be loaded"):
        LocalCaptioner(str(tmp_path / "none"), "cpu")(draw(1))


def _tiny_blip(folder: Path) -> Path:
    """BLIP's published layout at a tiny size, with random weights and eight words."""
    import torch
    from transformers import BertTokenizer, BlipConfig, BlipForConditionalGeneration, BlipImageProcessor, BlipProcessor

    folder.mkdir()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]"]
    (folder / "vocab.txt").write_text("\n".join([*special, *WORDS]))
    tokenizer: Any = BertTokenizer(str(folder / "vocab.txt"))
    small = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 1, "num_attention_heads": 2}
    words = {"vocab_size": 14, "bos_token_id": 2, "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0}
    torch.manual_seed(3)
    model: Any = BlipForConditionalGeneration(
        BlipConfig(
            text_config={**small, **words, "encoder_hidden_size": 32, "is_decoder": True},
            vision_config={**small, "image_size": 32, "patch_size": 16},
            projection_dim=32,
        )
    )
    with torch.no_grad():
        model.text_decoder.cls.predictions.bias[:6] = -1e4  # words only, no end
    model.save_pretrained(folder)
    BlipProcessor(BlipImageProcessor(size={"height": 32, "width": 32}), tokenizer).save_pretrained(folder)
    return folder
