"""Import: a team's own art becomes assets of the library, with their files' names and "imported" as their origin."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from errors import BadRequest, GameForgeError
from pipelines.atlas.build import png_bytes
from pipelines.atlas.reading import Found, Grid, cut_atlas, cut_grid, read_json, sheets_of
from pipelines.metadata import read_metadata
from pipelines.request import KINDS
from pipelines.uploads import MEGABYTE, check_image

if TYPE_CHECKING:
    from library.library import Library
    from settings import Settings

PICTURES = (".png", ".webp", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff")
MOST_FILES = 20_000
IMPORTED = "imported"  # the model of art that no model made


@dataclass(frozen=True)
class Import:
    batch_id: int
    assets: tuple[int, ...]  # ids, in the order of import
    skipped: tuple[str, ...]  # sentences about files that were left out


@dataclass(frozen=True)
class _Picture:
    name: str
    image: Image.Image
    source: str
    data: bytes | None = None  # the file itself, when it is a PNG that needs no change
    facts: dict[str, Any] = field(default_factory=dict)


def import_art(
    library: Library,
    paths: Sequence[Path],
    project: str,
    settings: Settings,
    *,
    grid: Grid | None = None,
    kind: str = "prop",
    check: Callable[[], None] = lambda: None,
) -> Import:
    """Take images, sheets (with `grid`), atlases (JSON beside their images) and folders of these.

    A damaged file is left out and named; the rest is imported. `check` may raise Cancelled; then nothing is kept.

    Raises:
        BadRequest: nothing to import was found, or a path, grid or kind is wrong.
        ResourceError, NotReady: the library cannot be written.
    """
    if kind not in KINDS:
        raise BadRequest(f"There is no kind {kind!r}. Choose one of {', '.join(KINDS)}.")
    files = list(_files(paths))
    skipped: list[str] = []
    rows: list[tuple[_Picture, str]] = []
    for picture in _pictures(files, grid, settings, skipped):
        check()
        data = picture.data if picture.data is not None else png_bytes(picture.image.convert("RGBA"))
        key = f"probe-import-{uuid.uuid4().hex}"
        # The file gets its name before the row is written: a kill in between leaves a file that nobody misses.
        sha256 = library.storage.stage(key, data)
        library.storage.publish(key, sha256)
        rows.append((picture, sha256))
    if not rows:
        why = f" {skipped[0]}" if skipped else " Give PNG, WebP or other images, or an atlas with its JSON."
        raise BadRequest(f"There is nothing to import.{why}")
    names = ", ".join(dict.fromkeys(path.name for path in paths))
    ids = []
    with library.database.session() as session:
        batch_id = library.create_batch(project, f"Import of {names}"[:500], {}, session)
        for number, (picture, sha256) in enumerate(rows, start=1):
            request = picture.facts.get("request") or {}
            ids.append(
                library.add_version(
                    session,
                    task_id=None,
                    batch_id=batch_id,
                    number=number,
                    sha256=sha256,
                    subject=picture.name[:300],
                    prompt=str(request.get("prompt") or ""),
                    seed=int(request.get("seed") or 0),
                    width=picture.image.width,
                    height=picture.image.height,
                    kind=kind,
                    model=str(request.get("model") or IMPORTED),
                    metadata={**picture.facts, "source": picture.source},
                    origin=IMPORTED,
                )
            )
    return Import(batch_id, tuple(ids), tuple(skipped))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    count = 0
    for path in paths:
        if not path.exists():
            raise BadRequest(f"There is no {path}. Name a file or folder that is there.")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            if file.is_file() and not file.name.startswith("."):
                count += 1
                if count > MOST_FILES:
                    raise BadRequest(f"That is more than {MOST_FILES:,} files. Import one folder after the other.")
                yield file


def _pictures(files: Sequence[Path], grid: Grid | None, settings: Settings, skipped: list[str]) -> Iterator[_Picture]:
    """Atlases first; their pages are no pictures of their own."""
    pages: set[Path] = set()
    for file in (file for file in files if file.suffix.lower() == ".json"):
        data = read_json(file)
        for image_name, frames in sheets_of(data):
            page = file.parent / Path(image_name.replace("\\", "/")).name
            try:
                image = _open(page, settings)
                pages |= {page.resolve(), page.with_name(f"{page.stem}_n{page.suffix}").resolve()}
                for found in cut_atlas(data, image, frames, file.name):
                    yield _found(found)
            except GameForgeError as error:
                skipped.append(error.message)
    for file in files:
        if file.suffix.lower() not in PICTURES or file.resolve() in pages:
            continue
        try:
            image = _open(file, settings)
            if grid is not None:
                yield from (_found(found) for found in cut_grid(image, grid, file.name))
            else:
                yield _single(file, image)
        except GameForgeError as error:
            skipped.append(error.message)


def _found(found: Found) -> _Picture:
    facts = {"tag": found.tag, "duration_ms": found.duration}
    return _Picture(found.name, found.image, found.sheet, None, {key: value for key, value in facts.items() if value})


def _single(file: Path, image: Image.Image) -> _Picture:
    """What GameForge exported comes back with all that it told."""
    data = file.read_bytes() if file.suffix.lower() == ".png" and image.info.get("mode") == "RGBA" else None
    origin = read_metadata(data) if data else None
    request = origin["request"] if origin else {}
    facts = {"request": request} if request else {}
    return _Picture(str(request.get("subject") or file.stem), image, file.name, data, facts)


def _open(file: Path, settings: Settings) -> Image.Image:
    """Checked, decoded and RGBA; `info["mode"]` is the mode of the file. Raises BadRequest."""
    if not file.is_file():
        raise BadRequest(f"The image {file.name} is not beside its JSON.")
    check_image(file, settings.max_image_pixels, settings.max_upload_mb * MEGABYTE)
    with Image.open(io.BytesIO(file.read_bytes())) as image:
        whole = image.convert("RGBA")
        whole.info["mode"] = image.mode
    return whole
