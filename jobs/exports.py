"""Exports: assets of the library as files that a game engine's own loader reads.

One implementation behind chat, button, command line and REST. An export is a zip on a shelf in the home folder, found
by its content, and by the user's choice also files in a folder.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image, UnidentifiedImageError

from errors import BadRequest, NotFound
from library import history
from pipelines.atlas.build import frame_names
from pipelines.atlas.export import export_files, nothing_before
from pipelines.atlas.folder import explained, godot_folder, write_folder, zip_bytes
from pipelines.atlas.names import safe_name
from pipelines.atlas.sprites import LOOSE, ExportOptions, Sprite
from pipelines.credentials import Credentials, sign_files

if TYPE_CHECKING:
    from library.library import Library
    from library.views import AssetView
    from pipelines.engine import ModelInfo

Which = Literal["all", "approved"]
MOST = 1_000_000
KEPT = 40  # exports on the shelf; the chat says how to get an older one again
REPEATING = ("tile", "texture", "background")
NORMAL_SUFFIXES = ("_n", "_normal", "_normal_map")
TEXTURE_ONLY = LOOSE | {"spritesheet", "aseprite"}  # formats without pages for normal maps


@dataclass(frozen=True)
class ExportedFile:
    name: str
    bytes: int
    state: Literal["new", "unchanged"] = "new"  # whether it was written, or lay there already

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Export:
    id: str  # hex digits, of the content
    name: str
    format: str
    assets: int
    files: tuple[ExportedFile, ...]
    zip: Path
    folder: Path  # the same files unpacked: where the user wanted them, else beside the zip
    removed: tuple[str, ...] = ()  # files of an earlier export to this folder that are no longer part of it


def chosen(library: Library, project: str, which: Which | Sequence[int], *, rejected: bool = False) -> list[AssetView]:
    """The assets to export, oldest first, so that names and places stay when newer ones join. "all" leaves those out
    that were rejected, unless `rejected`; ids mean what they say.

    Raises:
        NotFound: an asset does not exist.
        BadRequest: there is nothing to export; the sentence says what to do.
    """
    if isinstance(which, str):
        state: Literal["approved"] | None = "approved" if which == "approved" else None
        assets = library.assets(project=project, state=state, limit=MOST)
        if not assets and state:
            raise BadRequest("Nothing is approved yet, so there is nothing to export. Approve some images first.")
        if not assets:
            raise BadRequest(
                "The library of this project is empty, so there is nothing to export. Make some images first."
            )
        if which == "all" and not rejected:
            assets, _ = without_rejected(assets)
    else:
        assets = [library.asset(asset_id) for asset_id in dict.fromkeys(which)]
        if not assets:
            raise BadRequest("There is nothing to export: no image was chosen.")
    return sorted(assets, key=lambda asset: asset.id)


def without_rejected(assets: Sequence[AssetView]) -> tuple[list[AssetView], int]:
    """The others, and how many were left out. Raises BadRequest when nothing is left."""
    kept = [asset for asset in assets if asset.state != "rejected"]
    if assets and not kept:
        raise BadRequest("All of these images were rejected, so there is nothing to export. Approve some first.")
    return kept, len(assets) - len(kept)


def left_out(library: Library, project: str, which: Which | Sequence[int], *, rejected: bool = False) -> int:
    """How many rejected images `chosen` leaves out."""
    return library.count(project=project, state="rejected") if which == "all" and not rejected else 0


def run_export(
    library: Library,
    assets: Sequence[AssetView],
    options: ExportOptions,
    shelf: Path,
    *,
    folder: Path | None = None,
    replace_files: bool = False,
    model: ModelInfo | None = None,
    credentials: Credentials | None = None,
    check: Callable[[], None] = lambda: None,
) -> Export:
    """Write the export, signed with `credentials`. `check` is called between the images and may raise Cancelled.

    Raises:
        BadRequest: nothing to export, an image is larger than a page, or the folder has other files of these names and
            `replace_files` is not set.
        NotFound: a file is missing or damaged in the library; it is named.
        ResourceError, NotReady: the disk is full or cannot be written; what was there before is untouched.
    """
    options = replace(options, name=safe_name(options.name))
    sprites = load_sprites(library, assets, options, model, check)
    place = folder or shelf
    previous = (lambda name: _read(place / name)) if folder is not None else nothing_before
    files = export_files(sprites, options, previous, godot_folder=godot_folder(folder) if folder is not None else "")
    check()
    if credentials is not None:
        named = zip(frame_names(sprites), sprites, strict=True)
        origins = {f"{name}{end}": one.origin for name, one in named if one.origin for end in (".png", ".webp")}
        files = sign_files(files, credentials, {} if options.strip else origins)
    archive = zip_bytes(files)
    export_id = hashlib.sha256(archive).hexdigest()[:16]
    kept = _put_on_shelf(shelf, export_id, options.name, files, archive)
    unchanged: frozenset[str] = frozenset()
    removed: tuple[str, ...] = ()
    if folder is not None:
        written = write_folder(files, folder, options.name, replace=replace_files)
        unchanged, removed = frozenset(written.unchanged), written.removed
    return Export(
        id=export_id,
        name=options.name,
        format=options.format,
        assets=len(assets),
        files=tuple(
            ExportedFile(name, len(data), "unchanged" if name in unchanged else "new") for name, data in files.items()
        ),
        zip=kept / f"{options.name}.zip",
        folder=folder if folder is not None else kept / "files",
        removed=removed,
    )


def load_sprites(
    library: Library,
    assets: Iterable[AssetView],
    options: ExportOptions,
    model: ModelInfo | None = None,
    check: Callable[[], None] = lambda: None,
) -> list[Sprite]:
    """The assets' images, each file held against its sha256. A "rock normal map" joins "rock" where formats allow."""
    sprites: list[Sprite] = []
    for asset in assets:
        check()
        data = read_version(library, asset)
        sprites.append(
            Sprite(
                name=asset.subject or asset.prompt,
                image=_decoded(asset, data, lazily=options.format == "png" and not options.strip),
                tiles=asset.kind in REPEATING or bool(_request_of(asset).get("tileable")),
                data=data,
                pivot=_pivot(asset),
                duration=_duration(asset),
                origin=provenance(library, asset, model),
            )
        )
    return sprites if options.format in TEXTURE_ONLY else _with_normals(sprites)


def read_version(library: Library, asset: AssetView) -> bytes:
    """The bytes of an asset's file. Raises NotFound when it is missing or not what was written."""
    sentence = f'The file of "{asset.subject}" (asset {asset.id}) is missing or damaged. Make it again or leave it out.'
    try:
        data = library.version_path(asset.version).read_bytes()
    except (NotFound, OSError) as error:
        raise NotFound(sentence, detail=str(error)) from error
    if hashlib.sha256(data).hexdigest() != asset.version:
        raise NotFound(sentence, detail=f"{library.storage.address(asset.version)} does not have its sha256")
    return data


def provenance(library: Library, asset: AssetView, model: ModelInfo | None = None) -> dict[str, Any]:
    """What an asset was made from, for its card and the sidecar. Keys: asset, version, subject, kind, width, height,
    prompt, negative_prompt, seed, model {id, name, license}, style_packs [{pack, weight}], origin, made_at, parents
    (sha256 of the versions that it was made from); of imported ones also source.
    """
    request = _request_of(asset)
    same = model is not None and model.id == asset.model
    imported = asset.origin == "imported"
    versions = history.versions(library, asset.id)
    parents = next((version.parents for version in versions if version.sha256 == asset.version), ())
    packs = request.get("style_packs") or ([{"pack": asset.style_pack, "weight": 1.0}] if asset.style_pack else [])
    return {
        "asset": asset.id,
        "version": asset.version,
        "subject": asset.subject,
        "kind": asset.kind,
        "width": asset.width,
        "height": asset.height,
        "origin": asset.origin,
        **({"source": asset.metadata.get("source")} if imported else {}),
        "prompt": asset.prompt,
        "negative_prompt": request.get("negative_prompt", ""),
        "seed": None if imported else asset.seed,
        "model": {
            "id": asset.model,
            "name": model.name if same and model else asset.model,
            "license": model.license if same and model else "unknown",
        },
        "style_packs": [dict(use) for use in packs],
        "parents": list(parents),
        "made_at": asset.created_at,
    }


def shelved(shelf: Path, export_id: str) -> Path:
    """The zip of an export. Raises NotFound."""
    if not export_id or set(export_id) - set("0123456789abcdef"):
        raise NotFound("There is no such export.")
    found = next(iter((shelf / export_id).glob("*.zip")), None)
    if found is None:
        raise NotFound("This export is no longer kept. Export again.")
    return found


def _pivot(asset: AssetView) -> tuple[float, float]:
    pivot = asset.metadata.get("pivot")
    return (float(pivot[0]), float(pivot[1])) if isinstance(pivot, list) and len(pivot) == 2 else (0.5, 0.5)


def _duration(asset: AssetView) -> int:
    """Milliseconds of an animation's frame, made here or imported; 0: none is known."""
    value = asset.metadata.get("duration_ms")
    return int(value) if isinstance(value, int | float) and 0 < value <= 60_000 else 0


def _request_of(asset: AssetView) -> dict[str, Any]:
    request = asset.metadata.get("request")
    return request if isinstance(request, dict) else {}


def _decoded(asset: AssetView, data: bytes, *, lazily: bool) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data))
        return image if lazily else image.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        sentence = f'The file of "{asset.subject}" (asset {asset.id}) cannot be read as an image. Leave it out.'
        raise NotFound(sentence, detail=str(error)) from error


def _with_normals(sprites: list[Sprite]) -> list[Sprite]:
    by_name = {safe_name(sprite.name): index for index, sprite in enumerate(sprites)}
    normals: dict[int, int] = {}
    for name, index in by_name.items():
        for suffix in NORMAL_SUFFIXES:
            base = by_name.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
            if base is not None and sprites[base].image.size == sprites[index].image.size:
                normals[base] = index
    used = set(normals.values())
    return [
        replace(sprite, normal=sprites[normals[index]].image) if index in normals else sprite
        for index, sprite in enumerate(sprites)
        if index not in used
    ]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _put_on_shelf(shelf: Path, export_id: str, name: str, files: dict[str, bytes], archive: bytes) -> Path:
    """Keep the export under its id; whole or not at all. Old ones go."""
    target = shelf / export_id
    if (target / f"{name}.zip").is_file():
        os.utime(target)
        return target
    partial: str | None = None
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        partial = tempfile.mkdtemp(prefix=".", dir=shelf)
        unpacked = Path(partial) / "files"
        unpacked.mkdir()
        for file, data in files.items():
            (unpacked / file).write_bytes(data)
        (Path(partial) / f"{name}.zip").write_bytes(archive)
        if target.exists():
            shutil.rmtree(target)
        os.replace(partial, target)
    except OSError as error:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)
        raise explained(error, shelf) from error
    old = sorted((path for path in shelf.iterdir() if path != target), key=lambda path: path.stat().st_mtime)
    for path in old[: max(0, len(old) - KEPT)]:
        shutil.rmtree(path, ignore_errors=True)
    return target
