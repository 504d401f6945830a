"""`gameforge generate`: the same plan and job as the chat's, from typed arguments."""

from __future__ import annotations

import argparse

from cli.ask import Answer, finish_job, show
from errors import BadRequest
from jobs.generation import submit
from services import build_services
from settings import Settings


def generate(args: argparse.Namespace, settings: Settings) -> int:
    if not args.subject.strip():
        raise BadRequest('Name a subject, as in: generate "rusty sword" -n 4.')
    if args.project:
        settings = settings.model_copy(update={"project": args.project})
    services = build_services(settings)
    try:
        call = {
            "subject": args.subject,
            "count": args.count,
            "variants": args.variants,
            "kind": args.kind,
            "style": args.style,
            "size": args.size,
            "seed": args.seed,
            "tileable": args.tileable,
            "transparent": not args.opaque,
        }
        plan = services.planner.plan({k: v for k, v in call.items() if v is not None}, request=args.subject)
        names, weights = parse_packs(args.style_pack)
        if names:
            services.packs.check_usable(settings.project, names)
            names = [use.pack for use in services.packs.uses(settings.project, names)]
            plan = plan.model_copy(update={"style_packs": names, "pack_weights": weights})
        services.start(language_models=False)
        job = submit(
            plan,
            store=services.jobs,
            library=services.library,
            project=settings.project,
            conversation_id=None,
            settings=settings,
            packs=services.packs.uses,
        )
        answer = Answer(reply=f"{plan.total} images of {args.subject}.")
        finish_job(services, answer, job.id, quiet=args.json)
        show(answer, as_json=args.json, plan_only=False)
        return answer.exit_code
    finally:
        services.close()


def parse_packs(named: list[str]) -> tuple[list[str], list[float]]:
    """ "Dustbowl:0.6" -> ("Dustbowl", 0.6). Raises BadRequest for a weight that is no number from 0 to 2."""
    names, weights = [], []
    for text in named:
        name, colon, weight = text.rpartition(":")
        try:
            value = float(weight) if colon else 1.0
        except ValueError:
            value = -1.0
        if not 0 <= value <= 2:
            raise BadRequest(f"{text!r}: a style pack's weight is a number from 0 to 2, as in Dustbowl:0.6.")
        names.append(name if colon else text)
        weights.append(value)
    return names, weights
