# ruff: noqa: E501
"""From what the tagger read to calls with arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from agent.router import generation, labels, packs, slots
from agent.router.lists import STYLES
from agent.router.looks import extras_of
from agent.router.normalise import plain_layer
from agent.router.references import Ref
from agent.router.tagger.reader import Reading, Request
from agent.router.tagger.values import number, refs
from agent.router.text import Spanned, tidy
from agent.router.types import RoutedCall, TurnContext

EarlierOf = Callable[[list[RoutedCall]], generation.Earlier]
_FACTORS = (
    (4, re.compile(r"vierfach|cu[aá]druple|cuatro veces|quatre fois|quadruple|qu[aá]druplo|quatro vezes|四倍|4倍|times four|four times|\b4\b", re.I)),
    (3, re.compile(r"dreifach|triple|tres veces|trois fois|três vezes|三倍|3倍|thrice|\b3\b", re.I)),
    (2, re.compile(r"doppelt|verdoppel|doble|duplic|dobro|dobra|dobre|double|doubl|deux fois|dos veces|duas vezes|zweifach|二倍|2倍|倍|twice|twofold|\b2\b", re.I)),
)  # fmt: skip


class CallMaker:
    """`kind_of` gives the kind of picture for a subject, `earlier_of` what "ones" may mean after these calls."""

    def __init__(self, text: str, context: TurnContext, kind_of: Callable[[str], str], earlier_of: EarlierOf) -> None:
        self._text, self._context = text, context
        self._kind_of, self._earlier_of = kind_of, earlier_of
        self._said: list[Ref] = []

    def calls(self, reading: Reading) -> list[RoutedCall]:
        """In the order of the message; the verdicts of one message make one call."""
        out: list[RoutedCall] = []
        for request in _merged(reading.requests):
            for args in self._arguments(request, out):
                call = RoutedCall(request.tool, args, self._trust(request, args))
                before = next((c for c in out if c.name == "review_assets"), None) if call.name == "review_assets" else None
                if before is not None:
                    out[out.index(before)] = _both(before, call)
                elif call.name != "review_assets" or args["approve"] or args["reject"]:
                    out.append(call)
        return out

    def _arguments(self, request: Request, calls: list[RoutedCall]) -> list[dict[str, Any]]:
        clause = plain_layer(self._text[request.start : request.end])
        gallery = self._context.gallery
        match request.tool:
            case "generate_assets":
                return self._pictures(request, clause, calls)
            case "review_assets":
                return [self._review(request)]
            case "regenerate_assets":
                args = slots.regenerate(clause, gallery, self._said)
                change = self._words(request, "change")
                if change and len(change) > 1:
                    args["change"] = change
                return [args | {"assets": self._refs(request, "assets") or args["assets"]}]
            case "upscale_assets":
                return [self._upscale(request, clause)]
            case "export_assets":
                return [self._export(request, clause, calls)]
            case "create_style_pack":
                name = self._words(request, "name").strip("\"'“”«»「」 ")
                return [packs.style_pack(clause) | ({"name": name} if name else {})]
            case "query_design_docs":
                return [slots.question(clause)]
            case "scaffold_code":
                engine = slots.engine(plain_layer(self._words(request, "engine")).plain) or slots.engine(clause.plain)
                wanted = self._words(request, "requirements") or slots.scaffold(clause)["requirements"]
                return [{"requirements": wanted} | ({"engine": engine} if engine else {})]
            case "search_assets":
                return [{"query": self._words(request, "query") or slots.search(clause)["query"]}]
            case "label_assets":
                return [labels.label(clause, gallery, self._said)]
            case "undo_review":
                return [{}]
            case _:
                return [slots.job(clause)]

    # ------------------------------------------------------------ words of the slots

    def _spans(self, request: Request, slot: str) -> list[str]:
        return [self._text[start:end] for start, end in request.slots.get(slot, ())]

    def _words(self, request: Request, slot: str) -> str:
        """All words of a slot, from its first to its last when nothing else lies between them."""
        places = request.slots.get(slot, [])
        if not places:
            return ""
        return tidy(" ".join(self._text[start:end] for start, end in places))

    def _refs(self, request: Request, slot: str) -> list[Ref]:
        out = [ref for words in self._spans(request, slot) for ref in refs(words, self._context.gallery, self._said)]
        found = list(dict.fromkeys(out))
        if found and "rest" not in found:
            self._said = list(dict.fromkeys([*self._said, *found])) if request.tool == "review_assets" else found
        return found

    @staticmethod
    def _trust(request: Request, args: dict[str, Any]) -> float:
        """Of the tool, halved where what it lives from was not found."""
        needed = {"regenerate_assets": "assets", "upscale_assets": "assets", "generate_assets": "subject"}.get(request.tool)
        return request.sure * (0.5 if needed and not args.get(needed) else 1.0)

    # ------------------------------------------------------------ the tools with most to say

    def _pictures(self, request: Request, clause: Spanned, calls: list[RoutedCall]) -> list[dict[str, Any]]:
        ruled = generation.generate(
            plain_layer(self._text[request.start : request.end]), self._context.style_packs, self._kind_of, self._earlier_of(calls)
        )
        things = request.slots.get("subject", [])
        counts = [(start, number(self._text[start:end])) for start, end in request.slots.get("count", [])]
        counts = [(start, count) for start, count in counts if count is not None]
        if not things or any("variants" in call for call in ruled):
            return ruled
        extras = extras_of(clause, self._context.style_packs) | self._extras(request)
        if "style" in extras and not request.slots.get("style") and extras["style"] not in STYLES:
            del extras["style"]
        named = generation.kind_named(plain_layer(self._words(request, "kind")).plain)
        names = [tidy(self._text[start:end]) for start, end in things]
        if len(counts) > 1 or (len(counts) == 1 and len(things) > 1 and not self._counts_all(counts[0][0], things)):
            each = _paired(counts, things)
        else:
            default = len(things) if len(things) > 1 else self._vague(clause)
            names, each = [self._listed(names)], [counts[0][1] if counts else default]
        return [
            {"subject": name, "kind": named or self._kind(name, extras, clause), "count": count} | extras
            for name, count in zip(names, each, strict=True)
        ]

    def _counts_all(self, place: int, things: list[tuple[int, int]]) -> bool:
        """One number after all things, or with only commas between them, counts them together: "5 swords, axes, bows"."""
        between = self._text[things[0][1] : things[-1][0]]
        return place > things[-1][0] or not re.search(r"\b(?:a|an|one|another|un|una|une|ein|eine|einen|um|uma)\b", between, re.I)

    @staticmethod
    def _listed(names: list[str]) -> str:
        return ", ".join(dict.fromkeys(names))

    @staticmethod
    def _vague(clause: Spanned) -> int:
        return generation.vague_count(clause.plain)

    def _kind(self, subject: str, extras: dict[str, Any], clause: Spanned) -> str:
        return (
            generation.kind_named(plain_layer(subject).plain)
            or generation.kind_hinted(clause.plain)
            or ("texture" if extras.get("tileable") else self._kind_of(subject))
        )

    def _extras(self, request: Request) -> dict[str, Any]:
        extras: dict[str, Any] = {}
        sides = [int(side) for side in re.findall(r"\d+", plain_layer(self._words(request, "size")).plain)]
        if sides:
            extras["size"] = max(sides)
        for flag in ("transparent", "tileable"):
            if request.slots.get(flag):
                extras[flag] = True
        pack = self._words(request, "style_pack").strip("\"'“”«»「」 ")
        if pack:
            known = {name.lower(): name for name in self._context.style_packs}
            extras["style_pack"] = known.get(pack.lower(), pack)
        if request.slots.get("style"):
            extras["style"] = self._words(request, "style")
        return extras

    def _review(self, request: Request) -> dict[str, Any]:
        approve, reject = self._refs(request, "approve"), self._refs(request, "reject")
        if "all" in approve and reject and "all" not in reject:
            approve = ["rest"]
        elif "all" in reject and approve:
            reject = ["rest"]
        return {"approve": approve, "reject": [ref for ref in reject if ref not in approve]}

    def _upscale(self, request: Request, clause: Spanned) -> dict[str, Any]:
        args = slots.upscale(clause, self._context.gallery, self._said)
        words = self._words(request, "factor")
        factor = slots.factor(plain_layer(words).plain) if words else args.get("factor")
        if factor is None and words:
            factor = next((value for value, pattern in _FACTORS if pattern.search(plain_layer(words).plain) or pattern.search(words)), None)
        assets = self._refs(request, "assets") or args["assets"]
        return {"assets": assets} | ({"factor": factor} if factor is not None else {})

    def _export(self, request: Request, clause: Spanned, calls: list[RoutedCall]) -> dict[str, Any]:
        approved = any(call.name == "review_assets" and call.args.get("approve") for call in calls)
        args = slots.export(clause, self._context.gallery, self._said, approved)
        assets = self._refs(request, "assets")
        if assets:
            args["assets"] = ["approved"] if "approved" in assets else assets
        form = slots.export_format(plain_layer(self._words(request, "format")).plain) or args.get("format")
        return args | ({"format": form} if form else {})


_OWN = {
    "generate_assets": ("subject",),
    "regenerate_assets": ("assets",),
    "upscale_assets": ("assets",),
    "export_assets": ("format",),
    "label_assets": ("assets",),
}


def _merged(requests: Sequence[Request]) -> list[Request]:
    """Neighbours of one tool are one request unless both have what makes a request of their own."""
    out: list[Request] = []
    for request in requests:
        before = out[-1] if out else None
        own = _OWN.get(request.tool, ())
        if before is None or before.tool != request.tool or request.tool == "review_assets":
            out.append(request)
        elif own and all(before.slots.get(slot) and request.slots.get(slot) for slot in own):
            out.append(request)
        else:
            both = {slot: [*before.slots.get(slot, []), *request.slots.get(slot, [])] for slot in before.slots | request.slots}
            out[-1] = Request(request.tool, before.start, request.end, max(before.sure, request.sure), both)
    return out


def _paired(counts: list[tuple[int, int | None]], things: list[tuple[int, int]]) -> list[int]:
    """A count for each thing: the nearest before it that no thing before it has; one when there is none."""
    if len(counts) == len(things):
        return [count or 0 for _, count in counts]
    out, last = [], -1
    for start, end in things:
        own = [count for place, count in counts if last < place < start]
        out.append(own[-1] or 0 if own else 1)
        last = end
    return out


def _both(first: RoutedCall, second: RoutedCall) -> RoutedCall:
    approve = [*first.args["approve"], *second.args["approve"]]
    reject = [*first.args["reject"], *second.args["reject"]]
    merged = {"approve": list(dict.fromkeys(approve)), "reject": list(dict.fromkeys(reject))}
    for names, others in (("approve", "reject"), ("reject", "approve")):
        if "all" in merged[names] and merged[others]:
            merged[names] = ["rest"]
    return RoutedCall("review_assets", merged, min(first.confidence, second.confidence))
