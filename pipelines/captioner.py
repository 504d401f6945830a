"""What a picture shows, in a few words and without words for its look: captions of training images."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

from errors import NotReady

if TYPE_CHECKING:
    from PIL import Image

ASK = "Name the thing in this picture in one to six words. Say nothing about style, medium, colours or background."
MOST_TOKENS = 24
MOST_WORDS = 8
SMALLEST = 224  # px: pixel art is enlarged before a model that was made for photographs looks at it
GROUND = (255, 255, 255)
_LOOK = (
    r"pixel(?:ated)?[- ]?art|pixelated|pixel|\d+[- ]?bit|cartoon(?:ish)?|anime|flat|vector|minimalist|watercolou?r|"
    r"hand[- ]drawn|stylized|3d(?:[- ]rendered)?|low[- ]poly|retro|isometric|digital|simple|cute"
)
_KIND = (
    r"images?|pictures?|drawings?|illustrations?|icons?|sprites?|photos?|photographs?|render(?:ing)?s?|clip ?art|art"
)
_LEAD = re.compile(
    rf"^(?:(?:this|it|there|the (?:image|picture)) (?:is|shows|depicts|are) |(?:an?|the|some) |(?:{_LOOK})[ ,]+|"
    rf"(?:{_KIND}) (?:of|showing|depicting) )+",
    re.I,
)
_TAIL = re.compile(
    rf"(?:,? (?:(?:in|with) (?:an?|the) )?(?:{_LOOK})(?: style| look| art)?|,? (?:on|against|with|over) (?:an? |the )?"
    rf"(?:\w+ )?(?:background|backdrop)|,? (?:game )?(?:{_KIND}))+$",
    re.I,
)
_INSIDE = re.compile(rf"\b(?:{_LOOK})\b", re.I)


def subject_words(caption: str) -> str:
    """ "A pixel art image of a rusty barrel on a white background." -> "rusty barrel"."""
    text = " ".join(caption.split()).strip(" .\"'").lower()
    text = _TAIL.sub("", _LEAD.sub("", text))
    text = " ".join(_INSIDE.sub(" ", text).split())
    if re.fullmatch(_KIND, text):
        return ""
    return " ".join(re.sub(r"^(?:an?|the|some) ", "", text).split()[:MOST_WORDS]).strip(" ,.")


def on_white(image: Image.Image) -> Image.Image:
    """RGB, at least 224 px: what models that look at pictures expect."""
    from PIL import Image as Images

    flat = Images.new("RGBA", image.size, (*GROUND, 255))
    flat.alpha_composite(image.convert("RGBA"))
    factor = -(-SMALLEST // max(image.size))
    if factor > 1:
        flat = flat.resize((flat.width * factor, flat.height * factor), Images.Resampling.NEAREST)
    return flat.convert("RGB")


class LocalCaptioner:
    """An image-to-text model of transformers (BLIP, GIT, SmolVLM, Qwen-VL, ...) on this machine, loaded when needed."""

    def __init__(self, source: str, device: str = "auto") -> None:
        """`source`: a folder or a hub id. `device`: as in the settings."""
        self.source, self._device = source, device
        self._lock = threading.Lock()
        self._parts: tuple[Any, Any] | None = None

    def __call__(self, image: Image.Image) -> str:
        """A few words; may be empty. Raises NotReady when the model cannot be used."""
        import torch

        with self._lock, torch.inference_mode():
            processor, model = self._load()
            try:
                inputs = self._inputs(processor, on_white(image)).to(model.device)
                made = model.generate(**inputs, max_new_tokens=MOST_TOKENS, do_sample=False)
                asked = inputs["input_ids"].shape[1] if "input_ids" in inputs else 0
                if asked and torch.equal(made[:, :asked], inputs["input_ids"]):
                    made = made[:, asked:]
                return subject_words(processor.batch_decode(made, skip_special_tokens=True)[0])
            except (RuntimeError, ValueError, TypeError, KeyError, IndexError) as error:
                raise NotReady(
                    f"The captioner {self.source} could not describe a picture. Set GAMEFORGE_CAPTIONER to an "
                    "image-to-text model.",
                    detail=f"{type(error).__name__}: {error}",
                ) from error

    def _load(self) -> tuple[Any, Any]:
        if self._parts is None:
            from transformers import AutoModelForImageTextToText, AutoProcessor

            from pipelines.device import choose_device

            try:
                processor = AutoProcessor.from_pretrained(self.source)
                model: Any = AutoModelForImageTextToText.from_pretrained(self.source)
            except (OSError, ValueError, ImportError, KeyError, AttributeError) as error:
                raise NotReady(
                    f"The captioner {self.source} could not be loaded. Set GAMEFORGE_CAPTIONER to a folder or hub id "
                    "of an image-to-text model.",
                    detail=f"{type(error).__name__}: {error}",
                ) from error
            self._parts = processor, model.to(choose_device(self._device).name).eval()
        return self._parts

    def _inputs(self, processor: Any, image: Image.Image) -> Any:
        if getattr(processor, "chat_template", None):
            content = [{"type": "image", "image": image}, {"type": "text", "text": ASK}]
            return processor.apply_chat_template(
                [{"role": "user", "content": content}],
                add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt",
            )  # fmt: skip
        return processor(images=image, return_tensors="pt")
