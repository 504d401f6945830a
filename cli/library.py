"""`gameforge library`, `regenerate`, `edit` and `upscale`: search, check, bin, tags and new versions."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.review import show, user
from errors import BadRequest
from settings import Settings

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from jobs.types import JobView
    from library.views import AssetView
    from services import Services


def add_parsers(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    library = commands.add_parser("library", help="search, check and tidy what was made")
    actions = library.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="compare every file with the database")
    check.add_argument("--repair", action="store_true", help="mend what can be mended; damaged files are put aside")
    search = actions.add_parser("search", help="find images by words, meaning and filters")
    search.add_argument("text", nargs="?", help='words, as in "blue bottle" or "something to hide behind"')
    search.add_argument("--meaning", action="store_true", help="by meaning instead of by word")
    for name in ("state", "kind", "tag", "collection", "colour", "style-pack"):
        search.add_argument(f"--{name}")
    search.add_argument("--size-from", type=int, metavar="PX")
    search.add_argument("--size-to", type=int, metavar="PX")
    search.add_argument("--bin", action="store_true", help="what is in the bin")
    search.add_argument("-n", "--limit", type=int, default=50)
    for name, text in (("delete", "move images to the bin"), ("restore", "take images out of the bin")):
        action = actions.add_parser(name, help=text)
        action.add_argument("ids", nargs="+", type=int, metavar="ID")
        if name == "delete":
            action.add_argument("--force", action="store_true", help="although something uses them")
    tag = actions.add_parser("tag", help="add or remove tags; with --collection put into a collection")
    tag.add_argument("ids", nargs="+", type=int, metavar="ID")
    tag.add_argument("--add", nargs="+", default=[], metavar="NAME")
    tag.add_argument("--remove", nargs="+", default=[], metavar="NAME")
    tag.add_argument("--collection", action="store_true")
    versions = actions.add_parser("versions", help="list the versions of an image, or choose one")
    versions.add_argument("id", type=int, metavar="ID")
    versions.add_argument("--use", metavar="SHA256", help="make this one current")
    for action in actions.choices.values():
        action.add_argument("--project", metavar="NAME")
        action.add_argument("--json", action="store_true")

    redo = commands.add_parser("regenerate", help="make new versions of images")
    redo.add_argument("ids", nargs="+", type=int, metavar="ID", help="asset ids")
    redo.add_argument("--change", help='what should be different, as in "darker"; without it a new seed')
    redo.add_argument("--variants", type=int, default=1, help="new versions of each (1)")
    redo.add_argument("--strength", type=float, help="how far it may leave the picture, 0 to 1")
    large = commands.add_parser("upscale", help="enlarge images")
    large.add_argument("ids", nargs="+", type=int, metavar="ID", help="asset ids")
    large.add_argument("--factor", type=int, default=2, help="2, 3, 4 or 8 (2)")
    large.add_argument("--method", default="auto", help="auto, pixels, scale2x, smooth or model")
    part = commands.add_parser("edit", help="paint part of an image anew; the rest keeps its pixels")
    part.add_argument("ids", nargs=1, type=int, metavar="ID", help="asset id")
    part.add_argument("--mask", type=Path, required=True, help="an image of the same shape: white is what may change")
    part.add_argument("--change", required=True, help='what should be there, as in "a red gem", or "erase"')
    part.add_argument("--variants", type=int, default=1, help="new versions (1)")
    part.add_argument("--strength", type=float, help="how far it may leave the picture, 0 to 1")
    move = commands.add_parser("animate", help="make the frames of a motion: walk, idle, bob, hop, spin, shake, hit")
    move.add_argument("what", metavar="ID_OR_SUBJECT", help="an asset id, or what to draw first, as in knight")
    move.add_argument("--motion", default="walk", help="walk, idle, bob, hop, spin, shake or hit (walk)")
    move.add_argument("--frames", type=int, help="2 to 24")
    move.add_argument("--fps", type=float, help="frames per second, 1 to 60")
    move.add_argument("--redraw", type=float, metavar="S", help="the model paints over each frame, strength 0 to 1")
    move.add_argument("--kind", default="character", help="of a subject: character, item, prop, ... (character)")
    move.add_argument("--seed", type=int, help="of a subject's picture")
    for command in (redo, large, part, move):
        command.add_argument("--project", metavar="NAME")
        command.add_argument("--json", action="store_true")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from services import build_services

    services = build_services(settings)
    try:
        if args.command in ("regenerate", "upscale", "edit", "animate"):
            return remake(args, services)
        return ACTIONS[args.action](args, services)
    finally:
        services.close()


def remake(args: argparse.Namespace, services: Services) -> int:
    from cli.ask import Answer, finish_job
    from cli.ask import show as show_answer
    from jobs.edit import submit_edit
    from jobs.remake import submit_remake
    from jobs.upscaling import submit_upscale

    common: dict[str, Any] = {
        "store": services.jobs,
        "library": services.library,
        "project": args.project or services.settings.project,
        "settings": services.settings,
    }
    if args.command == "upscale":
        job, note = submit_upscale(args.ids, args.factor, args.method, **common), ""
    elif args.command == "animate":
        job, note = submit_motion(args, services, common), ""
    elif args.command == "edit":
        mask, small = read_file(args.mask), services.engine.info().small
        options = {"variants": args.variants, "strength": args.strength, "small_model": small}
        made = submit_edit(args.ids[0], mask, args.change, **options, **common)
        job, note = made.job, made.note
    else:
        small = services.engine.info().small
        made = submit_remake(
            args.ids, change=args.change, variants=args.variants, strength=args.strength, small_model=small, **common
        )
        job, note = made.job, made.note
    services.start(language_models=False)
    answer = Answer(reply=f"{job.title}. {note}".strip())
    finish_job(services, answer, job.id, quiet=args.json)
    show_answer(answer, as_json=args.json, plan_only=False)
    return answer.exit_code


def submit_motion(args: argparse.Namespace, services: Services, common: dict[str, Any]) -> JobView:
    from jobs.animate import submit_animation

    del common["settings"]
    source: Any = int(args.what) if args.what.isdigit() else None
    if source is None:
        plan = services.planner.plan({"subject": args.what, "count": 1, "kind": args.kind}, args.what)
        source = plan.requests(services.settings.image_model)[0]
        source = source if args.seed is None else source.replaced(seed=args.seed)
    return submit_animation(source, args.motion, frames=args.frames, fps=args.fps, redraw=args.redraw, **common)


def read_file(path: Path) -> bytes:
    """Raises BadRequest."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadRequest(f"The file {path} cannot be read.", detail=str(error)) from error


def check(args: argparse.Namespace, services: Services) -> int:
    from jobs.repair import remaker
    from library.check import check as check_library

    report = check_library(services.library, repair=args.repair, remake=remaker(services.engine))
    if args.json:
        print(json.dumps(report.as_dict()))
        return 0 if report.sound or (args.repair and not report.lost) else 1
    for name in ("missing", "changed", "orphaned"):
        for sha256 in getattr(report, name):
            print(f"{name:<9} {sha256}")
    for line in report.repaired:
        print(f"repaired: {line}")
    if report.sound and not report.repaired:
        print(f"All {report.checked} files are there and whole.")
    elif not args.repair:
        print("Run it again with --repair to mend what can be mended.", file=sys.stderr)
    elif report.lost:
        print(f"{len(report.lost)} files are lost; redo or delete their images.", file=sys.stderr)
    return 0 if report.sound or (args.repair and not report.lost) else 1


def search(args: argparse.Namespace, services: Services) -> int:
    library = services.library
    wanted: dict[str, Any] = {
        "project": args.project or services.settings.project, "state": args.state, "kind": args.kind, "tag": args.tag,
        "collection": args.collection, "colour": args.colour, "style_pack": args.style_pack,
        "size_from": args.size_from, "size_to": args.size_to, "deleted": args.bin,
    }  # fmt: skip
    if not 1 <= args.limit <= 10_000:
        raise BadRequest("Ask for 1 to 10000 images.")
    if args.meaning:
        if library.meaning is None or not args.text:
            raise BadRequest("Say in words what to look for.")
        found = [asset for asset, _ in library.meaning.find(args.text, limit=args.limit, **wanted)]
    else:
        found = library.assets(text=args.text, limit=args.limit, **wanted)
    for asset in found:
        print(json.dumps(asset.as_dict(), ensure_ascii=False) if args.json else line_of(asset))
    if not found and not args.json:
        print("Nothing found.", file=sys.stderr)
    return 0


def line_of(asset: AssetView) -> str:
    size = f"{asset.width}x{asset.height}"
    return f"{asset.id:>6}  {asset.state:<10} {size:<9} {asset.subject:<32} {asset.path}"


def delete(args: argparse.Namespace, services: Services) -> int:
    from library.review import bin_assets

    return show(bin_assets(services.library, args.ids, who=user(), force=args.force), args.json)


def restore(args: argparse.Namespace, services: Services) -> int:
    from library.review import restore_assets

    return show(restore_assets(services.library, args.ids, who=user()), args.json)


def tag(args: argparse.Namespace, services: Services) -> int:
    from library.review import label

    kind = "collection" if args.collection else "tag"
    return show(label(services.library, args.ids, kind=kind, add=args.add, remove=args.remove, who=user()), args.json)


def versions(args: argparse.Namespace, services: Services) -> int:
    from library.history import versions as versions_of
    from library.review import check_sha256, use_version

    if args.use:
        return show(use_version(services.library, args.id, check_sha256(args.use), who=user()), args.json)
    for view in versions_of(services.library, args.id):
        if args.json:
            print(json.dumps(view.as_dict(), ensure_ascii=False))
            continue
        parents = ", ".join(parent[:12] for parent in view.parents)
        mark = "*" if view.current else " "
        origin = f"{view.origin} from {parents}" if parents else view.origin
        print(f"{mark} {view.sha256[:12]}  {view.state:<10} {view.width}x{view.height:<6} {origin}")
    return 0


ACTIONS = {
    "check": check,
    "search": search,
    "delete": delete,
    "restore": restore,
    "tag": tag,
    "versions": versions,
}
