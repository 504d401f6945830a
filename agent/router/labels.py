# ruff: noqa: E501
"""Arguments of `label_assets` ("tag 3 as desert"), and verdicts taken back to undecided ("put 3 back to new")."""

from __future__ import annotations

import re
from typing import Any

from agent.router import slots
from agent.router.references import Ref
from agent.router.text import Spanned, tidy

RESET = re.compile(
    r"\b(?:back to|as|to|again) (?:new|pending|undecided|unreviewed|not (?:yet )?reviewed)\b|\bun-?(?:approve|accept|reject|review)\w*\b|\bdisapprove\b|\bnot (?:yet )?reviewed\b"
    r"|\b(?:approved|rejected|accepted)\s+(?:it |them )?by (?:mistake|accident)\b|\b(?:reset|clear|remove|take|withdraw|revoke)\b(?=[^.!?]*\b(?:verdicts?|approvals?|rejections?|reviews?|decisions?|state|status)\b)|\breset (?=#?\d|(?:the |number )?\d|all\b|it\b|them\b)|\bundecided\b",
    re.I,
)
_REMOVES = re.compile(r"\b(?:untag|remove|drop|delete|strip|take\b.*\b(?:off|out|away)|shouldn't have|without)\b", re.I)
_NAME = r"(?:\"([^\"]+)\"|(?<!\w)'([^']+)'|([\w&'-]+(?: (?!(?:and|to|on|from|with|for|please|pls|too|collection)\b)[\w&'-]+){0,3}))"
_COLLECTION = (
    re.compile(rf"\bcollection\b\s*(?:called|named|:|=)?\s*(?!from\b|with\b|out\b|of\b){_NAME}", re.I),
    re.compile(rf"\b(?:the|my|our|a|an|new|into|in|to|from|of)\s+{_NAME}\s+collection\b", re.I),
    re.compile(rf"\bcollect\b.*?\b(?:in|under|as|into)\s+{_NAME}", re.I),
)
_TAG_WORD = r"(?:tags?|labels?|tagged|labelled|labeled)"
_TAGS = (
    re.compile(r"((?:(?:\"[^\"]+\"|(?<!\w)'[^']+')[\s,]*(?:and\s+)?)+)"),
    re.compile(
        rf"\b(?:the|a|an|add|set|remove|drop|put|get|gets|delete)\s+(?:the\s+)?{_TAG_WORD}\s*(?:called|named|of|:|=)?\s+(.+?)\s*(?:\s(?:to|on|from|off|for)\b.*)?$",
        re.I,
    ),
    re.compile(rf"\b(?:the|a|an)\s+(?!tags?\b|labels?\b)([\w' -]+?)\s+{_TAG_WORD}\b", re.I),
    re.compile(
        rf"\b(?:un)?(?:{_TAG_WORD}|mark|categori[sz]e|file|sort|group)\b[\s:]*(?:(?:as|with|under|into|in|to|by|for)\b\s*)?(?:the (?:tag|label)\s+)?(?:[:=]\s*)?(.+?)$",
        re.I,
    ),
)
_NO_TAG = re.compile(r"(?:it|them|these|those|that|this|as|all|please|the|tags?|labels?|collection)", re.I)


def label(clause: Spanned, gallery: int | None, said_before: list[Ref]) -> dict[str, Any]:
    """Pictures with `tags` or a `collection` in the user's own words; `remove` only when it is asked for."""
    args: dict[str, Any] = {"assets": slots.refs(clause, gallery, said_before)}
    removes = bool(_REMOVES.search(clause.plain))
    slots.strike_lead(clause)
    for pattern in _COLLECTION:
        match = pattern.search(clause.visible)
        if match:
            args["collection"] = _own_words(clause, match)
            break
    if "collection" not in args:
        slots.strike_refs(clause, gallery)
        for pattern in _TAGS:
            match = pattern.search(re.sub(r"[.!?]\s*$", " ", clause.visible))
            names = _split(_own_words(clause, match)) if match else []
            if names:
                args["tags"] = names
                break
    if removes:
        args["remove"] = True
    return args


def _own_words(clause: Spanned, match: re.Match[str]) -> str:
    at = next(number for number, group in enumerate(match.groups(), start=1) if group)
    return " ".join(clause.source(*match.span(at)).split())


def _split(text: str) -> list[str]:
    parts = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s+&\s+", text)
    names = [
        tidy(re.sub(r"^(?:as|with|the tag|tag)\s+", "", part.strip(), flags=re.I)).strip("'\"# ") for part in parts
    ]
    return [name for name in dict.fromkeys(names) if name and not _NO_TAG.fullmatch(name)]
