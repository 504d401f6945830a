"""The folder of a training run, as the training process reads it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from library.storage import disk_errors
from settings import Settings

if TYPE_CHECKING:
    from jobs.packs import Prepared
    from pipelines.training.pictures import Picture

LARGEST = 1536  # px: no base model sees more


def write_run(runs: Path, run: str, prepared: Prepared, settings: Settings) -> None:
    """Pictures and `run.json` into `runs / run`. Raises ResourceError when the disk is full; nothing stays then."""
    import shutil

    from pipelines.training.run import RunSpec

    folder = runs / run
    kept: dict[str, list[tuple[str, str, str]]] = {"pictures": [], "rejected": []}
    try:
        with disk_errors(str(runs)):
            for kind, several in (("pictures", prepared.found.pictures), ("rejected", prepared.rejected)):
                (folder / kind).mkdir(parents=True)
                for place, picture in enumerate(several):
                    file = f"{kind}/{place:03d}.png"
                    _small(picture).save(folder / file)
                    kept[kind].append((file, picture.name, picture.caption))
            spec = RunSpec(
                name=prepared.name,
                trigger=prepared.trigger,
                model=settings.image_model,
                device=settings.device,
                settings=prepared.settings,
                **kept,
            )
            spec.write(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _small(picture: Picture) -> Any:
    image = picture.image.copy()
    image.thumbnail((LARGEST, LARGEST))
    return image
