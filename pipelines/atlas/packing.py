"""Rectangles onto as few and as small pages as possible.

MaxRects with the rules "best short side fit" and "best long side fit" (J. Jylänki, "A Thousand Ways to Pack the Bin",
2010), each free rectangle a row of an array, so that one placement is a handful of numpy calls. The outcome depends on
the sizes and their order alone. docs/decisions/0007-atlas-packing.md says why no library does it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

GROWTH = 1.012  # from one page size that was too small to the next that is tried
FAST_GROWTH = 1.05
MANY = 3000  # rectangles from which on fewer sizes and one rule are tried
FEW = 64  # rectangles up to which other shapes than squares are tried
SHAPES = (1.0, 1.25, 0.8, 1.6, 0.625, 2.0, 0.5)  # width by height
RULES = ("short", "long")

Size = tuple[int, int]
Taken = dict[int, tuple[int, int, bool]]  # position -> x, y, rotated


@dataclass(frozen=True)
class Place:
    """Where a rectangle lies: top left corner in px, y down. A rotated one takes its height in x and its width in y."""

    page: int
    x: int
    y: int
    rotated: bool


@dataclass(frozen=True)
class Packing:
    places: tuple[Place, ...]  # in the order of the sizes
    pages: tuple[Size, ...]


@dataclass(frozen=True)
class Paper:
    """What a page may be. `gap` px at the right and lower edge of each rectangle may hang over the page's edge."""

    width: int
    height: int
    gap: int = 0
    rotate: bool = False
    power_of_two: bool = False

    @property
    def room(self) -> Size:
        return self.width + self.gap, self.height + self.gap

    def page(self, used: Size) -> Size:
        width, height = used[0] - self.gap, used[1] - self.gap
        return (_power(width), _power(height)) if self.power_of_two else (width, height)

    def holds(self, size: Size) -> bool:
        (width, height), (across, down) = size, self.room
        return (width <= across and height <= down) or (self.rotate and height <= across and width <= down)


def pack(sizes: Sequence[Size], paper: Paper, groups: Sequence[str | None] = ()) -> Packing:
    """Place every (width, height), gap included, without overlap.

    Rectangles of one group (a name for each size, None: no group) come onto one page where a page can hold them.

    Raises:
        ValueError: a size does not fit a page; callers name it before.
    """
    for size in sizes:
        if not paper.holds(size):
            raise ValueError(f"{size[0]} x {size[1]} does not fit a page of {paper.width} x {paper.height}")
    left = sorted(range(len(sizes)), key=lambda index: (-max(sizes[index]), -min(sizes[index]), index))
    places: dict[int, Place] = {}
    pages: list[Size] = []
    while left:
        now, later = left, []
        while True:
            page, taken = _fill_page([sizes[index] for index in now], paper)
            split = _split_groups(now, taken, groups)
            if not split:
                break
            later += [index for index in now if groups[index] in split]
            now = [index for index in now if groups[index] not in split]
            if not now:  # no page holds a group of these: they may part
                now, later = left, []
                page, taken = _fill_page([sizes[index] for index in now], paper)
                break
        for position, (x, y, rotated) in taken.items():
            places[now[position]] = Place(len(pages), x, y, rotated)
        pages.append(page)
        left = [index for index in left if index not in places]
    return Packing(tuple(places[index] for index in range(len(sizes))), tuple(pages))


def _split_groups(indices: Sequence[int], taken: Taken, groups: Sequence[str | None]) -> set[str | None]:
    if not groups or len(taken) == len(indices):
        return set()
    members: defaultdict[str, list[bool]] = defaultdict(list)
    for position, index in enumerate(indices):
        name = groups[index]
        if name is not None:
            members[name].append(position in taken)
    return {name for name, inside in members.items() if any(inside) and not all(inside)}


def _fill_page(sizes: Sequence[Size], paper: Paper) -> tuple[Size, Taken]:
    """The smallest page that takes all, else a largest one with what fits."""
    rules = RULES if len(sizes) <= MANY else RULES[:1]
    if sum(width * height for width, height in sizes) <= paper.room[0] * paper.room[1]:
        for room in _rooms(sizes, paper):
            whole = [taken for rule in rules if (taken := _insert(sizes, room, paper.rotate, rule, whole=True))]
            if whole:
                pages = [(paper.page(_used(sizes, taken)), taken) for taken in whole]
                return min(pages, key=lambda made: made[0][0] * made[0][1])
    tries = [_insert(sizes, paper.room, paper.rotate, rule) for rule in RULES]
    taken = max(tries, key=lambda made: sum(sizes[index][0] * sizes[index][1] for index in made))
    return paper.page(_used(sizes, taken)), taken


def _rooms(sizes: Sequence[Size], paper: Paper) -> list[Size]:
    """Sizes of the room to try for all rectangles together, smallest first."""
    area = sum(width * height for width, height in sizes)
    widest, tallest = max(width for width, _ in sizes), max(height for _, height in sizes)
    if paper.rotate:
        widest = tallest = max(min(size) for size in sizes)
    limit = paper.room
    if paper.power_of_two:
        sides = [(1 << power) + paper.gap for power in range(17)]
        across = [side for side in sides if widest <= side <= limit[0]]
        down = [side for side in sides if tallest <= side <= limit[1]]
        fits = [(w, h) for w in across for h in down if w * h >= area]
        return sorted(fits, key=lambda size: (size[0] * size[1], max(size), -size[0]))
    growth = GROWTH if len(sizes) <= MANY else FAST_GROWTH
    found: set[Size] = {limit}
    for shape in SHAPES if len(sizes) <= FEW else SHAPES[:1]:
        side = sqrt(area) * (1 if len(sizes) <= FEW else GROWTH)
        while True:
            width = min(limit[0], max(widest, ceil(side * sqrt(shape))))
            height = min(limit[1], max(tallest, ceil(side * side / width)))
            width = min(limit[0], max(width, ceil(side * side / height)))  # the height may be at its limit
            if width * height >= area:
                found.add((width, height))
            if (width, height) == limit or side > 2 * sqrt(area) + widest + tallest:
                break
            side *= growth
    return sorted(found, key=lambda size: (size[0] * size[1], max(size), -size[0]))


def _power(side: int) -> int:
    return 1 << (side - 1).bit_length()


def _used(sizes: Sequence[Size], taken: Taken) -> Size:
    right = max(x + sizes[index][rotated] for index, (x, _, rotated) in taken.items())
    low = max(y + sizes[index][not rotated] for index, (_, y, rotated) in taken.items())
    return right, low


def _insert(sizes: Sequence[Size], room: Size, rotate: bool, rule: str, *, whole: bool = False) -> Taken:
    """Place what fits, in the given order; with `whole` nothing, unless all fits."""
    free = np.array([[0, 0, *room]], np.int64)  # x0, y0, x1, y1
    taken: Taken = {}
    refused: Size | None = None
    for index, (width, height) in enumerate(sizes):
        if refused == (width, height):
            continue
        found, rotated = _best(free, width, height, rule), False
        if rotate and width != height:
            turned = _best(free, height, width, rule)
            if turned is not None and (found is None or turned[0] < found[0]):
                found, rotated = turned, True
        if found is None:
            if whole:
                return {}
            refused = (width, height)
            continue
        x, y = int(free[found[1], 0]), int(free[found[1], 1])
        taken[index] = (x, y, rotated)
        across, down = (height, width) if rotated else (width, height)
        free = _without(free, x, y, x + across, y + down)
    return taken


def _best(free: np.ndarray, width: int, height: int, rule: str) -> tuple[int, int] | None:
    """(score, row) of the free rectangle to take, lower is better; None when it fits nowhere."""
    if not len(free):
        return None
    beside = free[:, 2] - free[:, 0] - width
    below = free[:, 3] - free[:, 1] - height
    short, long = np.minimum(beside, below), np.maximum(beside, below)
    score = (short << 20) + long if rule == "short" else (long << 20) + short
    score[short < 0] = np.iinfo(np.int64).max
    row = int(score.argmin())
    return None if short[row] < 0 else (int(score[row]), row)


def _without(free: np.ndarray, x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    """The maximal free rectangles after [x0, x1) x [y0, y1) is taken."""
    hit = (free[:, 0] < x1) & (free[:, 2] > x0) & (free[:, 1] < y1) & (free[:, 3] > y0)
    cut, kept = free[hit], free[~hit]
    left, right, above, below = cut[cut[:, 0] < x0], cut[cut[:, 2] > x1], cut[cut[:, 1] < y0], cut[cut[:, 3] > y1]
    left[:, 2], right[:, 0], above[:, 3], below[:, 1] = x0, x1, y0, y1
    new = np.unique(np.concatenate([left, right, above, below]), axis=0)
    if len(new):
        around = np.concatenate([new, kept])
        inside = (
            (new[:, None, 0] >= around[None, :, 0])
            & (new[:, None, 1] >= around[None, :, 1])
            & (new[:, None, 2] <= around[None, :, 2])
            & (new[:, None, 3] <= around[None, :, 3])
        )
        new = new[inside.sum(1) == 1]  # each is inside itself
    return np.concatenate([kept, new])
