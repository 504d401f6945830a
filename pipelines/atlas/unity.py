"""Unity: a `.png.meta` beside each page, or a `.tpsheet` for TexturePacker Importer. y grows upwards there.

Unity keeps no trim offset: the pivot of a trimmed sprite moves so that it points at the same place of the source.
Guids and ids come from names, so that a re-export keeps the references of scenes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from pipelines.atlas.build import Atlas, Frame
from pipelines.atlas.sprites import ExportOptions
from pipelines.atlas.textures import page_files, page_name

Previous = Callable[[str], bytes | None]
_GUID = re.compile(rb"^guid: ([0-9a-f]{32})\s*$", re.M)
CENTRE, CUSTOM = 0, 9  # SpriteAlignment
# YAML would read no text here
UNSAFE_ALONE = re.compile(r"[\d_-]*|0[xob][\da-f_]*|\d+e\d+|null|true|false|yes|no|on|off|y|n", re.I)
IMPORTER = """fileFormatVersion: 2
guid: {guid}
TextureImporter:
  internalIDToNameTable:{table}
  externalObjects: {{}}
  serializedVersion: 13
  mipmaps:
    mipMapMode: 0
    enableMipMap: 0
    sRGBTexture: {srgb}
    linearTexture: 0
  isReadable: 0
  textureSettings:
    serializedVersion: 2
    filterMode: {filter}
    aniso: 1
    mipBias: 0
    wrapU: 1
    wrapV: 1
    wrapW: 1
  nPOTScale: 0
  spriteMode: {mode}
  spriteExtrude: 1
  spriteMeshType: 0
  alignment: 0
  spritePivot: {{x: 0.5, y: 0.5}}
  spritePixelsToUnits: 100
  spriteBorder: {{x: 0, y: 0, z: 0, w: 0}}
  spriteGenerateFallbackPhysicsShape: 1
  alphaUsage: 1
  alphaIsTransparency: {alpha}
  textureType: {kind}
  textureShape: 1
  maxTextureSize: {largest}
  textureCompression: 0
  compressionQuality: 50
"""
SPRITE = """    - serializedVersion: 2
      name: {name}
      rect:
        serializedVersion: 2
        x: {x}
        y: {y}
        width: {width}
        height: {height}
      alignment: {alignment}
      pivot: {{x: {pivot_x}, y: {pivot_y}}}
      border: {{x: 0, y: 0, z: 0, w: 0}}
      outline: []
      physicsShape: []
      tessellationDetail: 0
      bones: []
      spriteID: {sprite_id}
      internalID: {internal_id}
      vertices: []
      indices: ''
      edges: []
      weights: []
"""


def unity(atlas: Atlas, options: ExportOptions, previous: Previous) -> dict[str, bytes]:
    """`previous(name)` is a file of an earlier export, whose guid stays."""
    files = page_files(atlas, options)
    for page, image in enumerate(atlas.pages):
        name = f"{page_name(options, page)}.png"
        frames = [frame for frame in atlas.frames if frame.page == page]
        files[f"{name}.meta"] = _meta(name, frames, image.size, options, previous).encode()
        if atlas.normals:
            normal = f"{page_name(options, page)}_n.png"
            files[f"{normal}.meta"] = _normal_meta(normal, image.size, options, previous).encode()
    return files


def tpsheet(atlas: Atlas, options: ExportOptions) -> dict[str, bytes]:
    files = page_files(atlas, options)
    for page, image in enumerate(atlas.pages):
        name = page_name(options, page)
        lines = [
            "# Sprite sheet data for Unity with TexturePacker Importer.", "#", ":format=40300", f":texture={name}.png",
            f":size={image.width}x{image.height}", ":pivotpoints=enabled", ":borders=disabled",
            ":alphahandling=ClearTransparentPixels", "",
        ]  # fmt: skip
        if atlas.normals:
            lines.insert(4, f":normalmap={name}_n.png")
        for frame in atlas.frames:
            if frame.page == page:
                x, y, (pivot_x, pivot_y) = frame.x, image.height - frame.y - frame.height, pivot_of(frame)
                box = f"{x};{y};{frame.width};{frame.height}"
                lines.append(f"{escaped(frame.name)};{box}; {pivot_x:.9g};{pivot_y:.9g}; 0;0;0;0")
        files[f"{name}.tpsheet"] = ("\n".join(lines) + "\n").encode()
    return files


def escaped(name: str) -> str:
    for sign, code in (("%", "%25"), ("#", "%23"), (":", "%3A"), (";", "%3B"), ("/", "-"), ("\\", "-")):
        name = name.replace(sign, code)
    return name


def pivot_of(frame: Frame) -> tuple[float, float]:
    """The source's pivot as a share of the trimmed sprite, from its lower left corner."""
    (width, height), (left, top) = frame.source, frame.offset
    across = (frame.pivot[0] * width - left) / frame.width
    up = ((1 - frame.pivot[1]) * height - (height - top - frame.height)) / frame.height
    return across, up


def _hex(*parts: str) -> str:
    return hashlib.sha256("\0".join(("gameforge", *parts)).encode()).hexdigest()[:32]


def _guid(name: str, previous: Previous) -> str:
    found = _GUID.search(previous(f"{name}.meta") or b"")
    return found[1].decode() if found else _hex("texture", name)


def _internal_id(page: str, sprite: str) -> int:
    number = int(_hex("id", page, sprite)[:16], 16)
    return (number if number < 1 << 63 else number - (1 << 64)) or 1


def _plain(name: str) -> str:
    return f"'{name}'" if UNSAFE_ALONE.fullmatch(name) else name


def _meta(name: str, frames: list[Frame], size: tuple[int, int], options: ExportOptions, previous: Previous) -> str:
    table, sprites, ids = "", "", ""
    for frame in frames:
        internal_id = _internal_id(options.name, frame.name)
        pivot_x, pivot_y = pivot_of(frame)
        centred = pivot_x == pivot_y == 0.5
        table += f"\n  - first:\n      213: {internal_id}\n    second: {_plain(frame.name)}"
        ids += f'\n      "{frame.name}": {internal_id}'
        sprites += SPRITE.format(
            name=_plain(frame.name),
            x=frame.x,
            y=size[1] - frame.y - frame.height,
            width=frame.width,
            height=frame.height,
            alignment=CENTRE if centred else CUSTOM,
            pivot_x=f"{pivot_x:.9g}",
            pivot_y=f"{pivot_y:.9g}",
            sprite_id=_hex("sprite", options.name, frame.name),
            internal_id=internal_id,
        )
    head = IMPORTER.format(
        guid=_guid(name, previous),
        table=table or " []",
        srgb=1,
        filter=0 if options.point else 1,
        mode=2,
        alpha=1,
        kind=8,
        largest=_largest(size),
    )
    sheet = f"  spriteSheet:\n    serializedVersion: 2\n    sprites:{chr(10) if sprites else ' []'}{sprites}"
    rest = "    outline: []\n    physicsShape: []\n    bones: []\n    spriteID:\n    internalID: 0\n    vertices: []\n"
    rest += f"    indices:\n    edges: []\n    weights: []\n    nameFileIdTable:{ids or ' {}'}\n"
    return f"{head}{sheet}{rest}  userData:\n  assetBundleName:\n  assetBundleVariant:\n"


def _normal_meta(name: str, size: tuple[int, int], options: ExportOptions, previous: Previous) -> str:
    head = IMPORTER.format(
        guid=_guid(name, previous),
        table=" []",
        srgb=0,
        filter=0 if options.point else 1,
        mode=0,
        alpha=0,
        kind=1,
        largest=_largest(size),
    )
    return f"{head}  userData:\n  assetBundleName:\n  assetBundleVariant:\n"


def _largest(size: tuple[int, int]) -> int:
    """Unity shrinks what is larger than this, and takes powers of two from 32 to 16384."""
    return max(32, 1 << (max(size) - 1).bit_length())
