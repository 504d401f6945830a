"""Does the library hold what its database says? Finds missing, changed and orphaned files, and repairs what it can."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from errors import GameForgeError
from library.models import Asset, Version
from library.words import searchable

if TYPE_CHECKING:
    from library.library import Library

# Makes a version's file again from what it was made of; None when that gives other bytes.
Remaker = Callable[[str, dict[str, Any]], "bytes | None"]


@dataclass
class Report:
    """`missing`, `changed` and `orphaned` hold sha256 of files; `repaired` says in words what was done."""

    checked: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    orphaned: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)  # missing or changed, and not repaired

    @property
    def sound(self) -> bool:
        return not (self.missing or self.changed or self.orphaned)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "sound": self.sound}


def check(library: Library, *, repair: bool = False, remake: Remaker | None = None) -> Report:
    """Read every file and compare it with its name.

    With `repair`: what a kill left is published, damaged files are put aside (`damaged/`), files that nothing names are
    put aside (`orphaned/`), missing ones are made again where `remake` gives the very same bytes, and what the
    database derives from others is derived anew.
    """
    report = Report()
    if repair:
        published = library.recover()
        if published:
            report.repaired.append(f"{published} files of interrupted work were put in their places or removed")
        _repair_rows(library, report)
    named = _named(library)
    stored = set(library.storage.listed())
    report.orphaned = sorted(stored - set(named))
    for sha256 in named:
        report.checked += 1
        if sha256 not in stored:
            report.missing.append(sha256)
        elif not _intact(library, sha256):
            report.changed.append(sha256)
    if repair:
        _repair_files(library, report, named, remake)
    else:
        report.lost = [*report.missing, *report.changed]
    return report


def _named(library: Library) -> dict[str, dict[str, Any]]:
    """Every file that something needs, with the details of its version."""
    with library.database.reading() as session:
        rows = session.execute(select(Version.sha256, Version.uncut_sha256, Version.details)).all()
    named: dict[str, dict[str, Any]] = {}
    for sha256, uncut, details in rows:
        named[sha256] = details
        if uncut is not None:
            named.setdefault(uncut, {})
    for others in library.also_needed:
        for sha256 in others():
            named.setdefault(sha256, {})
    return named


def _intact(library: Library, sha256: str) -> bool:
    try:
        with library.storage.open(sha256) as file:
            return hashlib.sha256(file.read()).hexdigest() == sha256
    except (GameForgeError, OSError):
        return False


def _repair_files(library: Library, report: Report, named: dict[str, dict[str, Any]], remake: Remaker | None) -> None:
    for sha256 in report.changed:
        library.storage.put_aside(sha256, "damaged")
        report.repaired.append(f"{sha256[:12]} was damaged and lies in damaged/ now")
    for sha256 in report.orphaned:
        library.storage.put_aside(sha256, "orphaned")
        report.repaired.append(f"{sha256[:12]} belongs to nothing and lies in orphaned/ now")
    for sha256 in [*report.missing, *report.changed]:
        data = remake(sha256, named[sha256]) if remake is not None and named[sha256].get("request") else None
        if data is not None and hashlib.sha256(data).hexdigest() == sha256:
            library.storage.stage(f"probe-{sha256[:16]}", data)
            library.storage.publish(f"probe-{sha256[:16]}", sha256)
            report.repaired.append(f"{sha256[:12]} was made again, the same to the last byte")
        else:
            report.lost.append(sha256)


def _repair_rows(library: Library, report: Report) -> None:
    """Columns that follow from others: current version, words, main colour."""
    newest = select(func.max(Version.id)).where(Version.asset_id == Asset.id).correlate(Asset).scalar_subquery()
    with library.database.session() as session:
        broken = session.scalars(
            select(Asset.id).where(
                (Asset.current_version_id.is_(None))
                | ~select(Version.id).where(Version.id == Asset.current_version_id).exists()
            )
        ).all()
        if broken:
            session.execute(update(Asset).where(Asset.id.in_(broken)).values(current_version_id=newest))
            report.repaired.append(f"{len(broken)} assets got their newest version back")
        wordless = session.execute(
            select(Asset, Version.prompt)
            .join(Version, Version.id == Asset.current_version_id)
            .where(Asset.words == "", Asset.subject != "")
        ).all()
        for asset, prompt in wordless:
            asset.words = searchable(asset.subject, prompt)
        if wordless:
            report.repaired.append(f"{len(wordless)} assets can be found by word again")
