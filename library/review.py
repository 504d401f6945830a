"""Approve, reject: the state of assets."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from errors import BadRequest, NotFound
from library.library import Library
from library.models import Asset
from library.views import ASSET_STATES


def set_states(library: Library, states: Mapping[int, str]) -> None:
    """Give each asset id its new state, all or none.

    Raises:
        NotFound: an asset does not exist.
        BadRequest: there is no such state.
    """
    for state in states.values():
        if state not in ASSET_STATES:
            raise BadRequest(f"Assets are {', '.join(ASSET_STATES)}; there is no state {state!r}.")
    with library.database.session() as session:
        assets = {asset.id: asset for asset in session.scalars(select(Asset).where(Asset.id.in_(states)))}
        for asset_id, state in states.items():
            if asset_id not in assets:
                raise NotFound(f"There is no asset {asset_id}.")
            assets[asset_id].state = state
