"""JSON that comes with atlas pages: TexturePacker (hash and array), Phaser, PixiJS, Aseprite.

The fields are those that Phaser 4's and PixiJS 8's own parsers read. `frame` holds the size of the sprite before
rotation, as both expect.
"""

from __future__ import annotations

import json
from typing import Any

from pipelines.atlas.build import Atlas, Frame, png_bytes, speed
from pipelines.atlas.sprites import ExportOptions

APP = "GameForge"
FORMAT = "RGBA8888"


def page_name(options: ExportOptions, page: int, suffix: str = "") -> str:
    """Name of a page without its ending; the first is always the export's own."""
    return f"{options.name}{suffix}" if page == 0 else f"{options.name}{suffix}-{page}"


def page_files(atlas: Atlas, options: ExportOptions) -> dict[str, bytes]:
    files = {f"{page_name(options, index)}.png": png_bytes(page) for index, page in enumerate(atlas.pages)}
    for index, page in enumerate(atlas.normals):
        files[f"{page_name(options, index)}_n.png"] = png_bytes(page)
    return files


def to_json(data: Any) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()


def texturepacker(atlas: Atlas, options: ExportOptions, *, array: bool = False, prefix: str = "") -> dict[str, bytes]:
    """One JSON beside each page. Animations stand in the one whose page holds all of their frames."""
    files = page_files(atlas, options)
    names = [f"{page_name(options, page)}.json" for page in range(len(atlas.pages))]
    for page, name in enumerate(names):
        frames = [frame for frame in atlas.frames if frame.page == page]
        data: dict[str, Any] = {}
        if array:
            data["frames"] = [{"filename": frame.name, **frame_entry(frame)} for frame in frames]
        else:
            data["frames"] = {f"{prefix}{frame.name}": frame_entry(frame) for frame in frames}
        moving = {
            animation.name: [f"{prefix}{atlas.frames[index].name}" for index in animation.frames]
            for animation in atlas.animations
            if all(atlas.frames[index].page == page for index in animation.frames)
        }
        if moving:
            data["animations"] = moving
        data["meta"] = {**_meta(atlas, options, page), "scale": "1"}
        if len(names) > 1:
            data["meta"]["related_multi_packs"] = [other for other in names if other != name]
        files[name] = to_json(data)
    return files


def phaser(atlas: Atlas, options: ExportOptions) -> dict[str, bytes]:
    """`load.multiatlas`: one JSON for all pages; animations in a file for `load.animation`."""
    textures = []
    for page in range(len(atlas.pages)):
        meta = _meta(atlas, options, page)
        texture = {"image": meta["image"], "format": FORMAT, "size": meta["size"], "scale": 1}
        if atlas.normals:
            texture["normalMap"] = f"{page_name(options, page)}_n.png"
        texture["frames"] = [
            {"filename": frame.name, **frame_entry(frame)} for frame in atlas.frames if frame.page == page
        ]
        textures.append(texture)
    files = page_files(atlas, options)
    files[f"{options.name}.json"] = to_json({"textures": textures, "meta": {"app": APP, "version": "3.0"}})
    if atlas.animations:
        moving = [
            {
                "key": animation.name,
                "type": "frame",
                "frames": [
                    {"key": options.name, "frame": atlas.frames[index].name, "duration": 0}
                    for index in animation.frames
                ],
                "frameRate": speed([atlas.frames[index] for index in animation.frames], options.fps),
                "repeat": -1,
            }
            for animation in atlas.animations
        ]
        files[f"{options.name}.animations.json"] = to_json({"anims": moving, "globalTimeScale": 1})
    return files


def pixi(atlas: Atlas, options: ExportOptions) -> dict[str, bytes]:
    """Texture names begin with the export's name: PixiJS keeps all textures of a game under one set of names."""
    return texturepacker(atlas, options, prefix=f"{options.name}/")


def aseprite(atlas: Atlas, options: ExportOptions) -> dict[str, bytes]:
    """One sheet whose frames are called "0", "1", ... as Phaser's createFromAseprite asks; names are the tags.

    Every animation is a tag, and so is every single image.
    """
    order = [index for animation in atlas.animations for index in animation.frames]
    order += [index for index in range(len(atlas.frames)) if index not in set(order)]
    duration = max(1, round(1000 / options.fps))
    frames: dict[str, Any] = {}
    for number, index in enumerate(order):
        entry = frame_entry(atlas.frames[index])
        kept = ("frame", "rotated", "trimmed", "spriteSourceSize", "sourceSize")
        frames[str(number)] = {
            **{key: entry[key] for key in kept},
            "duration": atlas.frames[index].duration or duration,
        }
    tags, start = [], 0
    runs = [(animation.name, len(animation.frames)) for animation in atlas.animations]
    moving = {index for animation in atlas.animations for index in animation.frames}
    runs += [(frame.name, 1) for index, frame in enumerate(atlas.frames) if index not in moving]
    for name, length in runs:
        tags.append({"name": name, "from": start, "to": start + length - 1, "direction": "forward"})
        start += length
    meta = {"app": "https://www.aseprite.org/", "version": "1.3", **_meta(atlas, options, 0, named=False), "scale": "1"}
    meta["frameTags"] = tags
    meta["layers"] = [{"name": "Layer 1", "opacity": 255, "blendMode": "normal"}]
    meta["slices"] = []
    return {**page_files(atlas, options), f"{options.name}.json": to_json({"frames": frames, "meta": meta})}


def frame_entry(frame: Frame) -> dict[str, Any]:
    box = {"w": frame.width, "h": frame.height}
    return {
        "frame": {"x": frame.x, "y": frame.y, **box},
        "rotated": frame.rotated,
        "trimmed": frame.trimmed,
        "spriteSourceSize": {"x": frame.offset[0], "y": frame.offset[1], **box},
        "sourceSize": {"w": frame.source[0], "h": frame.source[1]},
        "anchor": {"x": frame.pivot[0], "y": frame.pivot[1]},
        "pivot": {"x": frame.pivot[0], "y": frame.pivot[1]},
    }


def _meta(atlas: Atlas, options: ExportOptions, page: int, *, named: bool = True) -> dict[str, Any]:
    width, height = atlas.pages[page].size
    about = {"app": APP, "version": "1.0"} if named else {}
    return {**about, "image": f"{page_name(options, page)}.png", "format": FORMAT, "size": {"w": width, "h": height}}
