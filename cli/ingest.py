"""`gameforge ingest`: documents into the project's memory, through the same job as the page's."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from cli.progress import follow_job
from errors import BadRequest, NotFound
from jobs.ingest import select_files, submit_ingest
from services import Services, build_services
from settings import Settings


def ingest(args: argparse.Namespace, settings: Settings) -> int:
    if not (args.paths or args.list or args.delete):
        raise BadRequest("Name files or folders, as in: ingest docs/ GDD.pdf.")
    if args.project:
        settings = settings.model_copy(update={"project": args.project})
    chosen = select_files(args.paths) if args.paths else None
    services = build_services(settings)
    try:
        code, record = 0, {}
        for name in args.delete:
            delete(services, name)
        if chosen is not None:
            services.worker.start()
            job = submit_ingest(chosen, store=services.jobs, documents=services.documents, project=settings.project)
            ended = follow_job(services, job.id, quiet=args.json, noun="documents")
            record = report(services, ended, [vars(one) for one in chosen.skipped])
            code = 0 if ended.state == "done" else 1
        listed = [view.as_dict() for view in services.documents.documents(settings.project)]
        if args.json:
            print(json.dumps({**record, "documents": listed}, ensure_ascii=False), flush=True)
        else:
            show(record, listed if args.list or args.delete else [])
        return code
    finally:
        services.close()


def delete(services: Services, name: str) -> None:
    project = services.settings.project
    found = services.documents.by_name(project, name)
    if found is None:
        raise NotFound(f"There is no document {name} in the project {project}.")
    services.documents.delete(found.id)
    services.memory.refresh(project)


def report(services: Services, job: Any, skipped: list[dict[str, str]]) -> dict[str, Any]:
    """{"job", "ingested": [{"name", "passages", "added", "removed", "kept"}], "failed": [...], "skipped": [...]}."""
    tasks = services.jobs.tasks(job.id)
    keys = ("name", "passages", "added", "removed", "kept")
    return {
        "job": {key: getattr(job, key) for key in ("id", "state", "total", "done", "failed")},
        "ingested": [{key: task.result[key] for key in keys} for task in tasks if task.state == "done"],
        "failed": [{"name": task.label, "reason": task.error or task.state} for task in tasks if task.state != "done"],
        "skipped": skipped,
    }


def show(record: dict[str, Any], listed: list[dict[str, Any]]) -> None:
    for one in record.get("ingested", []):
        print(f"  {one['name']}: {one['passages']} passages, {one['added']} new, {one['removed']} gone")
    for one in record.get("failed", []):
        print(f"  not read: {one['reason']}", file=sys.stderr)
    for one in record.get("skipped", []):
        print(f"  skipped {one['name']}: {one['reason']}", file=sys.stderr)
    for one in listed:
        print(f"  {one['id']:>4}  {one['name']:<40} {one['passages']} passages")
