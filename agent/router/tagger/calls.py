# ruff: noqa: E501
"""From what the tagger read to calls with arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from agent.router import generation, labels, packs, patterns, references, slots
from agent.router.languages import english_subject
from agent.router.lists import STYLES
from agent.router.looks import extras_of
from agent.router.normalise import plain_layer
from agent.router.references import Ref
from agent.router.tagger import phrases, values
from agent.router.tagger.merging import both, merged
from agent.router.tagger.reader import Reading, Request
from agent.router.tagger.values import (
    factor_word,
    joined,
    longer,
    number,
    number_places,
    refs,
    uncounted,
)
from agent.router.text import Spanned, tidy
from agent.router.types import RoutedCall, TurnContext

EarlierOf = Callable[[list[RoutedCall]], generation.Earlier]


class CallMaker:
    """`kind_of` gives the kind of picture for a subject, `favours` judges a remark on a picture, `earlier_of` tells what
    "ones" may mean after these calls.
    """

    def __init__(
        self,
        text: str,
        context: TurnContext,
        kind_of: Callable[[str], str],
        favours: Callable[[str], bool],
        earlier_of: EarlierOf,
    ) -> None:
        self._text, self._context = text, context
        self._numbers = number_places(text)
        self._unmeasured = phrases.NO_PICTURE.sub(lambda match: " " * len(match.group()), text)
        self._alone: set[str] = set()  # tools that are called once: the whole message may speak of them
        self._kind_of, self._favours, self._earlier_of = kind_of, favours, earlier_of
        self._said: list[Ref] = []

    def calls(self, reading: Reading) -> list[RoutedCall]:
        """In the order of the message; the verdicts of one message make one call."""
        out: list[RoutedCall] = []
        requests = merged(reading.requests, self._text)
        tools = [request.tool for request in requests]
        self._alone = {tool for tool in tools if tools.count(tool) == 1}
        for request in requests:
            if request.tool == "regenerate_assets" and self._is_discard(request):
                request = replace(request, tool="review_assets", slots={"reject": request.slots.get("assets", [])})
            if self._is_reason(request, out):
                continue
            for args in self._arguments(request, out):
                call = RoutedCall(request.tool, args, self._trust(request, args))
                before = (
                    next((c for c in out if c.name == "review_assets"), None) if call.name == "review_assets" else None
                )
                if before is not None:
                    out[out.index(before)] = both(before, call)
                elif call.name != "review_assets" or args["approve"] or args["reject"]:
                    out.append(call)
        return self._with_pack(out, requests)

    def _with_pack(self, calls: list[RoutedCall], requests: Sequence[Request]) -> list[RoutedCall]:
        """ "two vampires" and "using the pack Red Night" with nothing to learn from: that names the look of the first."""
        learned = [self._text[r.start : r.end] for r in requests if r.tool == "create_style_pack"]
        drawn = [call for call in calls if call.name == "generate_assets"]
        names = [call.args.get("name") for call in calls if call.name == "create_style_pack"]
        if self._context.images or not drawn or len(names) != 1 or not names[0] or phrases.LEARN.search(learned[0]):
            return calls
        for call in drawn:
            call.args.setdefault("style_pack", names[0])
        return [call for call in calls if call.name != "create_style_pack"]

    def _is_discard(self, request: Request) -> bool:
        """ "4 is dull, get rid of it": the last words of a remark are a verdict."""
        last = re.split(r"[,.;!]\s*(?=\w)", self._text[request.start : request.end])[-1]
        return bool(patterns.DISCARD.match(last))

    def _is_reason(self, request: Request, calls: list[RoutedCall]) -> bool:
        """ "reject 1 and 2, they are too glossy": that asks for no others."""
        rejected = bool(calls) and calls[-1].name == "review_assets" and bool(calls[-1].args["reject"])
        if request.tool != "regenerate_assets" or not rejected or request.slots.get("assets"):
            return False
        return bool(phrases.REASON.match(self._text, request.start)) and not phrases.ASKS.search(
            self._text, request.start, request.end
        )

    def _arguments(self, request: Request, calls: list[RoutedCall]) -> list[dict[str, Any]]:
        clause = self._plain(self._text[request.start : request.end])
        gallery = self._context.gallery
        match request.tool:
            case "generate_assets":
                return self._pictures(request, clause, calls)
            case "review_assets":
                return [self._review(request)]
            case "regenerate_assets":
                args = slots.regenerate(clause, gallery, self._said)
                change = longer(phrases.LEAD.sub("", self._words(request, "change")), args.get("change", ""))
                if number(change) is not None and " " not in change:  # "has 3 legs and it should have four"
                    places = self._places(request, "assets")
                    change = tidy(self._text[places[-1][1] if places else request.start : request.end])
                if change:
                    args["change"] = change
                return [args | {"assets": self._refs(request, "assets") or args["assets"]}]
            case "upscale_assets":
                return [self._upscale(request, clause)]
            case "export_assets":
                return [self._export(request, clause, calls)]
            case "create_style_pack":
                name = values.whole_name(self._text, self._words(request, "name").strip("\"'“”«»「」 "))
                return [packs.style_pack(clause) | ({"name": name} if name else {})]
            case "query_design_docs":
                return [
                    slots.question(
                        self._whole() if len(self._alone) == 1 and phrases.POINTER.search(clause.plain) else clause
                    )
                ]
            case "scaffold_code":
                engine = slots.engine(self._plain(self._words(request, "engine")).plain) or slots.engine(clause.plain)
                engine = engine or (slots.engine(self._text) if request.tool in self._alone else None)
                whole = len(self._alone) == 1 and phrases.POINTER.search(clause.plain)
                said = slots.scaffold(self._whole() if whole else clause)["requirements"]
                wanted = longer(self._words(request, "requirements"), said)
                return [{"requirements": wanted} | ({"engine": engine} if engine else {})]
            case "search_assets":
                query = values.unplaced(self._words(request, "query"))
                return [{"query": longer(query, slots.search(clause)["query"])}]
            case "label_assets":
                args = labels.label(clause, gallery, self._said)
                self._said = args["assets"] or self._said
                return [args]
            case "undo_review":
                return [{}]
            case _:
                return [slots.job(clause)]

    # ------------------------------------------------------------ words of the slots

    def _plain(self, words: str) -> Spanned:
        return plain_layer(words, self._text)

    def _whole(self) -> Spanned:
        return plain_layer(self._text)

    def _places(self, request: Request, slot: str) -> list[tuple[int, int]]:
        """Where the words of a slot stand: whole words, whole numbers ("twenty one"), none twice."""
        out: list[tuple[int, int]] = []
        for start, end in request.slots.get(slot, ()):
            while start > 0 and joined(self._text[start - 1 : start + 1]):
                start -= 1
            while end < len(self._text) and joined(self._text[end - 1 : end + 1]):
                end += 1
            for low, high in self._numbers:
                if low < end and start < high:
                    start, end = min(start, low), max(end, high)
            if out and start <= out[-1][1]:
                out[-1] = (out[-1][0], max(end, out[-1][1]))
            else:
                out.append((start, end))
        return out

    def _words(self, request: Request, slot: str) -> str:
        """All words of a slot."""
        return tidy(" ".join(self._text[start:end] for start, end in self._places(request, slot)))

    def _refs(self, request: Request, slot: str) -> list[Ref]:
        places = values.bridged(self._text, self._places(request, slot))
        words = [part for start, end in places if (part := self._unmeasured[start:end]).strip()]
        gallery = self._context.gallery
        told = [ref for part in words for ref in refs(part, gallery, []) if ref != "both"]
        # "la" beside "2" is no pronoun
        found = list(dict.fromkeys(told or [ref for part in words for ref in refs(part, gallery, self._said)]))
        if slot == "assets":
            text = values.blanked(self._unmeasured, self._places(request, "change"))  # "21 should have 4 legs"
            clause = self._plain(text[request.start : request.end])
            ruled = slots.refs(clause, gallery, [])
            found = (
                ruled if set(found) < set(ruled) and (not found or values.in_one_list(ruled, clause.plain)) else found
            )
        if found and "rest" not in found:
            self._said = list(dict.fromkeys([*self._said, *found])) if request.tool == "review_assets" else found
        return found

    @staticmethod
    def _trust(request: Request, args: dict[str, Any]) -> float:
        """Of the tool, halved where what it lives from was not found."""
        needed = {"regenerate_assets": "assets", "upscale_assets": "assets", "generate_assets": "subject"}.get(
            request.tool
        )
        heard = args.get(needed or "") and (needed != "subject" or request.slots.get("subject"))
        return request.sure * (0.5 if needed and not heard else 1.0)

    # ------------------------------------------------------------ the tools with most to say

    def _pictures(self, request: Request, clause: Spanned, calls: list[RoutedCall]) -> list[dict[str, Any]]:
        guesses: list[str] = []

        def guess(subject: str) -> str:
            guesses.append(subject)
            return request.kind(self._text, subject) or self._kind_of(subject)

        cutout = [(a, b) for a, b in self._places(request, "transparent") if self._is_flag("transparent", a, b)]
        # "must not have the background" names no kind
        heard = self._plain(values.blanked(self._text, cutout)[request.start : request.end])
        ruled = generation.generate(heard, self._context.style_packs, guess, self._earlier_of(calls))
        counts = [(start, number(self._text[start:end])) for start, end in self._places(request, "count")]
        counts = [(start, count) for start, count in counts if count is not None and not self._names_part(start)]
        things = self._things(self._subjects(request))
        plain = not any("variants" in call or call["count"] < 1 for call in ruled)
        if not things or not plain or 1 < len(ruled) == len(things):
            return ruled
        extras = extras_of(clause, self._context.style_packs)
        extras |= self._extras(request, extras)
        if len(ruled) == 1 and "style_pack" in ruled[0]:
            extras.setdefault("style_pack", ruled[0]["style_pack"])  # "with it"
        if "style" in extras and not request.slots.get("style") and extras["style"] not in STYLES:
            del extras["style"]
        named = generation.kind_named(self._plain(self._words(request, "kind")).plain)
        if named is None and len(ruled) == 1 and len(things) == 1:
            english = english_subject(things[0][2], self._text) == things[0][2]
            named = ruled[0]["kind"] if english and not guesses else None  # rules know no others
        said = {count for _, count in counts} | {call["count"] for call in ruled}
        names = [uncounted(phrases.SPRITES.sub("", self._uncommanded(tidy(words))), said) for _, _, words in things]
        if len(ruled) == len(names) == 1 and (
            generation.stands_in(names[0])
            or generation.is_kind_alone(names[0])
            or values.is_better_cut(names[0], ruled[0]["subject"])
        ):
            names = [ruled[0]["subject"]]
        kind = self._words(request, "kind")
        joint = bool(kind) and len(names) > 1
        if kind and len(names) == 1 and not generation.is_kind_alone(self._plain(kind).plain):
            names = [self._with_kind(request, names[0], kind)]  # "underwater themed" "buttons"
        if len(things) == 1:  # "a texture, three versions", "five of them, each one a character"
            counts = [pair for pair in counts if pair[1] != 1][:1] or counts[:1]
        if len(counts) > 1 or (
            len(counts) == 1 and len(things) > 1 and not values.counts_all(self._text, counts[0][0], things)
        ):
            each = _paired(counts, things)
        else:
            default = ruled[0]["count"] if len(ruled) == 1 else max(len(things), generation.vague_count(clause.plain))
            apiece = len(things) if counts and phrases.APIECE.search(clause.plain) else 1
            names, each = [", ".join(dict.fromkeys(names))], [counts[0][1] * apiece if counts else default]
            if joint and kind.lower() not in names[0].lower() and not generation.is_kind_alone(self._plain(kind).plain):
                names = [f"{names[0]} {kind}"]  # "main menu", "underwater themed" and "buttons"
        return [
            {"subject": name, "kind": named or self._kind(name, request, extras, clause), "count": count} | extras
            for name, count in zip(names, each, strict=True)
        ]

    def _subjects(self, request: Request) -> list[tuple[int, int]]:
        """Where the things stand, without a stray command ("generiere", "Heuballen")."""
        places = self._places(request, "subject")
        kept = [(a, b) for a, b in places if not phrases.COMMAND.fullmatch(self._plain(self._text[a:b]).plain.strip())]
        return kept or places

    def _with_kind(self, request: Request, name: str, kind: str) -> str:
        """A thing with the word for its kind where it stood: "panelas" and "cobre" of "panelas de cobre"."""
        (start, end), *more = self._places(request, "kind")
        after = [place for place in self._places(request, "subject") if place[0] >= end]
        if more or len(after) != 1 or not phrases.HELD.fullmatch(self._text[end : after[0][0]]):
            return f"{name} {kind}"
        return self._text[start : after[0][1]]

    def _uncommanded(self, name: str) -> str:
        """ "desenha faroleiros" without the command."""
        first, _, rest = name.partition(" ")
        return rest if rest and phrases.COMMAND.fullmatch(self._plain(first).plain.strip()) else name

    def _names_part(self, start: int) -> bool:
        """Whether the number there belongs to a level or chapter."""
        return bool(phrases.PART_BEFORE.search(self._text, 0, start))

    def _is_flag(self, flag: str, start: int, end: int) -> bool:
        return bool(phrases.FLAGS[flag].search(self._text, start, end))

    def _things(self, places: list[tuple[int, int]]) -> list[tuple[int, int, str]]:
        """(start, end, words) of each thing: stretches that no list parts are one thing, and no more."""
        out: list[tuple[int, int, str]] = []
        parts = [m.span() for start, end in places for m in phrases.LISTED.finditer(self._text, start, end)]
        for start, end in parts:
            words = self._text[start:end]
            if out and not phrases.LIST.search(self._text[out[-1][1] : start]):
                between = self._text[out[-1][1] : start]
                whole = f"{out[-1][2]}{between}{words}" if phrases.HELD.fullmatch(between) else f"{out[-1][2]} {words}"
                out[-1] = (out[-1][0], end, whole)
            else:
                out.append((start, end, words))
        return out

    def _kind(self, name: str, request: Request, extras: dict[str, Any], clause: Spanned) -> str:
        subject = english_subject(name, self._text)
        hinted = generation.kind_hinted(clause.plain)
        return (
            ("background" if hinted == "background" else None)  # "something to hang behind the boss arena"
            or generation.kind_named(self._plain(subject).plain)
            or hinted
            or request.kind(self._text, name)
            or ("texture" if extras.get("tileable") else self._kind_of(generation.head_of(subject)))
        )

    def _extras(self, request: Request, ruled: dict[str, Any]) -> dict[str, Any]:
        extras: dict[str, Any] = {}
        sides = [int(side) for side in re.findall(r"\d+", self._plain(self._words(request, "size")).plain)]
        if sides and ruled.get("seed") not in sides:
            extras["size"] = max(sides)
        for flag, words in phrases.FLAGS.items():
            if words.search(self._words(request, flag)) and ruled.get(flag) is not False:
                extras[flag] = True
        pack = self._words(request, "style_pack").strip("\"'“”«»「」 ")
        if pack and (pack.lower() in map(str.lower, self._context.style_packs) or phrases.PACK_WORD.search(self._text)):
            known = {name.lower(): name for name in self._context.style_packs}
            own = str(ruled.get("style_pack") or phrases.BESIDE_PACK.sub("", pack))
            beside = tidy(pack.replace(own, " "))  # "Saffron style" is called Saffron, "Saffron Bazaar" is not
            shorter = own in pack and (not beside or bool(phrases.PACK_WORD.fullmatch(beside)))
            extras["style_pack"] = known.get(pack.lower(), own if shorter else pack)
        style = self._words(request, "style")
        if (
            style
            and not phrases.PACK_WORD.fullmatch(style)
            and not any(words.search(style) for words in phrases.FLAGS.values())
        ):
            extras["style"] = style
        return extras

    def _review(self, request: Request) -> dict[str, Any]:
        clause = self._plain(self._text[request.start : request.end])
        ruled = slots.review(clause.plain.strip(" ,;."), self._context.gallery, list(self._said), self._favours)
        approve, reject = self._refs(request, "approve"), self._refs(request, "reject")
        numbers = {ref for ref in (*approve, *reject) if isinstance(ref, int)}
        named = {*ruled["approve"], *ruled["reject"]}
        told = bool(slots.verdict_words(clause.plain)) or not (approve or reject)  # else by the way it was said only
        told = told or "rest" in named and references.exceptions(clause.plain) is not None
        missed = approve and reject and not (ruled["approve"] and ruled["reject"])  # a verdict whose words rules lack
        missed = missed and not slots.TOO.search(clause.plain)  # "14 also": the verdict before
        if told and not missed and named and numbers <= named and (numbers or named >= {*approve, *reject}):
            return ruled
        if "all" in approve and reject and "all" not in reject:
            approve = ["rest"]
        elif "all" in reject and approve:
            reject = ["rest"]
        return {"approve": approve, "reject": [ref for ref in reject if ref not in approve]}

    def _upscale(self, request: Request, clause: Spanned) -> dict[str, Any]:
        args = slots.upscale(clause, self._context.gallery, self._said)
        words = self._words(request, "factor")
        factor = slots.factor(self._plain(words).plain) if words else args.get("factor")
        if factor is None and words:
            factor = factor_word(self._plain(words).plain) or factor_word(words)
        if factor is None and request.tool in self._alone:
            factor = slots.factor(self._whole().plain)
        if factor is None:
            factor = values.multiplied(self._text[request.start : request.end])
        assets = self._refs(request, "assets") or args["assets"]
        return {"assets": assets} | ({"factor": factor} if factor is not None else {})

    def _export(self, request: Request, clause: Spanned, calls: list[RoutedCall]) -> dict[str, Any]:
        approved = any(call.name == "review_assets" and call.args.get("approve") for call in calls)
        args = slots.export(clause, self._context.gallery, self._said, approved)
        assets = self._refs(request, "assets")
        if assets:
            args["assets"] = ["approved"] if "approved" in assets else assets
        form = slots.export_format(self._plain(self._words(request, "format")).plain) or args.get("format")
        if form in (None, "spritesheet") and request.tool in self._alone:
            form = slots.export_format(self._text)  # "on one sheet, we use Unity"
        before = next((call for call in reversed(calls) if call.args.get("assets")), None)
        if "assets" not in args and before is not None:
            args["assets"] = before.args["assets"]  # "double 11, then export as png"
        return args | ({"format": form} if form else {})


def _paired(counts: list[tuple[int, int]], things: list[tuple[int, int, str]]) -> list[int]:
    """A count for each thing: the nearest before it that no thing before it has; one when there is none."""
    if len(counts) == len(things):
        return [count for _, count in counts]
    out, last = [], -1
    for start, end, _ in things:
        own = [count for place, count in counts if last < place < start]
        out.append(own[-1] if own else 1)
        last = end
    return out
