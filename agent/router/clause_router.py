# ruff: noqa: E501
"""Message -> clauses by rule -> tool of each clause by the classifier -> arguments by rule -> calls."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from agent.router import clauses, generation, labels, packs, patterns, references, slots
from agent.router.classifier import LABELS, TOOLS, WEIGHTS, Classifier, TextEncoder, lifeless, living, singular
from agent.router.earlier import earlier as said_earlier
from agent.router.earlier import is_standing_wish
from agent.router.languages import described_first
from agent.router.lists import CUE
from agent.router.normalise import plain_layer
from agent.router.opinions import Opinions
from agent.router.references import Ref
from agent.router.text import Spanned
from agent.router.types import RoutedCall, Routing, TurnContext

MAX_CHARS = 2000  # a longer message is a document; its first part decides
MAX_CLAUSES = 12
POINTING = ("review_assets", "regenerate_assets", "upscale_assets", "label_assets")
HOSTILE_LIMIT = 0.5
HOSTILE_SURE = 0.9
IMAGES_ODDS = 6.0
WHOLE_LIMIT = 0.5  # the whole message decides when its parts say nothing


_STATEMENTS = ("query_design_docs", "search_assets", "scaffold_code", "chat", "job_status", "review_assets")
SIZED = 0.9
FOLLOWS = 0.8  # a short message surer than this to want something else is no follow-up
STATED = 0.9  # a remark that is surer than this to ask for something is taken as a request


@dataclass
class _Clause:
    text: Spanned
    probabilities: np.ndarray  # over LABELS
    label: str
    setting: str = ""  # what was said of the scene before

    @property
    def sure(self) -> float:
        return float(self.probabilities[LABELS.index(self.label)])


_SCAFFOLDS = re.compile(rf"\s*(?:{slots.POLITE})*scaffold(?:ing)?\b", re.I)


def _relabelled(piece: _Clause, label: str) -> _Clause:
    """What a rule reads with `SIZED` certainty, whatever the classifier made of it."""
    row = np.maximum(piece.probabilities, SIZED * np.eye(len(LABELS), dtype=np.float32)[LABELS.index(label)])
    return replace(piece, label=label, probabilities=row)


class ClauseRouter:
    """Stateless after loading; `route` may be called from several threads."""

    def __init__(self, classifier: Classifier, embedder: TextEncoder, opinions: Opinions) -> None:
        self._classifier = classifier
        self._embedder = embedder
        self.opinions = opinions

    @classmethod
    def load(cls, embedder: TextEncoder, weights: Path = WEIGHTS) -> ClauseRouter:
        """`embedder.encode(list[str])` gives unit vectors, float [n, 384], of all-MiniLM-L6-v2."""
        return cls(Classifier.load(weights), embedder, Opinions.load(embedder))

    def route(self, text: str, context: TurnContext = TurnContext()) -> Routing:  # noqa: B008 (frozen)
        message = plain_layer(text[:MAX_CHARS])
        if not patterns.LETTERS.search(message.plain):
            return Routing((), 1.0, (), settled=True)
        parts = clauses.split(message)[:MAX_CLAUSES]
        read = self._read(message, parts)
        whole, pieces = read[0], read[1:]
        if context.images:
            read = [self._with_images(piece) for piece in read]
            whole, pieces = read[0], read[1:]
        follow_up = self._follow_up(message.plain, whole, context)
        if follow_up is not None:
            return Routing((follow_up,), follow_up.confidence, (follow_up.name,), settled=True)
        shortlist = self._shortlist(read)
        if patterns.ATTACK.search(message.plain) or patterns.ABUSE.search(text):
            return Routing((), 0.99, shortlist, settled=True)
        hostile = max(float(piece.probabilities[LABELS.index("hostile")]) for piece in read)
        if hostile > HOSTILE_LIMIT:
            sure = hostile >= HOSTILE_SURE
            return Routing((), hostile, shortlist, settled=sure, wary=not sure)
        pieces = [self._changed(self._undecided(piece, context), context) for piece in self._scaffolds(pieces)]
        pieces = [self._sized(piece) for piece in self._join(pieces, whole, context)]
        calls = self._calls(pieces, context)
        if not calls and len(parts) > 1 and whole.label in TOOLS and whole.sure >= WHOLE_LIMIT:
            calls = self._calls([whole], context)
        if not calls:
            confidence = min((1 - self._tool_mass(piece) for piece in pieces), default=1 - self._tool_mass(whole))
            return Routing((), confidence, shortlist)
        return Routing(tuple(calls), min(call.confidence for call in calls), shortlist)

    # ------------------------------------------------------------ reading

    def _read(self, message: Spanned, parts: list[Spanned]) -> list[_Clause]:
        texts = [message, *parts] if len(parts) > 1 else [message]
        plains = [patterns.DANGLING.sub("", re.sub(r"\s+", " ", part.plain)).strip() for part in texts]
        rows = self._classifier.probabilities(plains, np.asarray(self._embedder.encode(plains), np.float32))
        read = [_Clause(part, row, LABELS[int(row.argmax())]) for part, row in zip(texts, rows, strict=True)]
        return read if len(parts) > 1 else [read[0], replace(read[0], text=parts[0] if parts else message)]

    @staticmethod
    def _with_images(piece: _Clause) -> _Clause:
        """Attached images speak for a style pack: its odds are multiplied."""
        row = piece.probabilities.copy()
        row[LABELS.index("create_style_pack")] *= IMAGES_ODDS
        row /= row.sum()
        return replace(piece, probabilities=row, label=LABELS[int(row.argmax())])

    @staticmethod
    def _tool_mass(piece: _Clause) -> float:
        return float(piece.probabilities[: len(TOOLS)].sum())

    @staticmethod
    def _shortlist(read: list[_Clause]) -> tuple[str, ...]:
        best = np.max([piece.probabilities[: len(TOOLS)] for piece in read], axis=0)
        order = [int(k) for k in np.argsort(-best)]
        return tuple(TOOLS[k] for k in order if best[k] >= 0.05) or tuple(TOOLS[k] for k in order[:2])

    @staticmethod
    def _follow_up(plain: str, whole: _Clause, context: TurnContext) -> RoutedCall | None:
        """ "and for bosses?" after a question to the documents asks them again; they know what was asked before."""
        before = context.previous
        short = len(plain.split()) <= 9 and bool(patterns.FOLLOW_UP.match(plain))
        if before is None or before.name != "query_design_docs" or not short:
            return None
        if whole.label not in ("query_design_docs", "chat", "search_assets") and whole.sure > FOLLOWS:
            return None
        return RoutedCall("query_design_docs", {"question": whole.text.source().strip()}, SIZED)

    # ------------------------------------------------------------ which clauses belong together

    def _join(self, pieces: list[_Clause], whole: _Clause, context: TurnContext) -> list[_Clause]:
        told = len(pieces) > 1 and self._is_setting(pieces[0], pieces[1])
        if len(pieces) > 1 and not told and self._one_request(pieces, whole):
            return [replace(whole, text=whole.text)]
        out: list[_Clause] = []
        for piece in pieces:
            if out and self._is_setting(out[-1], piece):
                out[-1] = replace(piece, setting=out[-1].text.plain)
            elif out and self._is_discard(out[-1], piece, context):
                if out[-1].label == "regenerate_assets" and not clauses.is_command(out[-1].text.plain):
                    out[-1] = _relabelled(out[-1], "review_assets")  # "4 is dull" tells why it goes
                out.append(_relabelled(piece, "review_assets"))
            elif out and self._continues(out[-1], piece, context):
                out[-1] = self._merged(out[-1], piece)
            else:
                out.append(piece)
        return out

    @staticmethod
    def _one_request(pieces: list[_Clause], whole: _Clause) -> bool:
        """Parts that say little alone, and a whole that is clear: it was cut where it should not have been."""
        if whole.label not in TOOLS or whole.sure < 0.7:
            return False
        others = [piece for piece in pieces if piece.label != whole.label]
        doubtful = any(piece.sure < 0.7 for piece in pieces)
        ordered = any(clauses.is_command(piece.text.plain) for piece in others)
        return doubtful and not ordered and not any(piece.label in TOOLS and piece.sure >= 0.7 for piece in others)

    @staticmethod
    def _is_setting(before: _Clause, piece: _Clause) -> bool:
        """ "My hero needs a rival" before "draw a ...": the reason for a request, not one of its own."""
        if piece.label != "generate_assets" or not clauses.opens_request(piece.text.plain):
            return False
        plain = before.text.plain
        told = before.label == piece.label or (
            before.sure < STATED and before.label in _STATEMENTS and "?" not in plain
        )
        return told and not clauses.opens_request(plain) and not re.search(r"\d", plain)

    @staticmethod
    def _is_discard(before: _Clause, piece: _Clause, context: TurnContext) -> bool:
        """ "6 is ugly, get rid of it": the picture goes, not a job."""
        return (
            piece.label in ("cancel_job", "search_assets", "chat", "regenerate_assets", "review_assets")
            and before.label in POINTING
            and bool(patterns.DISCARD.match(piece.text.plain))
            and bool(references.find(before.text.plain, context.gallery).refs)
        )

    def _continues(self, before: _Clause, piece: _Clause, context: TurnContext) -> bool:
        plain, earlier = piece.text.plain, before.text.plain
        own = references.find(plain, context.gallery).refs
        theirs = references.find(earlier, context.gallery).refs
        if piece.label == "generate_assets" and (
            patterns.WITH_PACK.match(earlier) or patterns.NAMED_PACK.match(earlier)
        ):
            return not context.images
        if before.label == "search_assets" and (
            patterns.TAG_QUESTION.fullmatch(plain) or patterns.FIND_IT.fullmatch(plain)
        ):
            return True
        if (
            before.label == "query_design_docs"
            and piece.label in ("chat", before.label)
            and patterns.POINTER.match(earlier)
        ):
            return True
        if piece.label == before.label and piece.label in (
            "query_design_docs",
            "create_style_pack",
            "cancel_job",
            "job_status",
        ):
            return True
        if piece.label == before.label == "scaffold_code":
            return len({slots.engine(earlier), slots.engine(plain)} - {None}) < 2
        if piece.label == before.label == "export_assets":
            formats = slots.export_format(earlier), slots.export_format(plain)
            return not all(formats) and not (own and theirs)
        if piece.label == "scaffold_code" and slots.engine(earlier) and not slots.engine(plain):
            return before.label != "scaffold_code" and not clauses.opens_request(earlier)
        if piece.label in ("regenerate_assets", "upscale_assets") and not own and theirs:
            soft = before.label in (
                "review_assets",
                "regenerate_assets",
                "generate_assets",
            ) and not patterns.VERDICT_VERB.search(earlier)
            return before.label == piece.label or soft
        return False

    @staticmethod
    def _merged(before: _Clause, piece: _Clause) -> _Clause:
        text = Spanned([*before.text.pieces, *piece.text.pieces])
        keep = piece if piece.label != "chat" else before
        return _Clause(text, np.maximum(before.probabilities, piece.probabilities), keep.label)

    def _scaffolds(self, pieces: list[_Clause]) -> list[_Clause]:
        """Nobody scaffolds pictures, whatever numbers and items the sentence goes on with: "stack of 64, items: rope"."""
        out: list[_Clause] = []
        for piece in pieces:
            if _SCAFFOLDS.match(piece.text.plain):
                out.append(_relabelled(piece, "scaffold_code"))
            elif out and _SCAFFOLDS.match(out[-1].text.plain) and not clauses.opens_request(piece.text.plain):
                out[-1] = _relabelled(self._merged(out[-1], piece), "scaffold_code")
            else:
                out.append(piece)
        return out

    @staticmethod
    def _sized(piece: _Clause) -> _Clause:
        """ "5 should be twice the size" asks for pixels, not for another picture."""
        if piece.label == "regenerate_assets" and patterns.ONLY_SIZE.search(piece.text.plain):
            return _relabelled(piece, "upscale_assets")
        return piece

    @staticmethod
    def _undecided(piece: _Clause, context: TurnContext) -> _Clause:
        """ "put 3 back to new", "unapprove 2": a verdict that is taken away, and no new picture."""
        plain = piece.text.plain
        if patterns.HOW_FAR.fullmatch(plain):
            return _relabelled(piece, "job_status")
        if piece.label == "job_status" and patterns.WHICH.match(plain) and not patterns.OF_JOBS.search(plain):
            return _relabelled(piece, "query_design_docs")
        if piece.label == "generate_assets" or not labels.RESET.search(plain):
            return piece
        if not references.find(plain, context.gallery).refs and not references.PRONOUN.search(plain):
            return piece
        return _relabelled(piece, "review_assets")

    @staticmethod
    def _changed(piece: _Clause, context: TurnContext) -> _Clause:
        """ "give 1 and 6 a frame", "put a crack in 5", "generate it anew": shown pictures, not new ones."""
        plain = piece.text.plain.strip(" ,.;!?")
        if piece.label == "regenerate_assets" and patterns.REJECTED.match(plain):
            return _relabelled(piece, "review_assets")
        if piece.label == "regenerate_assets" and (
            patterns.COUNTED.fullmatch(plain)
            or patterns.MORE_OF_A_KIND.match(plain)
            or patterns.NEW_ONES.fullmatch(plain)
        ):
            return _relabelled(piece, "generate_assets")
        if piece.label == "review_assets" and patterns.COUNTED.fullmatch(plain) and not CUE.search(plain):
            return _relabelled(piece, "generate_assets")
        if piece.label not in ("generate_assets", "review_assets") or not (
            context.gallery or patterns.AGAIN.match(plain)
        ):
            return piece
        named = references.find(plain, context.gallery).spans
        given = (
            named and patterns.GIVEN.match(plain[: named[0].start]) and patterns.TO_EACH.match(plain[named[-1].end :])
        )
        put = named and named[-1].end >= len(plain) and patterns.PUT.match(plain[: named[0].start])
        return _relabelled(piece, "regenerate_assets") if given or put or patterns.AGAIN.match(plain) else piece

    # ------------------------------------------------------------ arguments

    def kind_of(self, subject: str) -> str:
        """The whole phrase and its last word have equal say: a bear trap is a trap."""
        subject = described_first(subject)
        last = patterns.COLOUR.sub("", subject).split()[-1:] or [subject]
        words = [subject, *last]
        if singular(subject.lower()) in lifeless():
            return "prop"
        alive = bool(subject.split()) and singular(subject.split()[-1].lower()) in living()
        return self._classifier.kind(np.asarray(self._embedder.encode(words), np.float32), alive=alive)

    def _calls(self, pieces: list[_Clause], context: TurnContext) -> list[RoutedCall]:
        calls: list[RoutedCall] = []
        verdicts: list[_Clause] = []
        resets: list[_Clause] = []
        reset: list[Ref] = []
        said: list[Ref] = []
        for piece in pieces:
            if piece.label not in TOOLS or (
                piece.label == "create_style_pack" and is_standing_wish(piece.text.plain, context)
            ):
                continue
            if piece.label == "review_assets":
                if not verdicts and not resets:
                    calls.append(RoutedCall("review_assets"))
                if labels.RESET.search(piece.text.plain):
                    resets.append(piece)
                    reset += [ref for ref in slots.refs(piece.text, context.gallery, said) if ref != "approved"]
                else:
                    verdicts.append(piece)
                said = self._numbered(references.find(piece.text.plain, context.gallery).refs) or said
                continue
            approved = bool(verdicts) and bool(self._review(verdicts, context, said)["approve"])
            for args in self._arguments(piece, context, said, calls, approved):
                calls.append(RoutedCall(piece.label, args, self._trust(piece, args)))
            named = references.find(piece.text.plain, context.gallery).refs
            if piece.label in POINTING and named:
                said = (
                    list(dict.fromkeys([*said, *self._numbered(named)])) if piece.label != "upscale_assets" else named
                )
        if verdicts or resets:  # verdicts of one message make one call
            args = self._review(verdicts, context, said) if verdicts else {"approve": [], "reject": []}
            if reset:
                args["reset"] = list(dict.fromkeys(reset))
            trust = min(self._trust(piece, args) for piece in [*verdicts, *resets])
            review = RoutedCall("review_assets", args, trust)
            calls = [review if call.name == "review_assets" else call for call in calls]
            if not args["approve"] and not args["reject"] and not reset:
                calls.remove(review)
        return calls

    @staticmethod
    def _numbered(refs: list[Ref]) -> list[Ref]:
        return [ref for ref in refs if ref != "rest"]

    def _review(self, verdicts: list[_Clause], context: TurnContext, said: list[Ref]) -> dict[str, Any]:
        text = "; ".join(piece.text.plain.strip(" ,;.") for piece in verdicts)
        return slots.review(text, context.gallery, said, self.opinions.favours)

    def _arguments(
        self, piece: _Clause, context: TurnContext, said: list[Ref], calls: list[RoutedCall], approved: bool
    ) -> list[dict[str, Any]]:
        text = piece.text
        match piece.label:
            case "generate_assets":
                before = said_earlier(calls, context, piece.setting)
                return generation.generate(text, context.style_packs, self.kind_of, before)
            case "create_style_pack":
                return [packs.style_pack(text)]
            case "query_design_docs":
                return [slots.question(text)]
            case "scaffold_code":
                return [slots.scaffold(text)]
            case "regenerate_assets":
                return [slots.regenerate(text, context.gallery, said)]
            case "upscale_assets":
                return [slots.upscale(text, context.gallery, said)]
            case "export_assets":
                return [slots.export(text, context.gallery, said, approved)]
            case "search_assets":
                return [slots.search(text)]
            case "label_assets":
                return [labels.label(text, context.gallery, said)]
            case "undo_review":
                return [{}]
            case _:
                return [slots.job(text)]

    @staticmethod
    def _trust(piece: _Clause, args: dict[str, Any]) -> float:
        """Probability of the tool, lowered where arguments that it lives from were not found."""
        trust = piece.sure
        if piece.label in ("regenerate_assets", "upscale_assets", "label_assets") and not args.get("assets"):
            trust *= 0.5
        if piece.label == "label_assets" and not args.get("tags") and not args.get("collection"):
            trust *= 0.5
        if piece.label == "review_assets" and not (args.get("approve") or args.get("reject") or args.get("reset")):
            trust *= 0.5
        return min(1.0, trust)
