"""Argument parsing and exit codes: 0 done, 1 the work failed, 2 bad usage."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from cli.export_options import export_commands, import_commands
from errors import Cancelled, GameForgeError
from pipelines.request import KINDS
from settings import Settings


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gameforge", description="The assistant for game developers.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="open the page")
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on (7860)")
    serve.add_argument("--open", action="store_true", help="open a browser when the page is ready")
    serve.add_argument("--lite", action="store_true", help="leave the local language model out")

    ask = commands.add_parser("ask", help="say in words what you want")
    ask.add_argument("text", nargs="?", help="the message")
    ask.add_argument("--image", action="append", default=[], type=Path, metavar="P", help="attach an image")
    ask.add_argument("--project", metavar="NAME", help="project to work in")
    ask.add_argument("--json", action="store_true", help="print one JSON object")
    ask.add_argument("--yes", action="store_true", help="start work without asking back")
    ask.add_argument("--plan", action="store_true", help="only say which tools would be called")
    ask.add_argument("--file", type=Path, metavar="F.jsonl", help="many turns, one JSON object a line")

    generate = commands.add_parser("generate", help="make images of one subject or theme")
    generate.add_argument("subject")
    generate.add_argument("-n", "--count", type=int, default=1, help="how many different subjects (1)")
    generate.add_argument("--variants", type=int, default=1, help="variants of each subject (1)")
    generate.add_argument("--kind", choices=KINDS, default="prop")
    generate.add_argument("--style", help="pixel, 3d, flat, or your own words")
    generate.add_argument("--size", type=int, help="longest side in pixels")
    generate.add_argument("--seed", type=int, help="first seed")
    generate.add_argument("--tileable", action="store_true", help="edges that wrap")
    generate.add_argument("--style-pack", action="append", default=[], metavar="NAME[:WEIGHT]", help="a trained look")
    generate.add_argument("--opaque", action="store_true", help="keep a background")
    generate.add_argument("--project", metavar="NAME")
    generate.add_argument("--json", action="store_true")

    scaffold = commands.add_parser("scaffold", help="write starter code for game systems")
    scaffold.add_argument("requirements", help='what it should do, as in "inventory with 20 slots"')
    scaffold.add_argument("--engine", help="godot, unity, phaser, pygame, bevy or generic")
    scaffold.add_argument("--out", type=Path, metavar="DIR", help="copy the files into this folder")
    scaffold.add_argument("--replace", action="store_true", help="with --out: files that are there may be replaced")
    scaffold.add_argument("--project", metavar="NAME")
    scaffold.add_argument("--json", action="store_true")
    ingest = commands.add_parser("ingest", help="read design documents, to ask about them")
    ingest.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files and folders")
    ingest.add_argument("--list", action="store_true", help="list the documents")
    ingest.add_argument("--delete", action="append", default=[], metavar="NAME", help="delete a document")
    ingest.add_argument("--project", metavar="NAME", help="project to work in")
    ingest.add_argument("--json", action="store_true", help="print one JSON object")
    from cli import library, review

    review.add_parser(commands)
    export_commands(commands)
    train = commands.add_parser("train", help="learn a look from images: a style pack")
    train.add_argument(
        "images",
        nargs="+",
        type=Path,
        metavar="IMAGE",
        help="3 to 100 images, or folders of them; IMAGE.txt is a caption",
    )
    train.add_argument("--name", required=True, help="what to call the style pack")
    train.add_argument("--preset", choices=("fast", "balanced", "quality"), default="balanced")
    train.add_argument("--trigger", metavar="WORD", help="word that calls the style up in prompts")
    train.add_argument("--cut-sheets", action="store_true", help="cut sprite sheets into their sprites")
    train.add_argument("--text-encoders", action="store_true", help="adapt the text encoders, too (SDXL)")
    train.add_argument(
        "--prior-images",
        type=int,
        default=0,
        metavar="N",
        help="also train on N pictures by the base, so that it forgets less",
    )
    train.add_argument("--project", metavar="NAME")
    train.add_argument("--json", action="store_true", help="print one JSON object")

    packs = commands.add_parser("packs", help="list, import, export, roll back and delete style packs")
    packs.add_argument(
        "action", nargs="?", choices=("list", "import", "export", "use", "improve", "delete"), default="list"
    )
    packs.add_argument("target", nargs="?", help="a pack's name, or the .safetensors file to import")
    packs.add_argument("--name", help="name for an imported pack")
    packs.add_argument("--version", type=int, metavar="N", help="version to export or to use")
    packs.add_argument("--out", type=Path, default=Path("."), metavar="DIR", help="folder for an export (here)")
    packs.add_argument("--preset", choices=("fast", "balanced", "quality"), default="balanced")
    packs.add_argument(
        "--against-rejected", action="store_true", help="improve: also learn from what was rejected (Diffusion-DPO)"
    )
    packs.add_argument("--yes", action="store_true", help="delete without asking back")
    packs.add_argument("--project", metavar="NAME")
    packs.add_argument("--json", action="store_true")
    library.add_parsers(commands)
    import_commands(commands)

    worker = commands.add_parser("worker", help="work on the queue without a page")
    worker.add_argument("--until-empty", action="store_true", help="end when nothing waits any more")

    doctor = commands.add_parser("doctor", help="check that everything configured works")
    doctor.add_argument("--json", action="store_true")

    bench = commands.add_parser("bench", help="measure speed on this machine, or what the built-in models are worth")
    what = ("images", "documents", "library", "models")
    bench.add_argument("what", nargs="?", choices=what, default="images", help="what to measure (images)")
    bench.add_argument("--assets", type=int, help="library: how many assets (100000)")
    bench.add_argument("--json", action="store_true", help="end with one JSON object")
    bench.add_argument("--only", nargs="+", choices=("image", "language"), help="models: only these")
    how_many = "models: a file of chat turns, or how many of the built-in ones"
    bench.add_argument("--turns", action="append", default=[], type=Path, metavar="F.jsonl|N", help=how_many)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    # NumPy's helper threads spin for a while after each product, on the cores that torch computes on.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    args = build_parser().parse_args(argv)
    try:
        settings = Settings()  # pyright: ignore[reportCallIssue]
        return run(args, settings)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        say(f"The setting GAMEFORGE_{name} is wrong: {first['msg']}. Correct or unset it.")
        return 2
    except Cancelled:
        say("Stopped.")
        return 130
    except GameForgeError as error:
        say(error.message)
        return error.exit_code
    except KeyboardInterrupt:
        say("Stopped.")
        return 130


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Commands are imported when they run: `--help` and `doctor` must not wait for torch."""
    if args.command == "serve":
        from app import serve

        return serve(settings, host=args.host, port=args.port, open_browser=args.open, lite=args.lite)
    if args.command == "ask":
        from cli.ask import ask

        return ask(args, settings)
    if args.command == "generate":
        from cli.generate import generate

        return generate(args, settings)
    if args.command == "scaffold":
        from cli.scaffold import scaffold

        return scaffold(args, settings)
    if args.command == "ingest":
        from cli.ingest import ingest

        return ingest(args, settings)
    if args.command in ("library", "regenerate", "upscale", "edit", "animate"):
        from cli import library

        return library.run(args, settings)
    if args.command == "review":
        from cli import review

        return review.run(args, settings)
    if args.command == "import":
        from cli.imports import import_files

        return import_files(args, settings)
    if args.command == "export":
        from cli.export import export

        return export(args, settings)
    if args.command == "train":
        from cli.packs import train

        return train(args, settings)
    if args.command == "packs":
        from cli.packs import packs

        return packs(args, settings)
    if args.command == "worker":
        from cli.work import work

        return work(args, settings)
    if args.command == "doctor":
        from cli.doctor import doctor

        return doctor(args, settings)
    if args.what == "documents":
        from bench.documents import bench

        return bench(args, settings)
    if args.what == "library":
        from bench.library import bench as bench_library

        return bench_library(args, settings)
    if args.what == "models":
        from bench.models import bench_models

        return bench_models(args, settings)
    from bench.run import bench

    return bench(args, settings)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
