"""`gameforge scaffold`: the same code as the chat's; copied into a folder only when one is named."""

from __future__ import annotations

import argparse
from pathlib import Path

from cli.ask import Answer, show
from errors import BadRequest
from scaffolds.service import Request
from services import build_services
from settings import Settings
from tools.scaffold import file_records, passages_of, sentence


def scaffold(args: argparse.Namespace, settings: Settings) -> int:
    if args.replace and not args.out:
        raise BadRequest("--replace belongs to --out DIR.")
    services = build_services(settings)
    try:
        project = args.project or settings.project
        kept = services.scaffolder.scaffold(Request(args.requirements, args.engine, project))
        answer = Answer(reply=sentence(kept), files=file_records(kept))
        answer.citations = [passage.citation() for passage in passages_of(kept)]
        answer.exit_code = 1 if any(file["errors"] for file in answer.files) else 0
        if args.out:
            folder = args.out.expanduser().resolve()
            shelf = services.scaffolder.shelf
            # Whoever types the folder at a terminal may write wherever they may.
            plan = shelf.save(kept, str(folder), Path(folder.anchor), replace=args.replace)
            answer.reply += f"\n\nSaved to {plan.folder}: {len(plan.new)} new, {len(plan.replaced)} replaced."
            for record in answer.files:
                record["path"] = str(plan.folder / record["name"])
        show(answer, as_json=args.json, plan_only=False)
        return answer.exit_code
    finally:
        services.close()
