"""Requests of a message, and verdicts of several, that belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.router.tagger.reader import Request
from agent.router.types import RoutedCall

_SENTENCE = re.compile(r"[.!?;\n]")

_OWN = {
    "generate_assets": ("subject",),
    "regenerate_assets": ("assets",),
    "upscale_assets": ("assets",),
    "export_assets": ("format",),
    "label_assets": ("assets",),
}


def merged(requests: Sequence[Request], text: str) -> list[Request]:
    """Neighbours of one tool are one request unless both have what makes a request of their own.

    A sentence before that names nothing ("nobody lives here. draw 6 sailors") is its reason, not a part of it.
    """
    out: list[Request] = []
    for request in requests:
        before = out[-1] if out else None
        own = _OWN.get(request.tool, ())
        if (
            before is None
            or before.tool != request.tool
            or request.tool == "review_assets"
            or own
            and all(before.slots.get(slot) and request.slots.get(slot) for slot in own)
        ):
            out.append(request)
        elif not before.slots and _SENTENCE.search(text, before.end, request.start + 1):
            out[-1] = request
        else:
            slots = {
                slot: [*before.slots.get(slot, []), *request.slots.get(slot, [])]
                for slot in before.slots | request.slots
            }
            sure, kinds = max(before.sure, request.sure), (*before.kinds, *request.kinds)
            out[-1] = Request(request.tool, before.start, request.end, sure, slots, kinds)
    return out


def both(first: RoutedCall, second: RoutedCall) -> RoutedCall:
    """Two sets of verdicts as one: what is said of all is then said of the rest."""
    approve = [*first.args["approve"], *second.args["approve"]]
    reject = [*first.args["reject"], *second.args["reject"]]
    args = {"approve": list(dict.fromkeys(approve)), "reject": list(dict.fromkeys(reject))}
    for names, others in (("approve", "reject"), ("reject", "approve")):
        if "all" in args[names] and args[others]:
            args[names] = ["rest"]
    return RoutedCall("review_assets", args, min(first.confidence, second.confidence))
