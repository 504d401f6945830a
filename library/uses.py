"""Who else needs an asset: style packs keep pictures of the library as their references and samples."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from library.models import StylePack, StylePackVersion, Version

if TYPE_CHECKING:
    from library.library import Library

_SHA256 = re.compile(r"[0-9a-f]{64}")


def watch_style_packs(library: Library) -> None:
    """From now on pictures that a style pack uses stay out of the bin."""
    library.users.append(_used_by_packs)


def _used_by_packs(session: Session, asset_ids: Collection[int]) -> Mapping[int, str]:
    users = {sha256: f"the style pack {name}" for name, files in _packs(session) for sha256 in _hashes(files)}
    if not users:
        return {}
    query = select(Version.asset_id, Version.sha256, Version.uncut_sha256).where(Version.asset_id.in_(list(asset_ids)))
    found: dict[int, str] = {}
    for asset_id, *hashes in session.execute(query):
        for sha256 in hashes:
            if sha256 in users:
                found[asset_id] = users[sha256]
    return found


def _packs(session: Session) -> list[tuple[str, Any]]:
    """Name and files of every version of every style pack that is not deleted."""
    query = (
        select(StylePack.name, StylePackVersion.files)
        .join(StylePackVersion, StylePackVersion.pack_id == StylePack.id)
        .where(StylePack.deleted_at.is_(None))
    )
    return [(name, files) for name, files in session.execute(query)]


def _hashes(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if _SHA256.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _hashes(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _hashes(part)
