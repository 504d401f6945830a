"""Jobs that train style packs: one task, one process, followed through its progress file."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from sqlalchemy.orm import Session

from errors import GameForgeError, NotReady, ResourceError
from jobs.context import TaskContext
from jobs.train_process import DISK_FULL, FAILED, PROCESS_FILE
from jobs.types import ClaimedTask
from library.library import Library
from library.style_packs import StylePacks

if TYPE_CHECKING:
    from pipelines.engine import ImageEngine

log = logging.getLogger(__name__)

KIND = "train"
ROOT = Path(__file__).resolve().parent.parent
POLL_SECONDS = 0.25
STOP_SECONDS = 60.0  # a step and the writing of the state; then it is killed
RESTARTS = 3  # without a new saved state in between
DIED = (
    "The training was killed from outside {times} times, probably because memory ran out. Close programs, then retry."
)


class TrainingHandler:
    """Runs one training process at a time. A small model goes on painting meanwhile; a large one makes room."""

    kind = KIND
    batch = 1

    def __init__(
        self, engine: ImageEngine, library: Library, packs: StylePacks, home: Path, processes: int = 1
    ) -> None:
        self.engine, self.library, self.packs = engine, library, packs
        self.runs = home / "training"
        self.processes = processes
        self.lane = "training" if engine.info().small else "gpu"

    def tidy(self) -> None:
        """Trainers end by themselves when their parent is gone; `run` sees to one that has not yet."""

    def run(self, tasks: Sequence[ClaimedTask], context: TaskContext) -> None:
        for task in tasks:
            folder = self.runs / str(task.payload["run"])
            if not self.engine.info().small:
                self.engine.unload()
            if self._train(task, folder, context):
                self._keep(task, folder, context)

    def _train(self, task: ClaimedTask, folder: Path, context: TaskContext) -> bool:
        """Until the result is there; False when the job was stopped. Raises GameForgeError when it cannot be."""
        from pipelines.training.checkpoint import checkpoints
        from pipelines.training.run import RESULT_FILE, RunSpec

        RunSpec.read(folder)
        reader = _Reader(folder)
        deaths, saved = 0, -1
        while not (folder / RESULT_FILE).exists():
            end_leftover(folder)
            process = self._start(folder)
            try:
                code = self._follow(task, process, reader, context)
            finally:
                _end(process)
            if code is None:
                return False
            if code == FAILED:
                raise reader.error()
            if code == DISK_FULL:
                raise ResourceError(
                    f"The disk with {self.runs} is full. Free space, then go on: what was learned is kept."
                )
            if (folder / RESULT_FILE).exists():
                break
            states = len(checkpoints(folder / "state")) and _newest(folder)
            deaths = deaths + 1 if states <= saved else 1
            saved = max(saved, states)
            log.warning("the training process of job %s ended with %s", task.job_id, code)
            if deaths >= RESTARTS or code > 0:
                detail = _tail(folder / "log.txt")
                if code > 0:
                    raise NotReady("The training failed unexpectedly. Retry it; the detail tells more.", detail=detail)
                raise ResourceError(DIED.format(times=deaths), detail=detail)
        return True

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "jobs.train_process", str(folder)]
        if self.processes > 1:
            launch = ["-m", "accelerate.commands.launch", "--num_processes", str(self.processes)]
            command = [sys.executable, *launch, "-m", "jobs.train_process", str(folder)]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "TOKENIZERS_PARALLELISM": "false"}
        with (folder / "log.txt").open("ab") as output:
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)

    def _follow(
        self, task: ClaimedTask, process: subprocess.Popen[bytes], reader: _Reader, context: TaskContext
    ) -> int | None:
        """The exit code; None when the job was stopped, and the process with it."""
        while True:
            code = process.poll()
            for entry in reader.new():
                _tell(task, entry, context)
            if code is not None:
                return None if context.cancelled(task) else code
            if context.cancelled(task):
                return None
            time.sleep(POLL_SECONDS)

    def _keep(self, task: ClaimedTask, folder: Path, context: TaskContext) -> None:
        """Pictures and the LoRA into the library, and the version into its pack."""
        from pipelines.lora_file import read_facts
        from pipelines.training.run import RESULT_FILE, RunSpec

        spec = RunSpec.read(folder)
        result = json.loads((folder / RESULT_FILE).read_text(encoding="utf-8"))
        key, packs = f"{task.id}-{task.attempts}", self.packs
        facts = read_facts(folder / result["lora"], spec.name)
        references = [
            {"name": name, "caption": caption, "sha256": self._picture(key, folder / file)}
            for file, name, caption in spec.pictures
        ]
        comparison = [
            {kind: value if kind == "subject" else self._picture(key, folder / value) for kind, value in pair.items()}
            for pair in result["comparison"]
        ]
        lora = packs.files.stage(key, (folder / result["lora"]).read_bytes())
        base = {
            "id": facts.base_id, "name": facts.base_name, "hash": facts.base_hash, "architecture": facts.architecture,
        }  # fmt: skip

        def write(session: Session) -> dict[str, Any]:
            number = packs.add_version(
                session,
                task.payload["pack_id"],
                lora=lora,
                origin="trained",
                base=base,
                settings=spec.settings.to_dict(),
                metrics=result["metrics"],
                files={"references": references, "comparison": comparison, "run": task.payload["run"]},
                job_id=task.job_id,
            )
            return {"pack": {"id": task.payload["pack_id"], "name": spec.name, "version": number, **result["metrics"]}}

        try:
            kept = context.finish(task, write, lambda: packs.files.publish(key, lora))
        except GameForgeError:
            packs.files.discard(key)
            raise
        if not kept:
            packs.files.discard(key)
        shutil.rmtree(folder / "state", ignore_errors=True)

    def _picture(self, key: str, path: Path) -> str:
        storage = self.library.storage
        sha256 = storage.stage(key, path.read_bytes())
        storage.publish(key, sha256)
        return sha256


class _Reader:
    """New entries of a run's progress file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = 0
        self._size = -1
        self._failed: dict[str, Any] = {}

    def new(self) -> list[dict[str, Any]]:
        from pipelines.training.progress import PROGRESS_FILE, read_progress

        file = self._folder / PROGRESS_FILE
        size = file.stat().st_size if file.exists() else 0
        if size == self._size:
            return []
        self._size = size
        entries = list(read_progress(self._folder))
        if len(entries) < self._seen:
            self._seen = 0  # rewound by a run that went on from an earlier state
        fresh, self._seen = entries[self._seen :], len(entries)
        for entry in fresh:
            if entry["kind"] == "failed":
                self._failed = entry
        return fresh

    def error(self) -> GameForgeError:
        self.new()
        sentence = self._failed.get("error", "The training failed. Retry it.")
        return NotReady(sentence, detail=self._failed.get("detail", ""))


def _tell(task: ClaimedTask, entry: dict[str, Any], context: TaskContext) -> None:
    """Steps ten times a second at most; what happens seldom (samples, phases) always."""
    extra = {name: value for name, value in entry.items() if name not in ("step", "steps")}
    always = entry["kind"] != "step"
    context.progress(
        [task], int(entry.get("step", 0)), int(entry.get("steps", 0)), always=always, **{"training": extra}
    )


def end_leftover(folder: Path) -> None:
    """End a trainer of this run that an earlier process left behind; told by pid and start time."""
    try:
        noted = json.loads((folder / PROCESS_FILE).read_text(encoding="utf-8"))
        process = psutil.Process(int(noted["pid"]))
        if abs(process.create_time() - float(noted["started"])) > 0.5:
            return
        process.terminate()
        with contextlib.suppress(psutil.TimeoutExpired):
            process.wait(STOP_SECONDS)
            return
        process.kill()
    except (OSError, ValueError, KeyError, psutil.Error):
        return


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _newest(folder: Path) -> int:
    from pipelines.training.checkpoint import checkpoints

    return int(checkpoints(folder / "state")[-1].stem.split("-")[1])


def _tail(path: Path, chars: int = 4000) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[-chars:]
    except OSError:
        return ""
