"""Keeping in the background."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from jobs.saver import Saver


def test_what_comes_while_it_keeps_is_kept_together_and_in_order() -> None:
    calls: list[list[int]] = []
    busy, go_on = threading.Event(), threading.Event()

    def keep(items: Sequence[int]) -> None:
        calls.append(list(items))
        busy.set()
        assert go_on.wait(10)

    with Saver(keep) as saver:
        saver.add(0)
        assert busy.wait(10)
        for number in (1, 2, 3):
            saver.add(number)
        go_on.set()
    assert calls == [[0], [1, 2, 3]]


def test_what_goes_wrong_is_raised_where_things_are_made() -> None:
    failed = threading.Event()

    def keep(_: Sequence[int]) -> None:
        failed.set()
        raise OSError("full")

    with pytest.raises(OSError, match="full"), Saver(keep) as saver:
        saver.add(1)
        assert failed.wait(10)
        for _ in range(1000):
            saver.add(2)
    with pytest.raises(OSError, match="full"), Saver(keep) as saver:
        saver.add(1)
