"""`gameforge review`: approve, reject, undo, look at the history; by asset ids, or a whole batch."""

from __future__ import annotations

import argparse
import getpass
import json
from typing import TYPE_CHECKING

from errors import BadRequest
from settings import Settings

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from library.views import Step
    from services import Services


def add_parser(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("review", help="approve and reject images, undo, see who decided what")
    parser.add_argument("--approve", nargs="+", type=int, default=[], metavar="ID", help="asset ids")
    parser.add_argument("--reject", nargs="+", type=int, default=[], metavar="ID")
    parser.add_argument("--reset", nargs="+", type=int, default=[], metavar="ID", help="back to new")
    parser.add_argument("--batch", type=int, metavar="N", help="with --all: every image of this batch")
    parser.add_argument("--all", choices=("approve", "reject", "reset"), help="the same for all images of --batch")
    parser.add_argument("--note", default="", help="why, for the history")
    parser.add_argument("--undo", action="store_true", help="take the last decision back")
    parser.add_argument("--history", action="store_true", help="print who changed what")
    parser.add_argument("--project", metavar="NAME")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from library import history, review
    from services import build_services

    services = build_services(settings)
    library, who = services.library, user()
    project = args.project or settings.project
    try:
        if args.history:
            for change in reversed(history.history(library, project=project, limit=500)):
                if args.json:
                    print(json.dumps(change.as_dict(), ensure_ascii=False))
                else:
                    undone = " (undone)" if change.undone else ""
                    note = f": {change.note}" if change.note else ""
                    print(f"{change.who:<16} asset {change.asset_id:<6} {change.field} {change.after}{note}{undone}")
            return 0
        if args.undo:
            return show(history.undo(library, project=project, who=who), args.json)
        states = chosen(args, services, project)
        return show(review.decide(library, states, who=who, note=args.note), args.json)
    finally:
        services.close()


def chosen(args: argparse.Namespace, services: Services, project: str) -> dict[int, str]:
    """New state by asset id. Raises BadRequest."""
    pairs = (("approve", "approved"), ("reject", "rejected"), ("reset", "new"))
    states = {asset: state for name, state in pairs for asset in getattr(args, name)}
    if args.all:
        if args.batch is None:
            raise BadRequest("Say which batch: --batch N --all approve.")
        services.library.batch(args.batch)
        found = services.library.assets(project=project, batch_id=args.batch, limit=100_000)
        states = {asset.id: dict(pairs)[args.all] for asset in found} | states
    if len(states) < sum(len(getattr(args, name)) for name, _ in pairs):
        raise BadRequest("The same image is named twice. Decide once for each.")
    if not states:
        raise BadRequest("Say what to decide, as in: review --approve 1 3 --reject 2.")
    return states


def show(step: Step, as_json: bool) -> int:
    print(json.dumps(step.as_dict(), ensure_ascii=False) if as_json else f"{step.text[:1].upper()}{step.text[1:]}.")
    return 0


def user() -> str:
    """The name of who sits at the command line."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user in the system's list, as in some containers
        return "command line"
