"""Do the assets of a set look as if they came from one hand?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from errors import GameForgeError

if TYPE_CHECKING:
    from library.library import Library

MOST = 400


def measure_set(library: Library, *, state: str | None = "approved", **wanted: Any) -> list[dict[str, Any]]:
    """One row an asset: {"asset", "values", "distances", "outlier", "why"}; fewer than three assets have no middle.

    What cannot be read is left out: it is the library check's business. Raises BadRequest for an unknown state.
    """
    from PIL import Image

    from pipelines.drift import measure

    assets = library.assets(state=state or None, limit=MOST, **wanted)
    pictures, kept = [], []
    for asset in assets:
        try:
            with Image.open(library.version_path(asset.version)) as image:
                pictures.append(image.convert("RGBA"))
        except (GameForgeError, OSError):
            continue
        kept.append(asset.id)
    return [{"asset": asset, **row.as_dict()} for asset, row in zip(kept, measure(pictures), strict=True)]
