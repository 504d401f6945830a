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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from errors import BadRequest, NotFound, NotReady, ResourceError

STAGING = "staging"
VERIFIED_KEPT = 100_000
FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
SHA256 = re.compile(r"[0-9a-f]{64}")


class Storage:
    """Files below `url` (`file:///...`, `s3://...`, `memory://...`). Constructing it touches nothing.

    Source of the layout: two levels of 256 folders each keep any folder small, as git's object store does.
    """

    def __init__(self, url: str, cache: Path | None = None, *, suffix: str = ".png") -> None:
        self.suffix = suffix
        self.fs, root = fsspec.core.url_to_fs(url)
        self.root = root.rstrip("/")
        self.is_local = isinstance(self.fs, LocalFileSystem)
        self._verified: dict[str, tuple[str, int, int]] = {}  # files that were read and found whole
        self._cache = cache or Path(tempfile.gettempdir()) / "gameforge-files"

    def stage(self, key: str, data: bytes) -> str:
        """Write `data` durably under `key` and return its sha256. Staging a key again replaces it.

        Raises ResourceError (disk full) and NotReady (the folder cannot be written).
        """
        path = self._staged(key)
        with self._explained():
            self.fs.makedirs(f"{self.root}/{STAGING}", exist_ok=True)
            try:
                with self.fs.open(path, "wb") as file:
                    file.write(data)
                    file.flush()
                    if self.is_local:
                        os.fsync(file.fileno())
            except OSError:
                self.discard(key)
                raise
        return hashlib.sha256(data).hexdigest()

    def publish(self, key: str, sha256: str) -> None:
        """Give the staged file its final name. Done already, by anybody: nothing happens. Raises NotFound."""
        source, target = self._staged(key), self._published(sha256)
        if self.exists(sha256):  # the same image again: one file serves both
            self.discard(key)
            return
        with self._explained():
            self.fs.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
            try:
                if self.is_local:
                    os.replace(source, target)
                else:
                    self.fs.mv(source, target)
            except FileNotFoundError as error:
                if not self.exists(sha256):
                    raise NotFound(f"The file of version {sha256[:12]} is missing.", detail=str(error)) from error

    def discard(self, key: str) -> None:
        """Remove a staged file if it is there."""
        with self._explained():
            try:
                self.fs.rm_file(self._staged(key))
            except FileNotFoundError:
                return

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
        return bool(self.fs.exists(self._published(sha256)))

    def open(self, sha256: str) -> BinaryIO:
        """The published file, for reading. Raises NotFound."""
        try:
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
        path = self._published(sha256)
        return str(Path(path)) if self.is_local else str(self.fs.unstrip_protocol(path))

    def listed(self) -> list[str]:
        """sha256 of all published files."""
        self.fs.invalidate_cache()
        with self._explained():
            try:
                paths = self.fs.find(self.root)
            except FileNotFoundError:
                return []
        named = (re.fullmatch(r"([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})\.png", self._below(p)) for p in paths)
        return [match[3] for match in named if match]

    def put_aside(self, sha256: str, folder: str) -> None:
        """Move a published file to `folder/<sha256>.png`, where nothing looks for it."""
        target = f"{self.root}/{folder}/{sha256}.png"
        with self._explained():
            self.fs.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
            self.fs.mv(self._published(sha256), target)
        self._verified.pop(sha256, None)

    def _below(self, path: str) -> str:
        return path.replace("\\", "/")[len(self.root) :].lstrip("/")

    def check_writable(self) -> None:
        """Raise NotReady or ResourceError now rather than after minutes of work."""
        key = f"probe-{os.getpid()}"
        self.stage(key, b"probe")
        self.discard(key)

    def _staged(self, key: str) -> str:
        if not re.fullmatch(r"[\w.-]+", key):
            raise ValueError(f"not a staging key: {key!r}")
        return f"{self.root}/{STAGING}/{key}.part"

    def _published(self, sha256: str) -> str:
        return f"{self.root}/{_sharded(sha256, self.suffix)}"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        with disk_errors(self.root):
            yield


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
