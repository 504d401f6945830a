"""Made-up reviews to learn from: opinions on pictures, `data/verdicts/*.tsv`, several in a message.

A line of a file: yes or no, a tab, and an opinion in which `#` stands for a picture's number and `##` for several, or
with other words for pictures in brackets ("[the rest] can go").
Opinions that go together are taken from one file: they are of one language. Half of the reviews are plain ones ("keep
2, toss 5"; files `<language>-orders.tsv`): from them it is learned which words go with which number.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

from agent.router.classifier import TOOLS
from agent.router.tagger.data import Mark, Sample
from agent.router.tagger.labels import SLOTS
from agent.router.text import clean

VERDICTS = Path(__file__).parents[1] / "data" / "verdicts"
_SEVERAL = (" and ", ", ", " & ", "-", " n ", " + ")
_BETWEEN = (", ", ", ", ". ", ". ", "; ", " / ", " ", " but ", " and ", "\n")
_HOW_MANY = (1, 1, 1, 2, 2, 2, 3, 3, 4)
_UNSPACED = "ja"  # languages whose files begin so
_PLAIN = "-orders"
_NAMED = re.compile(r"(.*)\[(.+)\](.*)")


def reader(folder: Path = VERDICTS) -> Callable[[random.Random], Sample]:
    """A function that makes up a review.

    Raises:
        ValueError: a line is neither yes nor no.
    """
    files: dict[str, list[tuple[str, int]]] = {}
    for file in sorted(folder.glob("*.tsv")):
        lines = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines() if line]
        if any(len(line) != 2 or line[0] not in ("yes", "no") for line in lines):
            raise ValueError(f"{file} has lines that are no verdicts")
        slots = {"yes": SLOTS.index("approve"), "no": SLOTS.index("reject")}
        files[file.stem] = [(clean(words), slots[verdict]) for verdict, words in lines]
    plain = {name for name in files if name.endswith(_PLAIN)}
    numbers = {True: 0, False: 0}
    for name, opinions in files.items():
        numbers[name in plain] += len(opinions)
    sizes = [len(opinions) / numbers[name in plain] for name, opinions in files.items()]

    def review(draw: random.Random) -> Sample:
        (name,) = draw.choices(list(files), sizes)
        many = draw.choice(_HOW_MANY)
        between = "、" if name.startswith(_UNSPACED) else draw.choice(_BETWEEN)
        number = draw.randint(1, 30)
        text, slots = "", []
        for words, slot in draw.sample(files[name], many):
            text += between if text else ""
            if words_named := _NAMED.fullmatch(words):
                before, named, behind = words_named.groups()
            else:
                before, _, behind = words.partition("##" if "##" in words else "#")
                named = str(number)
                if "##" in words:
                    named += draw.choice(_SEVERAL) + str(number := number + draw.randint(1, 3))
                number += draw.randint(1, 3)
            start = len(text) + len(before)
            slots.append(Mark(start, start + len(named), slot))
            text += before + named + behind.replace("#", "")
        return Sample(text, [Mark(0, len(text), TOOLS.index("review_assets"))], slots)

    return review
