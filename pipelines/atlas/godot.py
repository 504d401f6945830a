"""Godot resources: one AtlasTexture for each sprite, SpriteFrames for animations; form 3 (Godot 4) and 2 (Godot 3).

The margin's position is the trim offset and its size what trimming took away (scene/resources/atlas_texture.cpp). An
atlas region cannot repeat, so what tiles comes as a PNG of its own.
"""

from __future__ import annotations

from pipelines.atlas.build import Atlas, Frame, png_bytes, speed
from pipelines.atlas.sprites import ExportOptions, Sprite
from pipelines.atlas.textures import page_files, page_name


def godot(
    atlas: Atlas, options: ExportOptions, tiles: dict[str, Sprite], folder: str = "", *, version: int = 4
) -> dict[str, bytes]:
    """`folder` is where the files will lie, as "res://art/"; empty: paths are relative to each resource."""
    write = _Godot4 if version == 4 else _Godot3
    files = page_files(atlas, options)
    images = [f"{folder}{page_name(options, page)}.png" for page in range(len(atlas.pages))]
    for frame in atlas.frames:
        files[f"{frame.name}.tres"] = write.texture(images[frame.page], frame).encode()
    for name, sprite in tiles.items():
        files[f"{name}.png"] = sprite.data if sprite.data and not options.strip else png_bytes(sprite.image)
    if atlas.animations:
        moving = [(item.name, [atlas.frames[index] for index in item.frames]) for item in atlas.animations]
        name = f"{options.name}_frames"
        while f"{name}.tres" in files:
            name += "_"
        files[f"{name}.tres"] = write.frames(images, moving, options.fps).encode()
    return files


def region_of(frame: Frame) -> tuple[int, int, int, int]:
    return frame.x, frame.y, frame.width, frame.height


def margin_of(frame: Frame) -> tuple[int, int, int, int]:
    return *frame.offset, frame.source[0] - frame.width, frame.source[1] - frame.height


def _numbers(values: tuple[int, ...]) -> str:
    return ", ".join(map(str, values))


class _Godot4:
    @staticmethod
    def texture(image: str, frame: Frame) -> str:
        return (
            '[gd_resource type="AtlasTexture" load_steps=2 format=3]\n\n'
            f'[ext_resource type="Texture2D" path="{image}" id="1"]\n\n'
            f'[resource]\natlas = ExtResource("1")\n{_Godot4._body(frame)}'
        )

    @staticmethod
    def _body(frame: Frame) -> str:
        return (
            f"region = Rect2({_numbers(region_of(frame))})\nmargin = Rect2({_numbers(margin_of(frame))})\n"
            "filter_clip = true\n"
        )

    @staticmethod
    def frames(images: list[str], animations: list[tuple[str, list[Frame]]], fps: float) -> str:
        used = sorted({frame.page for _, frames in animations for frame in frames})
        count = sum(len(frames) for _, frames in animations)
        text = f'[gd_resource type="SpriteFrames" load_steps={1 + len(used) + count} format=3]\n\n'
        for page in used:
            text += f'[ext_resource type="Texture2D" path="{images[page]}" id="{page + 1}"]\n'
        listed, number = [], 0
        for name, frames in animations:
            textures = []
            for frame in frames:
                text += f'\n[sub_resource type="AtlasTexture" id="a{number}"]\n'
                text += f'atlas = ExtResource("{frame.page + 1}")\n{_Godot4._body(frame)}'
                textures.append(f'{{\n"duration": 1.0,\n"texture": SubResource("a{number}")\n}}')
                number += 1
            joined, rate = ", ".join(textures), float(speed(frames, fps))
            listed.append(f'{{\n"frames": [{joined}],\n"loop": true,\n"name": &"{name}",\n"speed": {rate}\n}}')
        return f"{text}\n[resource]\nanimations = [{', '.join(listed)}]\n"


class _Godot3:
    @staticmethod
    def texture(image: str, frame: Frame) -> str:
        return (
            '[gd_resource type="AtlasTexture" load_steps=2 format=2]\n\n'
            f'[ext_resource path="{image}" type="Texture" id=1]\n\n'
            f"[resource]\natlas = ExtResource( 1 )\n{_Godot3._body(frame)}"
        )

    @staticmethod
    def _body(frame: Frame) -> str:
        return (
            f"region = Rect2( {_numbers(region_of(frame))} )\nmargin = Rect2( {_numbers(margin_of(frame))} )\n"
            "filter_clip = true\n"
        )

    @staticmethod
    def frames(images: list[str], animations: list[tuple[str, list[Frame]]], fps: float) -> str:
        used = sorted({frame.page for _, frames in animations for frame in frames})
        count = sum(len(frames) for _, frames in animations)
        text = f'[gd_resource type="SpriteFrames" load_steps={1 + len(used) + count} format=2]\n\n'
        for page in used:
            text += f'[ext_resource path="{images[page]}" type="Texture" id={page + 1}]\n'
        listed, number = [], 1
        for name, frames in animations:
            textures = []
            for frame in frames:
                text += f'\n[sub_resource type="AtlasTexture" id={number}]\n'
                text += f"atlas = ExtResource( {frame.page + 1} )\n{_Godot3._body(frame)}"
                textures.append(f"SubResource( {number} )")
                number += 1
            joined, rate = ", ".join(textures), float(speed(frames, fps))
            listed.append(f'{{\n"frames": [ {joined} ],\n"loop": true,\n"name": "{name}",\n"speed": {rate}\n}}')
        return f"{text}\n[resource]\nanimations = [ {', '.join(listed)} ]\n"
