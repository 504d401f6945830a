"""Style packs and their versions: names, files, which version is in use, finding one by what somebody says."""

from __future__ import annotations

import builtins
import re
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from errors import BadRequest, NotFound
from library.db import Database
from library.models import Project, StylePack, StylePackVersion
from library.projects import project_id
from library.storage import Storage

if TYPE_CHECKING:
    import numpy as np

Embed = Callable[[list[str]], "np.ndarray"]
NAME_LENGTH = 40
_NAME = re.compile(r"[^\W_][\w '&.+()-]*", re.UNICODE)
_FILLER = re.compile(r"\b(?:in|with|my|our|the|a|an|this|that|of|style|styles|styled|pack|packs|look|looks)\b", re.I)
_ALIKE = 87  # of 100, spelling
_MEANS = 0.28  # cosine from which a pack's pictures are what was said; measured: unlike ones stay under 0.2
_MEANS_ALONE = 0.15  # when there is one pack only


@dataclass(frozen=True)
class PackVersionView:
    number: int
    origin: str  # "trained" | "imported"
    lora: str  # sha256 of the file
    base: dict[str, Any]
    settings: dict[str, Any]
    metrics: dict[str, Any]
    files: dict[str, Any]
    job_id: int | None
    created_at: float  # Unix seconds


@dataclass(frozen=True)
class PackView:
    """A pack; `current` is the number of the version in use, None while none is ready."""

    id: int
    project: str
    name: str
    trigger: str
    current: int | None
    created_at: float
    versions: tuple[PackVersionView, ...]  # newest first

    @property
    def version(self) -> PackVersionView | None:
        return next((version for version in self.versions if version.number == self.current), None)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class StylePacks:
    """All packs of all projects. `files` keeps the LoRAs, `pictures` their references and samples."""

    def __init__(self, database: Database, pictures: Storage, files: Storage, embed: Embed | None = None) -> None:
        self.database = database
        self.pictures = pictures
        self.files = files
        self._embed = embed

    # Reading

    def list(self, project: str) -> builtins.list[PackView]:
        """By name."""
        query = (
            select(StylePack, Project.name)
            .join(Project, Project.id == StylePack.project_id)
            .where(Project.name == project, StylePack.deleted_at.is_(None))
            .order_by(StylePack.key)
        )
        with self.database.reading() as session:
            return [self._view(session, pack, name) for pack, name in session.execute(query).all()]

    def names(self, project: str) -> tuple[str, ...]:
        """Of the packs that can be used."""
        return tuple(pack.name for pack in self.list(project) if pack.current is not None)

    def get(self, pack_id: int) -> PackView:
        """Raises NotFound, also for a deleted pack."""
        with self.database.reading() as session:
            return self.get_in(session, pack_id)

    def get_in(self, session: Session, pack_id: int) -> PackView:
        row = session.get(StylePack, pack_id)
        if row is None or row.deleted_at is not None:
            raise NotFound(f"There is no style pack {pack_id}.")
        return self._view(session, row, session.get_one(Project, row.project_id).name)

    def named(self, project: str, name: str) -> PackView | None:
        """By its exact name, in any case."""
        wanted = fold(name)
        return next((pack for pack in self.list(project) if fold(pack.name) == wanted), None)

    def find(self, project: str, words: str) -> PackView:
        """The pack that somebody means by `words`: its name, a name spelled nearly so, or what it is about.

        Raises NotFound, with the names that there are.
        """
        packs = [pack for pack in self.list(project) if pack.current is not None]
        found = _by_spelling(packs, words) or self._by_meaning(packs, words)
        if found is None:
            known = ", ".join(pack.name for pack in packs)
            rest = f"There are: {known}." if known else "Leave it out, or make it first."
            raise NotFound(f"There is no style pack named {words}. {rest}")
        return found

    def _by_meaning(self, packs: Sequence[PackView], words: str) -> PackView | None:
        if self._embed is None or not packs:
            return None
        wanted = f"{_FILLER.sub(' ', words).strip() or words} style"
        vectors = self._embed([wanted, *(_about(pack) for pack in packs)])
        scores = vectors[1:] @ vectors[0]
        best = int(scores.argmax())
        return packs[best] if scores[best] >= (_MEANS if len(packs) > 1 else _MEANS_ALONE) else None

    def lora_path(self, sha256: str) -> Path:
        """A local path of a version's LoRA. Raises NotFound."""
        return self.files.path(sha256)

    def picture_hashes(self) -> set[str]:
        """sha256 of every picture that a version needs, those of deleted packs included."""
        with self.database.reading() as session:
            everything = session.scalars(select(StylePackVersion.files)).all()
        found = set()
        for files in everything:
            found |= {reference["sha256"] for reference in files.get("references", []) if "sha256" in reference}
            found |= {pair[kind] for pair in files.get("comparison", []) for kind in ("with", "without")}
        return found

    # Writing

    def reserve(self, session: Session, project: str, name: str, trigger: str) -> int:
        """The row of a new pack in the caller's transaction. One of that name without a version is taken over.

        Raises BadRequest for a name that cannot be used or is taken.
        """
        check_name(name)
        owner, wanted = project_id(session, project), fold(name)
        row = session.scalar(select(StylePack).where(StylePack.project_id == owner, StylePack.key == wanted))
        if row is not None and row.current is not None:
            raise BadRequest(
                f'There is a style pack named {row.name} already. Choose another name, or say "improve {row.name}".'
            )
        if row is None:
            row = StylePack(project_id=owner, name=name.strip(), key=wanted, trigger=trigger)
            session.add(row)
        row.name, row.trigger = name.strip(), trigger
        session.flush()
        return row.id

    def add_version(
        self,
        session: Session,
        pack_id: int,
        *,
        lora: str,
        origin: str,
        base: dict[str, Any],
        settings: dict[str, Any],
        metrics: dict[str, Any],
        files: dict[str, Any],
        job_id: int | None = None,
    ) -> int:
        """A new version in the caller's transaction, in use from now on; returns its number. Raises NotFound."""
        row = session.get(StylePack, pack_id)
        if row is None or row.deleted_at is not None:
            raise NotFound("This style pack was deleted while it was being made.")
        last = session.scalar(select(func.max(StylePackVersion.number)).where(StylePackVersion.pack_id == pack_id))
        number = (last or 0) + 1
        session.add(
            StylePackVersion(
                pack_id=pack_id,
                number=number,
                job_id=job_id,
                origin=origin,
                lora_sha256=lora,
                base=base,
                settings=settings,
                metrics=metrics,
                files=files,
            )
        )
        row.current = number
        session.flush()
        return number

    def use_version(self, pack_id: int, number: int) -> PackView:
        """Roll back or forward. Raises NotFound."""
        with self.database.session() as session:
            pack = self.get_in(session, pack_id)
            if number not in {version.number for version in pack.versions}:
                raise NotFound(f"The style pack {pack.name} has no version {number}.")
            session.get_one(StylePack, pack_id).current = number
        return self.get(pack_id)

    def delete(self, pack_id: int) -> PackView:
        """Out of every list; `restore` undoes it. Images made with it keep what they know. Raises NotFound."""
        with self.database.session() as session:
            pack = self.get_in(session, pack_id)
            row = session.get_one(StylePack, pack_id)
            row.deleted_at, row.key = time.time(), f"{row.key}#{row.id}"
        return pack

    def restore(self, pack_id: int) -> PackView:
        """Raises NotFound, and BadRequest when its name was given to another pack since."""
        with self.database.session() as session:
            row = session.get(StylePack, pack_id)
            if row is None:
                raise NotFound(f"There is no style pack {pack_id}.")
            if row.deleted_at is not None:
                taken = select(StylePack).where(StylePack.project_id == row.project_id, StylePack.key == fold(row.name))
                if session.scalar(taken) is not None:
                    raise BadRequest(f"Another style pack is named {row.name} by now. Delete or rename that one first.")
                row.deleted_at, row.key = None, fold(row.name)
        return self.get(pack_id)

    def _view(self, session: Session, pack: StylePack, project: str) -> PackView:
        query = select(StylePackVersion).where(StylePackVersion.pack_id == pack.id)
        rows = session.scalars(query.order_by(StylePackVersion.number.desc())).all()
        versions = tuple(
            PackVersionView(
                row.number, row.origin, row.lora_sha256, row.base, row.settings, row.metrics, row.files, row.job_id,
                row.created_at,
            )
            for row in rows
        )  # fmt: skip
        return PackView(pack.id, project, pack.name, pack.trigger, pack.current, pack.created_at, versions)


def check_name(name: str) -> None:
    """Raises BadRequest with what a name may be."""
    if not name.strip():
        raise BadRequest("Give the style pack a name, for example Dustbowl.")
    if len(name.strip()) > NAME_LENGTH or not _NAME.fullmatch(name.strip()):
        raise BadRequest(
            f"{name.strip()[:60]!r} cannot be a style pack's name. Use at most {NAME_LENGTH} letters, digits, spaces "
            "and hyphens."
        )


def fold(name: str) -> str:
    """Names are the same in any case and spacing."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _by_spelling(packs: Sequence[PackView], words: str) -> PackView | None:
    from rapidfuzz import fuzz

    said, bare = fold(words), fold(_FILLER.sub(" ", words))
    for pack in packs:
        if fold(pack.name) in (said, bare):
            return pack
    inside = [pack for pack in packs if re.search(rf"\b{re.escape(fold(pack.name))}\b", said)]
    if inside:
        return max(inside, key=lambda pack: len(pack.name))
    scored = [(fuzz.ratio(bare, fold(pack.name)), pack) for pack in packs]
    best = max(scored, key=lambda item: item[0], default=(0, None))
    return best[1] if best[0] >= _ALIKE else None


def _about(pack: PackView) -> str:
    version = pack.version
    captions = [reference.get("caption", "") for reference in (version.files.get("references", []) if version else [])]
    return ", ".join(list(dict.fromkeys(caption for caption in captions if caption))[:12]) or pack.name
