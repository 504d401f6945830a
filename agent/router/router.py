"""Two readers of a message made into one: rules with a classifier over clauses, and a tagger over word pieces."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from agent.router import labels
from agent.router.classifier import WEIGHTS, TextEncoder
from agent.router.clause_router import MAX_CHARS, ClauseRouter
from agent.router.earlier import earlier
from agent.router.sense import grounded, sensible
from agent.router.tagger import network
from agent.router.tagger.calls import CallMaker
from agent.router.tagger.reader import Tagger
from agent.router.text import clean
from agent.router.types import RoutedCall, Routing, TurnContext

# Where both hear other tools. The limits were chosen on messages of strangers; see docs/decisions/0013.
TAGGER_DOUBTS = 0.75  # a tagger in such doubt yields to rules
TAGGER_LOST = 0.6  # one in such doubt yields even where both hear the same tools
TAGGER_CLEARS = 0.9  # as sure it must be of calls in a message that the rules suspect
RULES_SURE = 0.95  # so sure of calls, they are believed where the tagger hears none,
RULES_SURER = 0.9  # and so sure where the tagger is less so
RULES_FAIR = 0.75  # no less sure are the rules that it yields to
TAGGER_GUESSES = 0.5  # calls that it is no surer of do not count where the rules hear none
RULES_SURE_OF_RARE = 0.9
RULES_CERTAIN = 0.98  # of all that the tagger hears and of more: "redo 2 bluer, upscale 4, export for Phaser"
DISPUTED = 0.8  # what is left of the confidence of a reading that the other one does not share
RULES_KNOW_LISTS = 0.75
_FIELDS = re.compile(r"\bitems?\s*:", re.I)  # what code is to hold: "an inventory. Items: rope, lantern"
RARE = frozenset({"job_status", "cancel_job", "label_assets", "undo_review"})  # the tagger has seen few of them


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
        if ruled.settled:
            best = ruled
        else:
            best = chosen(grounded(ruled, text), grounded(self._tagged(text, context), text), text, context)
        return replace(best, calls=sensible(best.calls, text, context))

    def _tagged(self, text: str, context: TurnContext) -> Routing:
        message = clean(text[:MAX_CHARS])
        reading = self._tagger.read(message)
        favours = self._clauses.opinions.favours
        maker = CallMaker(message, context, self._clauses.kind_of, favours, lambda calls: earlier(calls, context, ""))
        calls = maker.calls(reading)
        lost = 0.3 if reading.requests else reading.sure  # a request without anything to act on
        confidence = min((call.confidence for call in calls), default=lost)
        return Routing(tuple(calls), confidence, tuple(dict.fromkeys(call.name for call in calls)))


def chosen(ruled: Routing, tagged: Routing, text: str, context: TurnContext) -> Routing:
    """One of two readings, with the confidence that both together deserve."""
    shortlist = tuple(dict.fromkeys([*tagged.shortlist, *ruled.shortlist]))
    tools, others = _tools(ruled), _tools(tagged)
    if ruled.wary and (tagged.confidence < TAGGER_CLEARS or not others):
        return Routing((), ruled.confidence, shortlist)
    fields = tools == ["scaffold_code"] and bool(_FIELDS.search(text))
    if tools == others:
        lost = tagged.confidence < min(TAGGER_LOST, ruled.confidence)  # its stretches are then wrong, too
        best = ruled if lost or fields or labels.RESET.search(text) else tagged
        calls = tuple(_sized(_named(call, ruled.calls), ruled.calls) for call in best.calls)
        return Routing(calls, max(ruled.confidence, tagged.confidence), shortlist)
    surer = ruled.confidence >= RULES_SURER and ruled.confidence > tagged.confidence
    unheard = not others and (surer or ruled.confidence >= RULES_SURE)
    rare = bool(RARE & set(tools)) and ruled.confidence > RULES_SURE_OF_RARE
    packs = {name.lower() for name in context.style_packs}
    known = not context.images and any(  # "vampires using the pack Red Night" teaches it nothing
        call.name == "create_style_pack" and str(call.args.get("name", "")).lower() in packs for call in tagged.calls
    )
    for_images = bool(context.images) and "create_style_pack" in tools
    doubted = tagged.confidence < TAGGER_DOUBTS and ruled.confidence >= RULES_FAIR
    guessed = not tools and tagged.confidence < TAGGER_GUESSES
    more = bool(others) and Counter(tools) > Counter(others) and ruled.confidence >= RULES_CERTAIN
    listed = set(tools) == set(others) and ruled.confidence >= RULES_KNOW_LISTS  # one request or several like it
    rules = unheard or guessed or rare or known or for_images or doubted or more or listed or fields
    best = ruled if rules else tagged
    return Routing(best.calls, DISPUTED * best.confidence, shortlist)


def _tools(routing: Routing) -> list[str]:
    return sorted(call.name for call in routing.calls)


def _named(call: RoutedCall, others: tuple[RoutedCall, ...]) -> RoutedCall:
    """A style pack without a name gets the one that the other reading heard."""
    if call.name != "create_style_pack" or call.args.get("name"):
        return call
    name = next((other.args["name"] for other in others if other.name == call.name and other.args.get("name")), None)
    return replace(call, args=call.args | {"name": name}) if name else call


def _sized(call: RoutedCall, others: tuple[RoutedCall, ...]) -> RoutedCall:
    """ "8 shells, 3 crabs and a sand texture at 128px": rules know that the size is that of all."""
    same = [o for o in others if o.name == call.name == "generate_assets" and o.args["subject"] == call.args["subject"]]
    if len(same) != 1 or "size" not in same[0].args or "size" in call.args:
        return call
    return replace(call, args=call.args | {"size": same[0].args["size"]})
