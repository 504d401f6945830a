"""Two readers of a message made into one: rules with a classifier over clauses, and a tagger over word pieces."""

from __future__ import annotations

from pathlib import Path

from agent.router import patterns
from agent.router.classifier import WEIGHTS, TextEncoder
from agent.router.clause_router import MAX_CHARS, ClauseRouter
from agent.router.earlier import earlier
from agent.router.tagger import network
from agent.router.tagger.calls import CallMaker
from agent.router.tagger.reader import Tagger
from agent.router.text import clean
from agent.router.types import Routing, TurnContext


class Router:
    """Stateless after loading; `route` may be called from several threads."""

    def __init__(self, clauses: ClauseRouter, tagger: Tagger) -> None:
        self._clauses, self._tagger = clauses, tagger

    @classmethod
    def load(cls, embedder: TextEncoder, weights: Path = WEIGHTS, tagger: Path = network.WEIGHTS) -> Router:
        """`embedder.encode(list[str])` gives unit vectors, float [n, 384], of all-MiniLM-L6-v2.

        Raises:
            NotReady: the built-in embedder is missing.
        """
        return cls(ClauseRouter.load(embedder, weights), Tagger.load(tagger))

    def route(self, text: str, context: TurnContext = TurnContext()) -> Routing:  # noqa: B008 (frozen)
        ruled = self._clauses.route(text, context)
        tagged = self.tagged(text, context)
        return tagged

    def tagged(self, text: str, context: TurnContext) -> Routing:
        message = clean(text[:MAX_CHARS])
        reading = self._tagger.read(message)
        maker = CallMaker(message, context, self._clauses.kind_of, lambda calls: earlier(calls, context, ""))
        calls = maker.calls(reading)
        confidence = min((call.confidence for call in calls), default=reading.sure if not reading.requests else 0.3)
        return Routing(tuple(calls), confidence, tuple(dict.fromkeys(call.name for call in calls)))
