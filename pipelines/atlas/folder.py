"""Puts an export into a folder or a zip.

Everything is first written beside its place; only when all of it is on the disk do the files that changed get their
names. So a disk that fills up half-way leaves the earlier export whole, and what did not change keeps its time.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import BadRequest, NotReady, ResourceError

MANIFEST = ".gameforge-export.json"
THE_TIME = (1980, 1, 1, 0, 0, 0)  # of all entries: the same files give the same zip
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Written:
    """Names of files, sorted."""

    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


def write_folder(files: Mapping[str, bytes], folder: Path, name: str, *, replace: bool = False) -> Written:
    """Make `folder` hold `files`; files of the earlier export called `name` that are no longer part of it go.

    A file that somebody changed since is not removed. After an error the folder is as it was:
    ResourceError (disk full), NotReady (cannot be written), BadRequest (there is a file in the folder's place, or files
    that no export wrote would be overwritten and `replace` is not set).
    """
    if folder.exists() and not folder.is_dir():
        raise BadRequest(f"{folder} is a file. Name a folder to export into.")
    staging: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifest = _read_manifest(folder)
        before = manifest.get(name, {})
        sums = {file: hashlib.sha256(data).hexdigest() for file, data in files.items()}
        changed = sorted(file for file, data in files.items() if _content(folder / file) != data)
        if not replace:
            _check_foreign(folder, changed, manifest)
        others = {file for export, kept in manifest.items() if export != name for file in kept}
        stale = [file for file in before if file not in files and file not in others]
        removed = sorted(file for file in stale if _is_ours(folder / file, before[file]))
        staging = Path(tempfile.mkdtemp(prefix=".gameforge-", dir=folder))
        for file in changed:
            _write(staging / file, files[file])
        text = json.dumps({**manifest, name: sums}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        if _content(folder / MANIFEST) != text.encode():
            _write(staging / MANIFEST, text.encode())
        for file in (*changed, MANIFEST):
            if (staging / file).exists():
                os.replace(staging / file, folder / file)
        for file in removed:
            (folder / file).unlink(missing_ok=True)
    except OSError as error:
        raise explained(error, folder) from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)
    return Written(tuple(changed), tuple(sorted(set(files) - set(changed))), tuple(removed))


def _check_foreign(folder: Path, changed: list[str], manifest: Mapping[str, Mapping[str, str]]) -> None:
    """Raises BadRequest when a file would be overwritten that no export wrote. (An engine's own changes to exported
    files, such as Unity's to a .meta, are no reason: a new export is to bring them up to date.)"""
    ours = {file for kept in manifest.values() for file in kept}
    foreign = [file for file in changed if file not in ours and (folder / file).exists()]
    if foreign:
        names = ", ".join(foreign[:3]) + (" and others" if len(foreign) > 3 else "")
        raise BadRequest(
            f"{folder} already has {names}, which no export wrote. Nothing was written: allow files to be replaced, or "
            "choose another name or folder."
        )


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """A zip with the files in order of their names. Images are stored as they are: they are compressed already."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, THE_TIME)
            entry.external_attr = 0o644 << 16
            packed = zipfile.ZIP_STORED if name.endswith((".png", ".webp")) else zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name], packed)
    return buffer.getvalue()


def write_file(path: Path, data: bytes) -> None:
    """Atomically. Raises ResourceError and NotReady as `write_folder` does."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(partial, data)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise explained(error, path.parent) from error


def explained(error: OSError, folder: Path) -> ResourceError | NotReady:
    if error.errno in FULL:
        return ResourceError(
            f"The disk with {folder} is full; what was there before is untouched. Free some space, then try again.",
            detail=str(error),
        )
    return NotReady(f"{folder} cannot be written. Choose another folder or its rights.", detail=str(error))


def godot_folder(folder: Path) -> str:
    """How a Godot project around `folder` calls it ("res://art/"); empty when there is none."""
    folder = folder.absolute()
    for root in (folder, *folder.parents):
        if (root / "project.godot").is_file():
            inside = folder.relative_to(root).as_posix()
            return "res://" if inside == "." else f"res://{inside}/"
    return ""


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _is_ours(path: Path, sha256: Any) -> bool:
    data = _content(path)
    return data is not None and hashlib.sha256(data).hexdigest() == sha256


def _read_manifest(folder: Path) -> dict[str, dict[str, str]]:
    """What earlier exports wrote here. A manifest that cannot be read counts as none: then nothing is removed."""
    try:
        data = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    whole = isinstance(data, dict) and all(isinstance(kept, dict) for kept in data.values())
    own = (
        {name: {file: s for file, s in kept.items() if _is_plain(file)} for name, kept in data.items()} if whole else {}
    )
    return own


def _is_plain(name: str) -> bool:
    """A manifest is a file that anybody may have written: only names in the folder itself are believed."""
    return name not in ("", ".", "..") and not set(name) & set("/\\\0:")
