"""`gameforge import`: a team's own art into the library."""

from __future__ import annotations

import argparse
import json
import sys

from cli.ask import asset_record
from jobs.imports import import_art
from pipelines.atlas.reading import grid_of
from services import build_services
from settings import Settings


def import_files(args: argparse.Namespace, settings: Settings) -> int:
    if args.project:
        settings = settings.model_copy(update={"project": args.project})
    grid = grid_of(args.grid, args.margin, args.spacing) if args.grid else None
    services = build_services(settings)
    try:
        made = import_art(services.library, args.paths, settings.project, settings, grid=grid, kind=args.kind)
        for sentence in made.skipped:
            print(f"Left out: {sentence}", file=sys.stderr)
        assets = [asset_record(services.library.asset(asset_id)) for asset_id in made.assets]
        if args.json:
            print(json.dumps({"batch": made.batch_id, "assets": assets, "skipped": made.skipped}, ensure_ascii=False))
        else:
            print(f"{len(assets)} images imported.")
        return 0
    finally:
        services.close()
