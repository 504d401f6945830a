"""Answers put together without a language model: from tool results, and from what the tools can do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from langchain_core.messages import ToolMessage

from agent.models.protocol import ToolSpec, tool_name

CAN = {
    "generate_assets": ("draw sprites, tiles and textures", "32 desert props"),
    "create_style_pack": (
        "learn a style from images that you attach",
        "make a style pack called Ember from these images",
    ),
    "query_design_docs": ("look things up in your design documents", "what does the GDD say about stamina?"),
    "scaffold_code": ("write starter code", "scaffold an inventory in Godot"),
    "review_assets": ("keep track of what you approve and reject", "approve 1 and 3, reject the rest"),
    "regenerate_assets": ("redo images with a change", "redo 2 darker"),
    "upscale_assets": ("enlarge images", "upscale 4"),
    "export_assets": ("export for your engine", "export the approved ones for Phaser"),
    "search_assets": ("find what was made before", "show me all the barrels"),
    "label_assets": ("tag images and put them into collections", "tag 3 as desert"),
    "job_status": ("tell how far a job is", "how far is it?"),
    "cancel_job": ("stop a job", "stop it"),
}

_GREETING = re.compile(
    r"^\W*(hi|hello|hey|hiya|good (morning|evening|day|afternoon)|yo|hola|bonjour|salut|hallo|guten \w+|ol[aá]|ciao"
    r"|こんにちは|おはよう)\b",
    re.I,
)
_THANKS = re.compile(
    r"\b(thanks?|thank you|thx|cheers|gracias|merci|danke|obrigad[oa]|ありがとう|great job|well done|nice work)\b", re.I
)
_ABILITY = re.compile(
    r"\b(what|how|which).{0,30}\b(can|could|do) (you|i|this)\b|\bhelp\b|\bwho are you\b|\bwhat are you\b", re.I
)
_SHOWN = 3


def _listed(names: Sequence[str]) -> str:
    phrases = [CAN[name][0] for name in names]
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def _offer(shortlist: Sequence[str], tools: Sequence[ToolSpec]) -> list[str]:
    """Tools to mention: those nearest to what was said first, then the others in the order of a usual day."""
    bound = {tool_name(tool) for tool in tools} or set(CAN)
    return [name for name in dict.fromkeys([*shortlist, *CAN]) if name in CAN and name in bound]


def small_talk(text: str, shortlist: Sequence[str], tools: Sequence[ToolSpec]) -> str:
    """A reply to a message that asks for no tool, naming what is nearest to it among the things that can be done."""
    offer = _offer(shortlist, tools)
    if not offer:
        return "I can only talk here; no tools are connected."
    named = offer[: len(offer) if _ABILITY.search(text) else _SHOWN]
    example = CAN[named[0]][1]
    if _THANKS.search(text):
        return f'Gladly. If you want more, try "{example}".'
    if _GREETING.search(text):
        opening = "Hello! I"
    elif _ABILITY.search(text):
        opening = "I"
    else:
        opening = "That is outside of what I do. I"
    return f'{opening} can {_listed(named)}. For example: "{example}".'


def ask_back(shortlist: Sequence[str], tools: Sequence[ToolSpec]) -> str:
    """A question for a message that may mean several things or none of them."""
    offer = _offer(shortlist, tools)[:2]
    if not offer:
        return "I did not understand that: please say it in other words."
    choices = " or ".join(f'{CAN[name][0]} (as in "{CAN[name][1]}")' for name in offer)
    return f"I am not sure what you want. Shall I {choices}?"


def report(results: Sequence[ToolMessage]) -> str:
    """What the tools said, each sentence once, failures last."""
    fine = [message.text.strip() for message in results if message.status != "error"]
    failed = [message.text.strip() for message in results if message.status == "error"]
    texts = [text for text in dict.fromkeys([*fine, *failed]) if text]
    return "\n\n".join(texts) if any("\n" in text or len(text) > 200 for text in texts) else " ".join(texts) or "Done."
