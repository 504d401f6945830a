"""What rejections have in common, from their notes and prompts."""

from __future__ import annotations

from library.history import undo
from library.library import Library
from library.review import decide
from library.taste import dislikes, looks
from tests.library.test_library import add_asset


def batch_of(library: Library, *prompts: str) -> None:
    batch = library.create_batch("default", "", {})
    for number, prompt in enumerate(prompts, start=1):
        add_asset(library, batch, number, prompt=prompt)


def test_what_was_rejected_twice_is_asked_about(library: Library) -> None:
    batch_of(library, "sword", "shield", "glossy cup", "dark cave", "dark tower", "dark wood", "bow")
    decide(library, {1: "rejected"}, who="ann", note="too glossy")
    assert dislikes(library, "default") == []
    decide(library, {3: "rejected"}, who="ben")
    found = dislikes(library, "default")
    assert [dislike.sentence for dislike in found] == ["You rejected glossy ones twice: matte?"]
    assert dislikes(library, "another") == []
    decide(library, {4: "rejected", 5: "rejected", 6: "approved"}, who="ann")
    assert [dislike.word for dislike in dislikes(library, "default")] == ["glossy"], "half of the dark ones are liked"
    decide(library, {7: "rejected"}, who="ann", note="the bow is glossy and not dark")
    assert dislikes(library, "default")[0].sentence == "You rejected glossy ones 3 times: matte?"
    undo(library, project="default")
    assert dislikes(library, "default")[0].times == 2
    decide(library, {1: "approved"}, who="ann", note="glossy after all")
    assert dislikes(library, "default") == [], "only the last decision on an image counts"


def test_negated_words_are_no_complaint() -> None:
    assert looks("Too shiny, not dark enough, hardly too bright") == {"shiny"}
