"""Files, addressed by the sha256 of their bytes: `ab/cd/<sha256>.png` (or another suffix) below any fsspec URL.

A file is first staged under a key of its maker's choice and gets its name by a rename (`publish`) once the database
knows it. So a published file is always complete, and what lies in `staging/` belongs to unfinished work.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from errors import BadRequest, GameForgeError, NotFound, NotReady, ResourceError

STAGING = "staging"
VERIFIED_KEPT = 100_000
_SYNCERS = ThreadPoolExecutor(16, "files-sync")  # has no threads before its first use
FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
# A listing that another process made stale would hide a file, so none is kept; a dead server is given up in seconds.
REMOTE: dict[str, dict[str, Any]] = {
    "s3": {
        "use_listings_cache": False,
        "skip_instance_cache": True,
        "config_kwargs": {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 2}},
    }
}
SHA256 = re.compile(r"[0-9a-f]{64}")


class Storage:
    """Files below `url` (`file:///...`, `s3://...`, `memory://...`). Constructing it touches nothing.

    Source of the layout: two levels of 256 folders each keep any folder small, as git's object store does.
    """

    def __init__(
        self, url: str, cache: Path | None = None, options: dict[str, Any] | None = None, *, suffix: str = ".png"
    ) -> None:
        """`options` go to the file system: endpoint_url, key and secret for s3. Raises NotReady without its package."""
        self.suffix = suffix
        try:
            self.fs, root = fsspec.core.url_to_fs(url, **(options or {}), **REMOTE.get(url.split(":")[0], {}))
        except ImportError as error:
            extra = {"gs": "gcs", "gcs": "gcs"}.get(url.split(":")[0], url.split(":")[0])
            message = f"Files at {url} need another package: pip install 'gameforge[{extra}]'."
            raise NotReady(message, detail=str(error)) from error
        self.root = root.rstrip("/")
        self.is_local = isinstance(self.fs, LocalFileSystem)
        self._local_root = str(Path(self.root)) if self.is_local else ""
        self._verified: dict[str, tuple[str, int, int]] = {}  # files that were read and found whole
        self._cache = cache or Path(tempfile.gettempdir()) / "gameforge-files"

    def stage(self, key: str, data: bytes) -> str:
        """Write `data` durably under `key` and return its sha256. Staging a key again replaces it.

        Raises ResourceError (disk full) and NotReady (the folder cannot be written).
        """
        return self.stage_all({key: data})[0]

    def stage_all(self, files: Mapping[str, bytes]) -> list[str]:
        """`stage` of several: all of them are on the disk afterwards, or, when it raises, none is staged."""
        with self._explained():
            self.fs.makedirs(f"{self.root}/{STAGING}", exist_ok=True)
            try:
                with ExitStack() as stack:
                    opened: list[BinaryIO] = []
                    for key, data in files.items():
                        opened.append(stack.enter_context(self._create(self._staged(key))))
                        opened[-1].write(data)
                        opened[-1].flush()
                    if self.is_local:
                        _to_disk(opened)
            except OSError:
                for key in files:
                    self.discard(key)
                raise
        return [hashlib.sha256(data).hexdigest() for data in files.values()]

    def publish(self, key: str, sha256: str) -> None:
        """Give the staged file its final name. Done already, by anybody: nothing happens. Raises NotFound."""
        source, target = self._staged(key), self._published(sha256)
        if self.exists(sha256):  # the same image again: one file serves both
            self.discard(key)
            return
        folder = target.rsplit("/", 1)[0]
        with self._explained():
            try:
                if self.is_local:
                    os.makedirs(folder, exist_ok=True)
                    os.replace(source, target)
                else:
                    self.fs.makedirs(folder, exist_ok=True)
                    self.fs.mv(source, target)
            except FileNotFoundError as error:
                if not self.exists(sha256):
                    raise NotFound(f"The file of version {sha256[:12]} is missing.", detail=str(error)) from error

    def discard(self, key: str) -> None:
        """Remove a staged file if it is there."""
        path = self._staged(key)
        with self._explained(), suppress(FileNotFoundError):
            if self.is_local:
                os.remove(path)
            else:
                self.fs.rm_file(path)

    def staged(self) -> list[str]:
        """Keys of all staged files."""
        folder = f"{self.root}/{STAGING}"
        self.fs.invalidate_cache(folder)
        with self._explained():
            try:
                names = self.fs.ls(folder, detail=False)
            except FileNotFoundError:
                return []
        return sorted(name.rsplit("/", 1)[1].removesuffix(".part") for name in names if name.endswith(".part"))

    def exists(self, sha256: str) -> bool:
        """Raises NotReady (the store cannot be reached)."""
        with self._explained():
            path = self._published(sha256)
            return os.path.exists(path) if self.is_local else bool(self.fs.exists(path))

    def open(self, sha256: str) -> BinaryIO:
        """The published file, for reading. Raises NotFound."""
        try:
            with self._explained():
                return cast(BinaryIO, self.fs.open(self._published(sha256), "rb"))
        except FileNotFoundError as error:
            raise NotFound(f"The file of version {sha256[:12]} is missing.", detail=str(error)) from error

    def path(self, sha256: str) -> Path:
        """A local path of the published file, whose content is what its name says; a remote one is copied into the
        cache once.

        Raises:
            NotFound: it is missing, or damaged.
            NotReady: the store cannot be reached.
        """
        if self.is_local:
            path = Path(self._published(sha256))
            if not path.is_file():
                raise NotFound(f"The file of version {sha256[:12]} is missing.", detail=str(path))
            return self._checked(path, sha256)
        path = self._cache / _sharded(sha256, self.suffix)
        if not path.is_file():
            with self.open(sha256) as source, self._explained():
                data = source.read()
            if hashlib.sha256(data).hexdigest() != sha256:
                raise _damaged(sha256, self.address(sha256))
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(f".{os.getpid()}.part")
            partial.write_bytes(data)
            partial.replace(path)
        return self._checked(path, sha256)

    def _checked(self, path: Path, sha256: str) -> Path:
        """Read through once for each state of the file that this process has not seen. Raises NotFound."""
        facts = path.stat()
        seen = (sha256, facts.st_mtime_ns, facts.st_size)
        if self._verified.get(sha256) != seen:
            if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
                if not self.is_local:
                    path.unlink(missing_ok=True)  # the copy, not the original
                raise _damaged(sha256, str(path))
            if len(self._verified) >= VERIFIED_KEPT:
                self._verified.clear()
            self._verified[sha256] = seen
        return path

    def address(self, sha256: str) -> str:
        """Where the published file lies (or will): a local path, or the URL of a remote store."""
        if self.is_local:
            return f"{self._local_root}{os.sep}{_sharded(sha256, self.suffix).replace('/', os.sep)}"
        return str(self.fs.unstrip_protocol(self._published(sha256)))

    def listed(self) -> list[str]:
        """sha256 of all published files."""
        self.fs.invalidate_cache()
        with self._explained():
            try:
                paths = self.fs.find(self.root)
            except FileNotFoundError:
                return []
        pattern = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})" + re.escape(self.suffix))
        named = (pattern.fullmatch(self._below(path)) for path in paths)
        return [match[3] for match in named if match]

    def put_aside(self, sha256: str, folder: str) -> None:
        """Move a published file to `folder/<sha256>.<suffix>`, where nothing looks for it."""
        target = f"{self.root}/{folder}/{sha256}{self.suffix}"
        with self._explained():
            self.fs.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
            self.fs.mv(self._published(sha256), target)
        self._verified.pop(sha256, None)

    def _below(self, path: str) -> str:
        return path.replace("\\", "/")[len(self.root) :].lstrip("/")

    def check_writable(self) -> None:
        """Raise NotReady or ResourceError now rather than after minutes of work."""
        key = f"writable-{os.getpid()}"  # of no use to anybody: after a kill `recover` removes it
        with self._explained():
            self.fs.makedirs(f"{self.root}/{STAGING}", exist_ok=True)
            self.fs.pipe_file(self._staged(key), b"probe")
        self.discard(key)

    def _staged(self, key: str) -> str:
        if not re.fullmatch(r"[\w.-]+", key):
            raise ValueError(f"not a staging key: {key!r}")
        return f"{self.root}/{STAGING}/{key}.part"

    def _create(self, path: str) -> BinaryIO:
        if self.is_local:
            return open(path, "wb")  # fsspec's own file takes three times as long
        return cast(BinaryIO, self.fs.open(path, "wb"))

    def _published(self, sha256: str) -> str:
        return f"{self.root}/{_sharded(sha256, self.suffix)}"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        if self.is_local:
            with disk_errors(self.root):
                yield
            return
        try:
            yield
        except (FileNotFoundError, GameForgeError):
            raise
        except Exception as error:  # every client has its own classes for a server that is away
            if not _unreachable(error):
                raise
            message = f"The store {self.root} cannot be reached. Start it, or correct GAMEFORGE_STORAGE_ENDPOINT."
            raise NotReady(message, detail=f"{type(error).__name__}: {error}") from error


def _to_disk(files: Sequence[BinaryIO]) -> None:
    """fsync, all at the same time: they share a commit of the file system's journal; one by one each takes its own."""
    if len(files) == 1:
        os.fsync(files[0].fileno())
        return
    calls = [_SYNCERS.submit(os.fsync, file.fileno()) for file in files]
    wait(calls)  # the caller closes the files, also after an error: none may be in use then
    for call in calls:
        call.result()


def _unreachable(error: BaseException) -> bool:
    """Connections that fail, in the words of whatever client speaks to the store."""
    names = {kind.__name__ for kind in type(error).__mro__}
    signs = {
        "EndpointConnectionError",
        "ConnectionError",
        "HTTPClientError",
        "ClientError",
        "TimeoutError",
        "NoCredentialsError",
    }
    chained = error.__cause__ or error.__context__
    return bool(names & signs) or (chained is not None and _unreachable(chained))


def _damaged(sha256: str, where: str) -> NotFound:
    message = f"The file of version {sha256[:12]} is damaged. Run `gameforge library check --repair`."
    return NotFound(message, detail=where)


@contextmanager
def disk_errors(root: str) -> Iterator[None]:
    """Turn errors of a full or unwritable disk under `root` into a ResourceError or NotReady that says so."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL_DISK:
            message = f"The disk with {root} is full. Free some space, then try again."
            raise ResourceError(message, detail=str(error)) from error
        if error.errno in UNWRITABLE:
            message = f"The folder {root} cannot be written. Make it writable or choose another one."
            raise NotReady(message, detail=str(error)) from error
        raise


def _sharded(sha256: str, suffix: str) -> str:
    if not SHA256.fullmatch(sha256):
        raise BadRequest("A version is named by the 64 hex digits of its sha256.")
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}{suffix}"
