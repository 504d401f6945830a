"""What holds for every request of a project: preferences told in chat, and what the documents fix.

The user's own words always win; a preference comes before a document. Nothing here starts anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from library.notes import DISMISSED, PREFERENCE, NoteStore, NoteView
from library.taste import Dislike, dislikes
from memory.documents.facts import Fact, chosen_look, style_words

if TYPE_CHECKING:
    from library.library import Library
    from memory.documents.memory import DocumentMemory

_TOLD = re.compile(
    r"^\s*(?:please\s+|ok(?:ay)?[,.]?\s+|hey[,.]?\s+)?(?:"
    r"(?:remember|note|keep in mind)(?:\s+that|\s+this|\s*:)?\s+(?P<a>.+)"
    r"|(?:from now on|by default|in (?:the )?future|as a rule|for this project|generally)[,:]?\s+(?P<b>.+)"
    r"|(?P<c>(?:i |we )?(?:always|never)\b.+)"
    r"|(?:i|we)\s+(?P<d>(?:prefer|want|like)\s.+\b(?:always|by default|from now on)\b.*)"
    r"|(?P<e>.+\b(?:from now on|by default|every time))"
    r")\s*$",
    re.I | re.S,
)
_LIST = re.compile(
    r"^\s*(?:what|which)\b.{0,40}\b(?:remember|preferences?|rules? of mine)\b"
    r"|^\s*(?:list|show)\b.{0,20}\bpreferences\b",
    re.I,
)
_FORGET = re.compile(r"^\s*(?:please\s+)?(?:forget|drop|remove|clear)\s+(?P<what>.+?)\s*[.!]?\s*$", re.I)
_ABOUT = re.compile(
    r"\b(?:preferences?|that i (?:said|told|want|prefer)|what i (?:said|told)|remembered|everything you remember)\b",
    re.I,
)
_WITHOUT = re.compile(
    r"\b(?:without|ignore|not|skip)\b.{0,20}"
    r"\b(?:art bible|style guide|art direction|documents?|docs|gdd|palette|preferences?)\b",
    re.I,
)
_SIZE = re.compile(r"\b(\d{1,4})\s*(?:x\s*\1\s*)?(?:px|pixels?)\b|\b(\d{2,4})\s*x\s*\2\b", re.I)
_STYLES = (
    ("pixel", r"\bpixel\b|\b(?:8|16)[ -]?bit\b"),
    ("3d", r"\b3[ -]?d\b|\blow[ -]?poly\b"),
    ("flat", r"\bflat\b|\bvector\b"),
)
_HINT = re.compile(r"\bhints?\b(?:\s+(?:about|on|for)\s+(?:the\s+)?([a-z]+))?", re.I)
_TASK = re.compile(r"^\s*(?:always|never)\s*$", re.I)


@dataclass(frozen=True)
class Filled:
    args: dict[str, Any]
    notes: list[str]


class Standing:
    def __init__(self, notes: NoteStore, documents: DocumentMemory | None, library: Library | None = None) -> None:
        self.notes = notes
        self.documents = documents
        self.library = library

    # What is known

    def preferences(self, project: str) -> list[NoteView]:
        return self.notes.notes(project, PREFERENCE)

    def dismissed(self, project: str) -> list[NoteView]:
        return self.notes.notes(project, DISMISSED)

    def facts(self, project: str) -> list[Fact]:
        """From the documents, without those that the user left out."""
        if self.documents is None:
            return []
        gone = {note.text for note in self.dismissed(project)}
        return [fact for fact in self.documents.facts(project) if fact.key not in gone]

    def dislikes(self, project: str) -> list[Dislike]:
        """What reviews say that the user does not want, without what was left out."""
        if self.library is None:
            return []
        gone = {note.text for note in self.dismissed(project)}
        return [dislike for dislike in dislikes(self.library, project) if dislike.key not in gone]

    def dismiss(self, project: str, key: str) -> NoteView:
        return self.notes.add(project, DISMISSED, key)

    # Told in chat

    def hear(self, project: str, text: str) -> str | None:
        """A reply when the message is about preferences and nothing else, else None."""
        if _LIST.search(text):
            return self._listed(project)
        forget = _FORGET.match(text)
        if forget is not None and (hint := _HINT.search(forget["what"])):
            return self._leave_out(project, hint[1])
        if forget is not None:
            return self._forget(project, forget["what"])
        told = preference(text)
        if told is None:
            return None
        self.notes.add(project, PREFERENCE, told)
        return f'I will remember for this project: "{told}". Say "forget {told}" to take it back; Documents lists all.'

    def _listed(self, project: str) -> str:
        told = [f"- {note.text}" for note in self.preferences(project)]
        found = list(dict.fromkeys(f"- {fact.text} ({fact.place})" for fact in self.facts(project)))
        parts = []
        if told:
            parts.append("You told me:\n" + "\n".join(told))
        if found:
            parts.append("Your documents say:\n" + "\n".join(found))
        return "\n\n".join(parts) or 'Nothing yet. Tell me, for example: "always transparent, 128 px".'

    def _forget(self, project: str, what: str) -> str | None:
        known = self.preferences(project)
        words = set(re.findall(r"\w+", what.lower())) - {
            "the",
            "my",
            "about",
            "preference",
            "preferences",
            "that",
            "all",
        }
        everything = re.search(r"\b(?:all|every|everything|my)\b.*\bpreferences\b|\beverything\b", what, re.I)
        chosen = known if everything else [
            note for note in known if words and words <= set(re.findall(r"\w+", note.text.lower()))
        ]  # fmt: skip
        if not chosen:
            return (
                'There is no such preference. Ask "what do you remember?" for the list.'
                if _ABOUT.search(what)
                else None
            )
        for note in chosen:
            self.notes.remove(note.id)
        return "Forgotten: " + "; ".join(f'"{note.text}"' for note in chosen) + "."

    def _leave_out(self, project: str, word: str | None) -> str:
        chosen = [dislike for dislike in self.dislikes(project) if word in (None, dislike.word)]
        for dislike in chosen:
            self.dismiss(project, dislike.key)
        if not chosen:
            return "There is no such hint."
        return f"Left out: {', '.join(dislike.key for dislike in chosen)}. Documents lists what is left out."

    # Used

    def fill(self, project: str, args: dict[str, Any], request: str) -> Filled:
        """Arguments of `generate_assets`, with what the request leaves open; `notes` say where it came from."""
        if _WITHOUT.search(request):
            return Filled(args, [])
        filled, notes = dict(args), []
        for note in reversed(self.preferences(project)):  # the newest first: it wins
            used = {name: value for name, value in read_preference(note.text).items() if filled.get(name) is None}
            if "transparent" in used and (filled.get("tileable") or re.search(r"\bbackground\b", request, re.I)):
                del used["transparent"]
            if used:
                filled.update(used)
                notes.append(f'As you said: "{note.text}".')
        facts = chosen_look(self.facts(project))
        if facts and not filled.get("style") and not filled.get("style_pack"):
            style = style_words(facts)
            if style:
                filled["style"] = style
                places = " and ".join(dict.fromkeys(fact.place for fact in facts))
                notes.append(f"The look follows {places}; leave it out in Documents.")
        said = set(re.findall(r"[a-z]+", f"{request} {filled.get('style') or ''}".lower()))
        for dislike in self.dislikes(project)[:1]:
            if dislike.word not in said and not set(dislike.instead.split()) <= said:
                notes.append(f'{dislike.sentence} Say it in the request to have it so, or "forget the {dislike.key}".')
        return Filled(filled, notes)


def preference(text: str) -> str | None:
    """The lasting wish that a message tells, as it is kept, or None. A request for pictures is none."""
    if len(text) > 300 or text.rstrip().endswith("?"):
        return None
    found = _TOLD.match(text.strip())
    if found is None:
        return None
    told = next(part for part in found.groups() if part).strip(" .!,")
    told = re.sub(r"\s*,?\s*\b(?:from now on|by default|every time)\b", "", told, flags=re.I).strip(" .!,")
    if _TASK.match(told) or len(told) < 3 or re.match(r"never\s?mind\b", told, re.I):
        return None
    if re.match(r"(?:make|draw|generate|create|give me|paint)\s+(?:me\s+)?\d+\b", told, re.I):
        return None
    return told


def read_preference(text: str) -> dict[str, Any]:
    """Options of `generate_assets` that the words fix."""
    out: dict[str, Any] = {}
    negative = bool(re.search(r"\bnever\b|\bno\b|\bnot\b|\bdon'?t\b", text, re.I))
    size = _SIZE.search(text)
    if size and not negative and 8 <= int(size[1] or size[2]) <= 2048:
        out["size"] = int(size[1] or size[2])
    if re.search(r"\btransparen\w+|\bcut[ -]?out\b|\bno background\b", text, re.I):
        out["transparent"] = not re.search(r"\bnever\b|\bnot\b|\bdon'?t\b", text, re.I)
    elif re.search(r"\bopaque\b|\bwith (?:a )?background\b", text, re.I):
        out["transparent"] = negative
    if not negative:
        for style, pattern in _STYLES:
            if re.search(pattern, text, re.I):
                out["style"] = style
                break
    return out
