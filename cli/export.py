"""`gameforge export` and `gameforge import`: files for an engine, and a team's own art into the library."""

from __future__ import annotations

import argparse
import json
import sys

from errors import BadRequest
from jobs.exports import Export, chosen, left_out, run_export
from pipelines.atlas.sprites import ExportOptions
from pipelines.credentials import Credentials
from services import build_services
from settings import Settings


def export(args: argparse.Namespace, settings: Settings) -> int:
    if args.project:
        settings = settings.model_copy(update={"project": args.project})
    if args.zip and args.out is None:
        raise BadRequest("Say with --out DIR where the zip should lie.")
    options = ExportOptions(
        format=args.format,
        name=args.name,
        trim=not args.no_trim,
        rotate=args.rotate,
        padding=args.padding,
        extrude=args.extrude,
        page=args.page,
        power_of_two=args.power_of_two,
        lossy=args.lossy,
        columns=args.columns,
        fps=args.fps,
        point=not args.smooth,
        strip=args.strip,
    )
    services = build_services(settings)
    try:
        which = "all" if args.all else "approved" if args.approved else args.assets
        assets = chosen(services.library, settings.project, which, rejected=args.rejected)
        made = run_export(
            services.library,
            assets,
            options,
            settings.home / "exports",
            folder=None if args.zip else args.out,
            replace_files=args.replace,
            credentials=Credentials.read(settings.sign_certificates, settings.sign_key) if args.sign else None,
            model=services.engine.info(),
        )
        if args.zip and args.out is not None:
            from pipelines.atlas.folder import write_file

            write_file(args.out / made.zip.name, made.zip.read_bytes())
        left = left_out(services.library, settings.project, which, rejected=args.rejected)
        show(made, args, left)
        return 0
    finally:
        services.close()


def show(made: Export, args: argparse.Namespace, left: int = 0) -> None:
    """`out` in JSON is the zip, or the folder with the files."""
    zipped = args.zip or args.out is None
    place = made.zip if zipped else made.folder
    if args.zip and args.out is not None:
        place = args.out / made.zip.name
    more = {"left_out": left} if left else {}
    if args.json:
        files = [str(place)] if zipped else [str(made.folder / file.name) for file in made.files]
        changed = [file.name for file in made.files if file.state == "new"]
        record = {"format": made.format, "assets": made.assets, "out": str(place), "files": files, "changed": changed}
        print(json.dumps({**record, "removed": list(made.removed), **more}, ensure_ascii=False))
        return
    if left:
        print(f"{left} rejected left out; --rejected takes them along.", file=sys.stderr)
    same = sum(file.state == "unchanged" for file in made.files)
    print(f"{made.assets} images as {len(made.files)} files for {made.format}: {place}")
    if same or made.removed:
        print(f"{len(made.files) - same} written, {same} unchanged, {len(made.removed)} removed.", file=sys.stderr)
