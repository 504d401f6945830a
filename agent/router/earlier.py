# ruff: noqa: E501
"""What words that stand for something mean: things named before in the message or in the turn before it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.router import generation
from agent.router.types import RoutedCall, TurnContext

_ABOUT = re.compile(r"\b(?:about|of|for|on)\s+(?:the\s+|our\s+|my\s+)?([a-z][\w' -]{2,40}?)\s*[?.!]*$", re.I)
_ASKED_OF = re.compile(
    r"\b(?:is|are|do|does|can|did|will|the)\s+(?:the\s+|our\s+)?([a-z][\w'-]{2,}(?:\s+[a-z]{4,})?)\b", re.I
)


def earlier(calls: Sequence[RoutedCall], context: TurnContext, setting: str) -> generation.Earlier:
    """What "ones" and "with it" can mean: things of the calls before, in this message or else in the last turn."""
    noun, pack = "", None
    for call in ([context.previous] if context.previous else []) + list(calls):
        if call.name == "create_style_pack":
            pack = call.args.get("name") or pack
        elif call.name == "generate_assets":
            noun = str(call.args.get("subject") or noun)
        elif call.name == "search_assets":
            noun = re.sub(
                r"^(?:old|previous|earlier|existing|approved|other)\s+", "", str(call.args.get("query") or noun)
            )
        elif call.name == "query_design_docs":
            question = str(call.args.get("question") or "")
            found = _ABOUT.search(question) or _ASKED_OF.search(question)
            noun = found[1].strip() if found else noun
    return generation.Earlier(setting, noun, pack)


_FOR_GOOD = re.compile(r"\b(?:by default|from now on|always|every time|in (?:the )?future|as a rule|never)\b", re.I)
_OF_PACKS = re.compile(r"\b(?:pack|style ?pack|lora|train|these|those|this|attached|images|pictures|approved)\b", re.I)


def is_standing_wish(plain: str, context: TurnContext) -> bool:
    """ "I want pixel art by default" is a standing wish, and nothing to train on."""
    return not context.images and bool(_FOR_GOOD.search(plain)) and not _OF_PACKS.search(plain)
