"""Making a lost file again from its version's own record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from library.check import Remaker
from pipelines.request import GenerationRequest

if TYPE_CHECKING:
    from pipelines.engine import ImageEngine


def remaker(engine: ImageEngine) -> Remaker:
    """Paints a version's request once more. Equal requests give equal pictures, but only on an equal machine to the
    last bit: the caller compares the sha256.
    """

    def remake(sha256: str, details: dict[str, Any]) -> bytes | None:
        from pipelines.engine import GeneratedImage
        from pipelines.metadata import write_png

        request = GenerationRequest.from_dict(details["request"])
        if request.init is not None or details.get("upscale") or request.model != engine.info().id:
            return None  # it needs another picture first, or another model
        for made in engine.generate([request]):
            if isinstance(made, GeneratedImage):
                place = {"offset": list(made.offset), "canvas": list(made.canvas), "batch_size": details["batch_size"]}
                return write_png(made.image, made.request, engine.info(), place)
        return None

    return remake
