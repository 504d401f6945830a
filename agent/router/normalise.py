"""From the raw message to its plain layer: clean characters, English key words, digits, mended spelling."""

from __future__ import annotations

from agent.router.languages import anglicise
from agent.router.numbers import digits
from agent.router.text import Spanned, clean
from agent.router.typos import mend


def plain_layer(text: str, whole: str = "") -> Spanned:
    """The message, or a part of the `whole` one, as the rules and the classifier read it."""
    message, language = anglicise(clean(text), whole)
    if language == "en":
        return mend(digits(message.plain))
    return Spanned(
        [
            part
            for piece in message.pieces
            for part in (digits(piece.plain).pieces if piece.plain == piece.source else [piece])
        ]
    )
