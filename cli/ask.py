"""`gameforge ask`: one message, or a file of them, through the same ChatService as the page."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.router import TurnContext
from cli.progress import follow_job
from errors import BadRequest, GameForgeError
from services import Services, build_services
from settings import Settings


@dataclass
class Turn:
    text: str
    images: list[Path] = field(default_factory=list)
    image_count: int = 0
    gallery: int | None = None


@dataclass
class Answer:
    """What one message led to; `exit_code` follows the command line's rule (0 done, 1 failed, 2 bad usage)."""

    reply: str = ""
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    job: dict[str, Any] | None = None
    assets: list[dict[str, Any]] = field(default_factory=list)
    citations: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)  # {"path", "name", ...}; of code also "lines", "errors"
    error: str | None = None
    exit_code: int = 0

    def as_dict(self) -> dict[str, Any]:
        keys = ("reply", "tool_calls", "job", "assets", "citations", "files")
        result = {key: getattr(self, key) for key in keys}
        return result if self.error is None else {**result, "error": self.error}


def ask(args: argparse.Namespace, settings: Settings) -> int:
    if args.project:
        settings = settings.model_copy(update={"project": args.project})
    if (args.text is None) == (args.file is None):
        raise BadRequest('Say what you want, as in: ask "32 desert props", or give many turns with --file.')
    turns = list(read_turns(args.file)) if args.file else [Turn(args.text, args.image, len(args.image))]

    services = build_services(settings)
    try:
        contexts = [(turn.text, TurnContext(turn.gallery, turn.image_count)) for turn in turns]
        if not args.plan:
            services.start(language_models=False)
        services.models.prepare(contexts)
        worst = 0
        for turn in turns:
            answer = plan(services, turn) if args.plan else run_turn(services, turn, yes=args.yes, quiet=args.json)
            worst = max(worst, answer.exit_code)
            show(answer, as_json=args.json or bool(args.file), plan_only=args.plan)
        # Of a file's plans each line says how its turn went; a refused one is an answer like others.
        return 0 if args.plan and args.file else worst
    finally:
        services.close()


def read_turns(file: Path) -> Iterator[Turn]:
    """Turns of a JSON-lines file.

    Raises:
        BadRequest: the file cannot be read, or a line of it is not such a turn.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{file} cannot be read as text. Give a JSON-lines file.", detail=str(error)) from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            text, images = str(record["text"]), record.get("images") or 0
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadRequest(f'Line {number} of {file} is not an object like {{"text": "..."}}.') from error
        paths = [Path(path) for path in images] if isinstance(images, list) else []
        yield Turn(text, paths, len(paths) or (images if isinstance(images, int) else 0), record.get("gallery"))


def plan(services: Services, turn: Turn) -> Answer:
    try:
        planned = services.chat.plan_only(turn.text, images=turn.image_count, gallery=turn.gallery)
    except GameForgeError as error:
        return Answer(reply=error.message, error=error.message, exit_code=error.exit_code)
    answer = Answer(reply=planned["reply"], tool_calls=planned["tool_calls"])
    if planned["error"] is not None:
        answer.error, answer.exit_code = planned["error"]["message"], planned["error"]["exit_code"]
    return answer


def run_turn(services: Services, turn: Turn, *, yes: bool, quiet: bool) -> Answer:
    answer = Answer()
    conversation = services.chat.create(services.settings.project)
    try:
        events = services.chat.send(conversation.id, turn.text, turn.images, auto_confirm=yes)
        job_ids = list(collect(answer, events))
        pending = services.chat.pending(conversation.id)
        if pending and sys.stdin.isatty() and input("Start? [y/N] ").strip().lower() in ("y", "yes"):
            job_ids += collect(answer, services.chat.decide(conversation.id, "yes"))
        elif pending:
            answer.error = "This waits for a yes. Run it again with --yes to start it."
            answer.exit_code = 1
    except GameForgeError as error:
        answer.reply = answer.reply or error.message
        answer.error, answer.exit_code = error.message, error.exit_code
        return answer
    for job_id in job_ids:
        finish_job(services, answer, job_id, quiet)
    return answer


def collect(answer: Answer, events: Iterator[Any]) -> Iterator[int]:
    """Fill `answer` from chat events and yield the ids of the jobs that they started."""
    for event in events:
        data = event.data
        if event.kind == "token":
            answer.reply += data["text"]
        elif event.kind == "tool":
            answer.tool_calls.append({"name": data["name"], "args": data["args"]})
        elif event.kind == "job":
            yield data["job_id"]
        elif event.kind == "citation":
            answer.citations.append(data)
        elif event.kind == "files":
            answer.files += data["files"]
        elif event.kind == "error":
            answer.error, answer.exit_code = data["message"], data.get("exit_code", 1)


def finish_job(services: Services, answer: Answer, job_id: int, quiet: bool) -> None:
    job = follow_job(services, job_id, quiet=quiet)
    answer.job = {"id": job.id, "state": job.state, "total": job.total, "done": job.done, "failed": job.failed}
    if job.state != "done":
        answer.exit_code = max(answer.exit_code, 1)
    made = services.library.made_by(job_id)  # a job may make several versions of one asset
    answer.assets += [asset_record(made[task.id]) for task in services.jobs.tasks(job_id) if task.id in made]


def asset_record(asset: Any) -> dict[str, Any]:
    keys = ("id", "version", "path", "subject", "prompt", "seed", "width", "height", "kind", "model", "style_pack")
    return {key: getattr(asset, key) for key in keys}


def show(answer: Answer, *, as_json: bool, plan_only: bool) -> None:
    if as_json:
        record = answer.as_dict()
        if plan_only:
            record = {"reply": record["reply"], "tool_calls": record["tool_calls"]}
        print(json.dumps(record, ensure_ascii=False), flush=True)
        return
    print(answer.reply)
    for call in answer.tool_calls if plan_only else []:
        print(f"  {call['name']} {json.dumps(call['args'], ensure_ascii=False)}")
    for asset in answer.assets:
        print(f"  {asset['id']:>5}  {asset['subject']:<32} {asset['path']}")
    for file in answer.files:
        print(f"  {file['path']}" + "".join(f"\n    {error}" for error in file.get("errors", [])))
    if answer.error and answer.error not in answer.reply:
        print(answer.error, file=sys.stderr)
