# ruff: noqa: E501
"""Arguments of the tools that act on pictures, documents, code and jobs. Nothing is filled in without words for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from agent.router import references
from agent.router.lists import CUE, ENGINES, FORMATS, LANGUAGE_ENGINES, NEGATION
from agent.router.opinions import remark
from agent.router.references import Ref
from agent.router.text import Spanned, tidy

POLITE = (
    r"(?:(?:and|then|also|now|next|so|ok|okay|oh|well|hey|yo|hi|hello|first|finally|plus|but|just|yes|yeah|sure|great|nice|cool|thanks|thx|maybe|alright|right|um|uh|umm|hmm|lol)\b[\s,!.:]*"
    r"|(?:please|pls|plz|kindly)\b[\s,]*|(?:could|can|would|will) (?:you|u|we|i)(?: please| maybe| also| just| possibly| kindly)?\b[\s,]*"
    r"|(?:i|we)(?:'d| would)? (?:need|want|like|love|wish)(?: you)?(?: to(?: (?:see|have|get))?)?\b[\s,]*|(?:i|we)(?:'re|'m| are| am)? (?:going to|gonna) need\b\s*|(?:need|want|lemme|let me|let us|let's|i'll|we'll|go ahead and|time to|try to|help me(?: to)?|got to|gotta)\b[\s,]*"
    r"|(?:be so kind(?: as)? to|would you mind|do you think you (?:could|can)|is it possible to|any chance (?:of|to|you (?:could|can)))\b\s*)"
)
_POLITE = re.compile(rf"^\s*{POLITE}+", re.I)
_PRONOUN = references.PRONOUN


def strike_lead(clause: Spanned, pattern: str = "") -> None:
    """Strike politeness and, after it, one match of `pattern` from the clause's start."""
    for expression in (_POLITE, re.compile(rf"^\s*(?:{pattern})", re.I) if pattern else None):
        match = expression.match(clause.visible) if expression else None
        if match and match.end() < len(clause.plain):
            clause.strike(*match.span())


# ---------------------------------------------------------------- documents, library, code, jobs

_ASK = r"(?:tell me|explain(?: to me)?|remind me|check|look up|look in|find out|let me know)\b(?:\s*:)?"
_SEARCH = (
    r"(?:show(?: me)?|find(?: me)?|list|search(?: the (?:library|assets|project|gallery))?(?: for)?|look for|look up|pull up|bring up|open|display|get(?: me)?|give me|fetch|see|dig up|locate|filter(?: by)?|browse"
    r"|where(?:'s| did| are| is| have)|do we (?:already )?have|have we (?:already )?(?:got|made|drawn)|did we (?:already |ever )?(?:draw|make|do|paint)|i can't remember if we (?:drew|made|have)|can't remember if we (?:drew|made|have)|got any|dig (?:up|out)|what(?:'s| is| are| do we have)?|which|is there|are there|how many|i swear we made|wasn't there|didn't we (?:make|have)|anything with|any)\b(?:\s+(?:me|us|all|any|the|my|our|for|of))*"
)
_SEARCH_TAIL = re.compile(
    r"\b(?:do we have(?: so far| already)?|did we (?:make|do)|have we (?:made|got)|are (?:there |in )?(?:the|our|my) library|(?:in|from) (?:the|our|my) (?:library|project|collection|gallery)|so far|go\?? can't find them|can't find (?:it|them)|somewhere|already exist)\b.*$",
    re.I,
)


_IN_LIBRARY = re.compile(
    r"\b(?:(?:already|so far)\b\s*)?(?:in|from|of) (?:the|our|my) (?:library|project|collection|gallery)\b", re.I
)


def question(clause: Spanned) -> dict[str, Any]:
    strike_lead(clause, r"(?:(?:tell|remind) me|explain to me|let me know|find out)\b")
    return {"question": re.sub(r"\s+", " ", clause.source()).strip(" ,;:.-")}


def search(clause: Spanned) -> dict[str, Any]:
    whole = tidy(clause.source())
    strike_lead(clause, _SEARCH)
    tail = _SEARCH_TAIL.search(clause.visible)
    if tail and re.search(r"\w{3}", clause.visible[: tail.start()]):
        clause.strike(*tail.span())
    else:
        clause.strike_all(_IN_LIBRARY)
    return {"query": clause.rest() or whole}


_ENGINE_PHRASE = (
    r"(?:\b(?:in|for|with|using|on|via|i'm on|my)\s+)?(?:the\s+)?\b(?:{0})\b(?:\s*(?:engine|js|\d+(?:\.\d+)*))*"
)
_SCAFFOLD = (
    r"(?:scaffold|write|create|make|build|generate|set ?up|implement|code(?: up)?|produce|get me (?:going|started) with|get (?:going|started) with|give|do|draft|bootstrap|hook up|develop|program|design|prototype|start)\b"
    r"(?:\s+(?:me|us|up|out)\b)?(?:\s+(?:a|an|the|some|my|our)\b)*(?:\s*(?:starter|boilerplate|basic|skeleton|template|code|script|scripts|scaffold|scaffolding|classes|class|implementation)\b(?:\s+(?:code|of|for)\b)*(?:\s+(?:a|an|the)\b)?)*"
)


def engine(plain: str) -> str | None:
    """The engine that the text names, or the one that the named language stands for."""
    for table in (ENGINES, LANGUAGE_ENGINES):
        found = [
            (match.start(), name)
            for name, words in table.items()
            for match in [re.search(rf"(?<!\w)(?:{words})(?![\w+#])", plain, re.I)]
            if match
        ]
        if found:
            return min(found)[1]
    return None


def scaffold(clause: Spanned) -> dict[str, Any]:
    args: dict[str, Any] = {}
    named = engine(clause.plain)
    whole = tidy(clause.source())
    if named:
        args["engine"] = named
        if named in ENGINES:
            clause.strike_all(re.compile(_ENGINE_PHRASE.format(ENGINES[named]), re.I))
    strike_lead(clause, _SCAFFOLD)
    return {"requirements": clause.rest() or whole, **args}


def job(clause: Spanned) -> dict[str, Any]:
    match = re.search(
        r"\b(?:job|batch|task|run|training)\s*(?:id\s*|number\s*|no\.?\s*|#\s*)*(\d+)\b|(?:#|\b(?:number|nr\.?|no\.)\s*#?)\s*(\d+)\b",
        clause.plain,
        re.I,
    )
    return {"job": int(match[1] or match[2])} if match else {}


# ---------------------------------------------------------------- pictures of the last gallery


def refs(clause: Spanned, gallery: int | None, said_before: list[Ref]) -> list[Ref]:
    """Pictures that the clause names; a bare "them" or "it" means those named before in the message."""
    plain = clause.plain
    mentions = references.find(plain, gallery)
    aside = _ESPECIALLY.search(plain)
    if aside and any(span.end <= aside.start() for span in mentions.spans):
        mentions.spans = [span for span in mentions.spans if span.end <= aside.start()]
    cut = references.exceptions(plain)
    if cut:
        kept = [ref for span in mentions.spans if span.end <= cut.start() + 1 for ref in span.refs]
        left_out = [ref for span in mentions.spans if span.start >= cut.start() for ref in span.refs]
        if "all" in kept and left_out:
            return [n for n in range(1, gallery + 1) if n not in left_out] if gallery else ["rest"]
    if mentions.refs == ["both"] and len(said_before) == 2:
        return list(said_before)
    if any(str(ref).startswith("batch ") for ref in mentions.refs):
        return [ref for ref in mentions.refs if ref not in ("all", "both")]  # "all of batch 2"
    if mentions.refs:
        return mentions.refs
    if _PRONOUN.search(plain) and said_before:
        return list(said_before)
    return []


_ESPECIALLY = re.compile(r"\b(?:esp\.?|especially|particularly|above all|most of all)(?=\s)", re.I)
_REDO = r"(?:redo|regenerate|re-?generate|remake|re-?roll|redraw|re-?do|retry|try|change|modify|edit|adjust|tweak|alter|make|give|do|generate|update|turn|recolou?r|have|get|let|fix|add|paint|rework|revise|another go (?:at|on|with)|one more try (?:at|on|with|for)|again|more of)\b"
_REDO_NOISE = re.compile(
    r"\b(?:another (?:go|try|shot|attempt|round|spin|pass)|one more (?:try|time|go|shot)|1 more (?:try|time|go|shot)|once more|once again|again|anew|over again|from scratch|reroll|regenerate|redo|would be (?:perfect|great|better|nicer|cool)|came out (?:weird|wrong|bad|badly)|if possible)\b",
    re.I,
)
_REF_LEAD = re.compile(
    r"\b(?:on|of|in|for|to|from|at|with|number|asset|image|picture|pic|sprite|tile|icon|the|and|one|ones)\s*$", re.I
)
_CHANGE_LEAD = re.compile(
    r"^(?:(?:(?:the |a )?(?:one|ones|image|picture|sprite)s?|so that|so|but|with|to|'s|it|they|them|that|this|and|if|in|into|is|are|looks?|look|should|could|needs?|wants?|be|have|has|was|were|would|gets?|a|an|the|more like|please|also|instead|which|,|:|-)(?:\s+|$|(?<=[,:-])))+",
    re.I,
)
_NO_CHANGE = re.compile(r"(?:(?:more )?like|generate it|make it|do it|please|now)", re.I)
_VERSIONS = re.compile(
    r"\b(\d+)\s+(?:\w+\s+)?(?:versions?|variants?|variations?|options?|takes?|alternatives?|tries|attempts?|more(?= (?:like|of|based on)\b))\b(?:\s+of)?",
    re.I,
)


def strike_refs(clause: Spanned, gallery: int | None) -> None:
    for span in references.find(clause.plain, gallery).spans:
        lead = clause.visible[: span.start]
        start = span.start
        while match := _REF_LEAD.search(lead):
            start, lead = match.start(), lead[: match.start()]
        clause.strike(start, span.end)


def regenerate(clause: Spanned, gallery: int | None, said_before: list[Ref]) -> dict[str, Any]:
    args: dict[str, Any] = {"assets": refs(clause, gallery, said_before)}
    versions = clause.strike_all(_VERSIONS)
    strike_refs(clause, gallery)
    clause.strike_all(_REDO_NOISE)
    strike_lead(clause, _REDO)
    change = re.sub(
        r"(?<=[\s,.;?!])(?:make (?:it|them|that|the whole thing)|(?:it|they|them|the image) should(?: be)?)\b",
        " ",
        " " + clause.rest(),
    )
    change = tidy(_CHANGE_LEAD.sub("", tidy(change)))
    if change and not _NO_CHANGE.fullmatch(change):
        args["change"] = change
    if versions:
        args["variants"] = int(versions[0][1])
    return args


_FACTORS = (
    (
        re.compile(r"\bscale\s+(?:up\s+)?\S+(?:\s+up)?\s+by\s+(?:a factor of\s+)?(\d+)\b(?!\s*(?:px|pixels?))", re.I),
        None,
    ),
    (
        re.compile(
            r"\b(\d+(?:\.\d+)?)\s*-?\s*(?:x\b|times\b|fold\b|×)|\bx\s*(\d+(?:\.\d+)?)\b|\b(?:by|factor(?: of)?|times|scale(?: of)?)\s+(?:a factor of\s+)?x?(\d+)\b",
            re.I,
        ),
        None,
    ),
    (re.compile(r"\b(?:doubled?|doubling|twice|2-?fold|two-?fold)\b", re.I), 2),
    (re.compile(r"\b(?:tripled?|thrice|3-?fold|three-?fold)\b", re.I), 3),
    (re.compile(r"\b(?:quadrupled?|4-?fold|four-?fold)\b", re.I), 4),
    (re.compile(r"\b([2-9])00\s*%", re.I), None),
)


def factor(plain: str) -> float | int | None:
    for pattern, value in _FACTORS:
        match = pattern.search(plain)
        if match:
            number = value if value is not None else float(next(group for group in match.groups() if group))
            return int(number) if float(number).is_integer() else number
    return None


def upscale(clause: Spanned, gallery: int | None, said_before: list[Ref]) -> dict[str, Any]:
    args: dict[str, Any] = {"assets": refs(clause, gallery, said_before)}
    times = factor(clause.plain)
    if times is not None:
        args["factor"] = times
    return args


ENGINE_FORMATS = ("aseprite", "texturepacker", "phaser", "pixi", "godot", "unity", "unreal", "gamemaker")


def export_format(plain: str) -> str | None:
    """What the files are for (an engine or tool) wins over what they are (json, webp, png), that over "sheet" and "atlas"."""
    named = [name for name, words in FORMATS.items() if re.search(rf"(?<!\w)(?:{words})(?!\w)", plain, re.I)]
    for group in (ENGINE_FORMATS, ("json", "webp", "png", "gif", "jpg", "svg", "psd"), ("spritesheet",)):
        for name in group:
            if name in named:
                return name
    return None


def export(clause: Spanned, gallery: int | None, said_before: list[Ref], approved: bool = False) -> dict[str, Any]:
    """`approved`: the same message approves pictures, so that a bare "export for Phaser" means those."""
    args: dict[str, Any] = {}
    named = refs(clause, gallery, said_before)
    if "approved" in named:
        named = ["approved"]
    if named or approved:
        args["assets"] = named or ["approved"]
    elif _PRONOUN.search(clause.plain):
        args["assets"] = ["all"]
    form = export_format(clause.plain)
    if form:
        args["format"] = form
    return args


# ---------------------------------------------------------------- verdicts

_ALL_BUT = re.compile(
    r"\b((?:all|everything|every ?one|any|none|the lot)(?: of (?:them|these|those))?) but(?=\s+(?:not\s+)?(?:the\s+)?(?:number\s+|#)?(?:\d|last))",
    re.I,
)
_IS = re.compile(r"\s+(?:are|is|get|gets|go|goes|will be|can be)\s", re.I)
_SO_IS = re.compile(r"\s*(?:so (?:is|are|does|do)|neither|nor)\b", re.I)  # the verdict before holds
_EXCEPT_BEFORE = re.compile(  # the order of Japanese
    r"(\d+)(?:st|nd|rd|th)?((?:\s*(?:,|and|&)\s*\d+(?:st|nd|rd|th)?)*)\s+except\s+(?:for\s+)?(?:the\s+)?all\b", re.I
)
TOO = re.compile(r"\b(?:also|too|as well|likewise|ditto)\s*$", re.I)
_ALL_APPROVED = re.compile(r"\b(?:all|everything|every ?one)(?: of them| is| are)? (?:approved|accepted)\b", re.I)
_EXCEPTED = re.compile(
    r"\bexcept(?: for)? (?:the |number |#)*\d+(?:st|nd|rd|th)?(?:\s*(?:,\s*(?:and\s+)?|\s+and\s+)#?\d+(?:st|nd|rd|th)?)+(?! (?:is|are|was|needs?|looks?)\b(?! (?:can|good|great)))",
    re.I,
)
_ONLY = re.compile(r"\b(?:only|nothing but|no(?:ne|thing)? (?:else|other)|solely|exclusively)\b", re.I)
_CHUNK = re.compile(r"[;,.!?\n]+|\b(?:but|while|and|whereas|however|then)\b", re.I)


_SIMILE = re.compile(r"\b(?:looks?|looked|feels?|seems?|sounds?|more|just|kinda|is|are|smells?)\s+$", re.I)


def chunks(text: str) -> Iterator[str]:
    """The parts of a review that may each hold a verdict."""
    at = 0
    for match in _CHUNK.finditer(text):
        yield text[at : match.start()]
        at = match.end()
    yield text[at:]


def verdict_words(chunk: str) -> list[tuple[int, bool]]:
    """(position, approved?) of each verdict word; a negation just before turns it round."""
    out = []
    for match in CUE.finditer(references.mask_numbers(chunk)):
        if match["yes"] and _SIMILE.search(chunk[: match.start()]) and match[0].lower() == "like":
            continue  # "looks like a potato" is no praise
        positive = bool(match["yes"])
        if positive and NEGATION.search(chunk[: match.start()]):
            positive = False
        elif (
            match["no"]
            and not match["feel"]
            and re.search(r"\b(?:don'?t|do not|never)\s*$", chunk[: match.start()], re.I)
        ):
            positive = True
        out.append((match.start(), positive))
    return out


def review(
    text: str, gallery: int | None, said_before: list[Ref], favours: Callable[[str], bool] | None = None
) -> dict[str, Any]:
    """Approve and reject lists from one or several verdicts ("ok on 21 but 22 is a no").

    `favours` judges remarks that hold no word for a verdict ("22 is a potato"); see `agent.router.opinions`.
    """
    if re.search(r"\bnothing\b", text, re.I) and not references.find(text, gallery).refs:
        return {"approve": [], "reject": []}
    text = _ALL_APPROVED.sub("approve all", _EXCEPT_BEFORE.sub(r"all except \1\2", text))
    text = _EXCEPTED.sub(
        lambda match: re.sub(r"\s*(?:,\s*(?:and\s+)?|\s+and\s+)", " & ", match[0]), _ALL_BUT.sub(r"\1 except", text)
    )
    approve: list[Ref] = []
    reject: list[Ref] = []

    def give(names: tuple[Ref, ...], positive: bool) -> None:
        (approve if positive else reject).extend(names)

    polarity: bool | None = None
    inherited: tuple[Ref, ...] = ()  # what the last chunk named without a verdict of its own
    waiting: list[tuple[Ref, ...]] = []
    suffix_style: bool | None = None
    for chunk in chunks(text):
        cues, spans = verdict_words(chunk), references.find(chunk, gallery).spans
        cut = references.exceptions(chunk)
        if cut and any("all" in span.refs for span in spans):
            positive = cues[0][1] if cues else polarity is not False  # "everything goes in apart from 9"
            give(("rest",), positive)
            give(tuple(ref for span in spans if span.start >= cut.start() for ref in span.refs), not positive)
            polarity = not positive
            continue
        if not spans:
            if cues:
                if inherited and cues[-1][1] != polarity and _PRONOUN.search(chunk):  # "4 is odd, chuck it"
                    (approve if polarity else reject)[:] = [
                        ref for ref in (approve if polarity else reject) if ref not in inherited
                    ]
                    give(inherited, cues[-1][1])
                inherited = ()
                polarity = cues[-1][1]
                for names in waiting:
                    give(names, polarity)
                waiting.clear()
            continue
        said = remark(chunk, spans) if favours is not None and not cues else None
        if said is not None and favours is not None:
            polarity = favours(said)
            inherited = tuple(ref for span in spans for ref in span.refs)
            for names in (*waiting, inherited):
                give(names, polarity)
            waiting.clear()
            continue
        if not cues:
            for span in spans:
                if polarity is None or suffix_style and not (_SO_IS.match(chunk) or TOO.search(chunk)):
                    waiting.append(span.refs)
                else:
                    give(span.refs, polarity)
                    inherited = span.refs
            continue
        inherited = ()
        follows = spans[0].start < cues[0][0]
        suffix_style = follows if suffix_style is None else suffix_style
        for names in waiting:  # "1 and 2 rock" shares its verdict, "7 please, not 8" does not
            give(names, cues[0][1] if follows else True)
        waiting.clear()
        for span in spans:
            before = [value for start, value in cues if start < span.start]
            after = [value for start, value in cues if start >= span.start]
            told = after and (follows or _IS.match(chunk, span.end))  # "take 1 and 2 the others are rejected"
            give(span.refs, after[0] if told else (before or after)[-1])
        polarity = cues[-1][1]
    for names in waiting:
        give(names, polarity if polarity is not None else True)
    if not approve and not reject and polarity is not None:
        give(tuple(said_before) or ("all",), polarity)
    if _ONLY.search(text) and any(isinstance(ref, int) for ref in approve) and not reject:
        reject = ["rest"]
    if re.search(r"\bnone\b|\bany of\b", text, re.I) and "all" in approve:
        approve, reject = [ref for ref in approve if ref != "all"], [*reject, "all"]
    if {*approve, *reject} - {"approved"}:  # "7, approved": the word is the verdict, not what it is about
        approve, reject = ([ref for ref in refs if ref != "approved"] for refs in (approve, reject))
    if any(isinstance(ref, int) for ref in approve) and reject == ["all"]:
        reject = ["rest"]  # "except 4, which I keep, all of it goes"
    reject = list(dict.fromkeys(reject))
    approve = [ref for ref in dict.fromkeys(approve) if ref not in reject]
    return {"approve": approve, "reject": reject}
