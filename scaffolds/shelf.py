"""Where scaffolds lie: one folder each, with a manifest, a zip on demand, and copies into a folder of the user's."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from errors import BadRequest, NotFound, ResourceError
from scaffolds.types import Scaffold, scaffold_from

MANIFEST = "scaffold.json"
_ID = re.compile(r"[0-9a-f]{16}")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .+-]{0,80}")
_DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}
_STAMP = (2020, 1, 1, 0, 0, 0)  # the same files give the same zip


@dataclass(frozen=True)
class Kept:
    id: str
    folder: Path  # of the files; the manifest lies beside it
    scaffold: Scaffold

    def path(self, name: str) -> Path:
        return self.folder / PurePosixPath(name)


@dataclass(frozen=True)
class SavePlan:
    """What saving would do: files that are new there, and those that it would replace. Equal ones are left alone."""

    folder: Path
    new: tuple[str, ...]
    replaced: tuple[str, ...]
    same: tuple[str, ...]


class Shelf:
    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(self, scaffold: Scaffold) -> Kept:
        """Write it under the hash of its content: the same scaffold twice is one folder. Raises ResourceError."""
        for file in (*scaffold.files, *scaffold.media):
            check_name(file.name)
        manifest = json.dumps(scaffold.as_dict(), ensure_ascii=False, indent=1, sort_keys=True)
        scaffold_id = hashlib.sha256(manifest.encode()).hexdigest()[:16]
        folder = self.root / scaffold_id / "files"
        try:
            for file in scaffold.files:
                _write(folder / PurePosixPath(file.name), file.text)
            for media in scaffold.media:
                _write(folder / PurePosixPath(media.name), Path(media.source).read_bytes())
            _write(self.root / scaffold_id / MANIFEST, manifest)  # last: a folder with a manifest is whole
        except OSError as error:
            raise ResourceError(
                "The code could not be kept: the disk is full or the data folder cannot be written.", detail=str(error)
            ) from error
        return Kept(scaffold_id, folder, scaffold)

    def get(self, scaffold_id: str) -> Kept:
        """Raises NotFound."""
        path = self.root / scaffold_id / MANIFEST
        if not _ID.fullmatch(scaffold_id) or not path.is_file():
            raise NotFound("There is no such scaffold. Ask for it again in the chat.")
        scaffold = scaffold_from(json.loads(path.read_text(encoding="utf-8")))
        return Kept(scaffold_id, self.root / scaffold_id / "files", scaffold)

    def zipped(self, kept: Kept) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in contents(kept).items():
                archive.writestr(zipfile.ZipInfo(name, _STAMP), data, zipfile.ZIP_DEFLATED)
        return packed.getvalue()

    def plan_save(self, kept: Kept, folder: str, root: Path) -> SavePlan:
        """What saving into `folder` would do. Nothing is written.

        Raises:
            BadRequest: no such folder, outside `root`, or a file's path leads out of it through a link.
        """
        target = chosen_folder(folder, root)
        new, replaced, same = [], [], []
        for name, data in contents(kept).items():
            place = inside(target, name)
            if not place.exists():
                new.append(name)
            elif place.is_file() and place.read_bytes() == data:
                same.append(name)
            else:
                replaced.append(name)
        return SavePlan(target, tuple(new), tuple(replaced), tuple(same))

    def save(self, kept: Kept, folder: str, root: Path, *, replace: bool = False) -> SavePlan:
        """Copy the files into `folder`: all of them, or none when one would be replaced and `replace` is not set.

        Raises:
            BadRequest: as `plan_save`, or files would be replaced.
            ResourceError: the folder cannot be written.
        """
        plan = self.plan_save(kept, folder, root)
        if plan.replaced and not replace:
            names = ", ".join(plan.replaced[:3]) + (" and others" if len(plan.replaced) > 3 else "")
            raise BadRequest(
                f"{plan.folder} already has {names}. Nothing was written: say that they may be replaced, or choose "
                "another folder."
            )
        data = contents(kept)
        try:
            for name in (*plan.new, *plan.replaced):
                _write(inside(plan.folder, name), data[name])
        except OSError as error:
            raise ResourceError(f"{plan.folder} cannot be written.", detail=str(error)) from error
        return plan


def contents(kept: Kept) -> dict[str, bytes]:
    """All files by name, the code as it was made and the media as they were copied."""
    code = {file.name: file.text.encode() for file in kept.scaffold.files}
    return code | {media.name: kept.path(media.name).read_bytes() for media in kept.scaffold.media}


def check_name(name: str) -> None:
    """Raises BadRequest for a file name that could lead out of its folder or that some system cannot hold."""
    parts = name.split("/")
    fine = 1 <= len(parts) <= 8 and all(
        _PART.fullmatch(part) and not part.endswith((".", " ")) and part.split(".")[0].lower() not in _DEVICES
        for part in parts
    )
    if not fine:
        raise BadRequest(f"The file name {name[:80]!r} is not allowed.")


def chosen_folder(folder: str, root: Path) -> Path:
    """The existing folder that the user named. Raises BadRequest when there is none, or it lies outside `root`."""
    if not folder.strip() or "\x00" in folder:
        raise BadRequest("Name the folder to save to, for example the one that holds your game.")
    path = Path(folder.strip()).expanduser()
    if not path.is_absolute():
        raise BadRequest("Give the whole path of the folder, from its drive or from /.")
    path = path.resolve()
    if not path.is_dir():
        raise BadRequest(f"There is no folder {path}. Make it first, or choose another one.")
    if not path.is_relative_to(root.resolve()):
        raise BadRequest(f"Files are only saved below {root}. Choose a folder there, or set GAMEFORGE_SAVE_ROOT.")
    return path


def inside(folder: Path, name: str) -> Path:
    """The place of a file below `folder`. Raises BadRequest when a link on the way leads out of it."""
    check_name(name)
    place = folder / PurePosixPath(name)
    if not place.resolve().is_relative_to(folder) or place.is_symlink():
        raise BadRequest(f"{name} would leave {folder} through a link. Nothing was written.")
    return place


def _write(path: Path, data: str | bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.write_bytes(data.encode() if isinstance(data, str) else data)
    partial.replace(path)
