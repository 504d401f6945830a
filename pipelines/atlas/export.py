"""From sprites and options to the files of an export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from errors import BadRequest
from pipelines.atlas.build import build_atlas, frame_names
from pipelines.atlas.godot import godot
from pipelines.atlas.loose import png_files, sheet_files, sidecar, webp_files
from pipelines.atlas.names import safe_name
from pipelines.atlas.sprites import ExportOptions, Sprite
from pipelines.atlas.textures import aseprite, phaser, pixi, texturepacker
from pipelines.atlas.unity import Previous, tpsheet, unity

NOTHING = "There is nothing to export: no image was chosen."


def nothing_before(name: str) -> bytes | None:
    return None


def export_files(
    sprites: Sequence[Sprite], options: ExportOptions, previous: Previous = nothing_before, *, godot_folder: str = ""
) -> dict[str, bytes]:
    """The files of an export by name (no folders). The same sprites in the same order give the same bytes.

    `previous(name)` reads a file of an earlier export to the same place (Unity's guids stay); `godot_folder` is that
    place as Godot names it ("res://art/"), if it is known.

    Raises:
        BadRequest: no sprites, or one is larger than a page.
    """
    if not sprites:
        raise BadRequest(NOTHING)
    options = replace(options, name=safe_name(options.name))
    names = frame_names(sprites)
    files = _write(sprites, names, options, previous, godot_folder)
    about = None if options.strip else sidecar(names, sprites)
    if about is not None:
        files[f"{options.name}.provenance.json"] = about
    return files


def _write(
    sprites: Sequence[Sprite], names: list[str], options: ExportOptions, previous: Previous, godot_folder: str
) -> dict[str, bytes]:
    match options.format:
        case "png":
            return png_files(sprites, options)
        case "webp":
            return webp_files(sprites, options)
        case "spritesheet":
            return sheet_files(sprites, options)
        case "godot" | "godot3":
            return _godot(sprites, names, options, godot_folder)
    atlas = build_atlas(sprites, options)
    match options.format:
        case "texturepacker" | "texturepacker-array":
            return texturepacker(atlas, options, array=options.format == "texturepacker-array")
        case "phaser":
            return phaser(atlas, options)
        case "pixi":
            return pixi(atlas, options)
        case "unity":
            return unity(atlas, options, previous)
        case "tpsheet":
            return tpsheet(atlas, options)
    if len(atlas.pages) > 1:
        raise BadRequest(
            f"An Aseprite sheet is one image and these do not fit {options.page} x {options.page} px. "
            "Choose a larger page, fewer images, or texturepacker."
        )
    return aseprite(atlas, options)


def _godot(sprites: Sequence[Sprite], names: list[str], options: ExportOptions, folder: str) -> dict[str, bytes]:
    """What tiles lies beside the atlas. Pages and resources must not meet in one file name."""
    tiles = {name: sprite for name, sprite in zip(names, sprites, strict=True) if sprite.tiles}
    packed = [replace(sprite, name=name) for name, sprite in zip(names, sprites, strict=True) if not sprite.tiles]
    pages = options.name
    while any(name == pages or name.startswith(f"{pages}-") for name in tiles):
        pages += "_"
    if not packed:
        return {f"{name}.png": data for name, data in _tiles(tiles, options)}
    atlas = build_atlas(packed, options)
    return godot(atlas, replace(options, name=pages), tiles, folder, version=3 if options.format == "godot3" else 4)


def _tiles(tiles: dict[str, Sprite], options: ExportOptions) -> list[tuple[str, bytes]]:
    names, sprites = list(tiles), list(tiles.values())
    files = png_files([replace(sprite, name=name) for name, sprite in zip(names, sprites, strict=True)], options)
    return [(name, files[f"{name}.png"]) for name in names]
