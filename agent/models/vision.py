"""Captions by the configured endpoint, when its model can see pictures."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

from errors import GameForgeError, NotReady
from jobs.pack_captions import Describe
from pipelines.captioner import ASK, LocalCaptioner, on_white, subject_words
from settings import Settings

if TYPE_CHECKING:
    from PIL import Image

    from agent.models.chat_models import ChatModels

LARGEST = 512  # px


class EndpointCaptioner:
    """Asks the language endpoint what a picture shows."""

    def __init__(self, models: ChatModels) -> None:
        self._models = models

    def __call__(self, image: Image.Image) -> str:
        """A few words. Raises NotReady without an endpoint, or when it cannot see pictures."""
        from langchain_core.messages import HumanMessage

        client = self._models.planner_model
        if client is None:
            raise NotReady(
                "No language endpoint answers. Set GAMEFORGE_LLM_BASE_URL, or GAMEFORGE_CAPTIONER to a local model."
            )
        picture = on_white(image)
        picture.thumbnail((LARGEST, LARGEST))
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        data = base64.b64encode(buffer.getvalue()).decode()
        shown = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
        try:
            answer = client.invoke([HumanMessage([{"type": "text", "text": ASK}, shown])], max_tokens=40)
        except GameForgeError as error:  # what the client makes of every refusal
            raise NotReady(
                "The language endpoint did not describe a picture; its model may not see any. Choose one that does, or "
                "set GAMEFORGE_CAPTIONER to a model.",
                detail=error.detail or error.message,
            ) from error
        return subject_words(answer.text)


def captioner(settings: Settings, models: ChatModels) -> Describe | None:
    """What describes training images, as the settings say; None: nothing does."""
    if not settings.captioner:
        return None
    if settings.captioner == "endpoint":
        return EndpointCaptioner(models)
    return LocalCaptioner(settings.captioner, settings.device)
