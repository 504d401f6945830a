# ruff: noqa: E501
"""From the raw message to its plain layer: clean characters, digits for number words, key words spelt right."""

from __future__ import annotations

from agent.router.numbers import digits
from agent.router.text import Spanned, clean
from agent.router.typos import mend


def plain_layer(text: str) -> Spanned:
    return mend(digits(clean(text)))
