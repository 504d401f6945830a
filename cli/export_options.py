"""Arguments of `gameforge export` and `gameforge import`, apart from their work: `--help` loads nothing for it."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipelines.atlas.sprites import FORMATS


def export_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    export = commands.add_parser("export", help="write images as files for a game engine")
    which = export.add_mutually_exclusive_group(required=True)
    which.add_argument("--all", action="store_true", help="every image of the project that was not rejected")
    which.add_argument("--approved", action="store_true", help="the approved ones")
    which.add_argument("--assets", type=int, nargs="+", metavar="ID", help="these")
    listed = "; ".join(f"{name}: {what}" for name, what in FORMATS.items())
    export.add_argument("--format", default="png", metavar="F", help=listed)
    export.add_argument(
        "--out", type=Path, metavar="DIR", help="folder to write into (default: a zip in the home folder)"
    )
    export.add_argument("--rejected", action="store_true", help="with --all: the rejected ones, too")
    export.add_argument("--replace", action="store_true", help="overwrite files in DIR that no export wrote")
    export.add_argument("--sign", action="store_true", help="C2PA credentials, with your certificate (see settings)")
    export.add_argument("--zip", action="store_true", help="write DIR/NAME.zip instead of single files")
    export.add_argument("--name", default="atlas", help="name of the sheets and their data files (atlas)")
    export.add_argument("--no-trim", action="store_true", help="keep empty margins")
    turn = export.add_mutually_exclusive_group()
    turn.add_argument("--rotate", action="store_true", default=None, help="turn images to save room (pixi: always)")
    turn.add_argument("--no-rotate", action="store_false", dest="rotate", help="never turn an image")
    export.add_argument("--padding", type=int, default=2, help="empty pixels between images (2)")
    export.add_argument("--extrude", type=int, default=1, help="times that the outermost pixels are repeated (1)")
    export.add_argument("--page", type=int, default=2048, help="longest side of a sheet in pixels (2048)")
    export.add_argument("--power-of-two", action="store_true", help="sides of sheets are powers of two")
    export.add_argument("--lossy", type=int, metavar="Q", help="WebP quality 1 to 100; default: lossless")
    export.add_argument("--columns", type=int, default=0, help="cells in a row of a spritesheet")
    export.add_argument("--fps", type=float, default=8.0, help="frames per second of animations (8)")
    export.add_argument("--smooth", action="store_true", help="Unity: filter when enlarged, instead of hard pixels")
    export.add_argument("--strip", action="store_true", help="leave out prompts, seeds and models")
    export.add_argument("--project", metavar="NAME")
    export.add_argument("--json", action="store_true")


def import_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    own = commands.add_parser("import", help="take your own sprites, sheets and atlases into the library")
    own.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="images, atlas JSON files, folders")
    own.add_argument("--grid", metavar="WxH", help="cut every image into cells of this size")
    own.add_argument("--margin", type=int, default=0, help="pixels around all cells (0)")
    own.add_argument("--spacing", type=int, default=0, help="pixels between cells (0)")
    own.add_argument("--kind", default="prop", help="what they are: prop, item, icon, character, tile, ... (prop)")
    own.add_argument("--project", metavar="NAME")
    own.add_argument("--json", action="store_true")
