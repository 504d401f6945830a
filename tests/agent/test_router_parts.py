"""The router's parts that need no model: numbers, references, clauses, verdicts, languages, spelling, slots."""

from __future__ import annotations

import pytest

from agent.router import clauses, generation, packs, patterns, references, slots
from agent.router.languages import anglicise, detect, english_subject, lexicons
from agent.router.normalise import plain_layer
from agent.router.numbers import digits


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("twenty-five alien plants", "25 alien plants"),
        ("a dozen potions", "12 potions"),
        ("two dozen gems", "24 gems"),
        ("half a dozen crates", "6 crates"),
        ("a couple of angry mushrooms", "2 angry mushrooms"),
        ("one hundred and five rocks", "105 rocks"),
        ("a million props", "1000000 props"),
        ("1,000 coins", "1000 coins"),
        ("one two three", "1 2 3"),
        ("approve one and three", "approve 1 and 3"),
        ("the second one", "the 2nd one"),
        ("the red one", "the red one"),
        ("a three-headed dog", "a three-headed dog"),
        ("wait a second", "wait a second"),
    ],
)
def test_number_words_become_digits(text: str, plain: str) -> None:
    assert digits(text).plain == plain


def test_users_words_come_back() -> None:
    message = digits("draw twenty-five alien plants")
    message.strike(0, 5)
    assert message.rest() == "twenty-five alien plants"


@pytest.mark.parametrize(
    ("text", "gallery", "refs"),
    [
        ("keep 2, 5 and 8", None, [2, 5, 8]),
        ("Reject 10 through 14", None, [10, 11, 12, 13, 14]),
        ("change 1-3 so that they face left", None, [1, 2, 3]),
        ("between 2 and 4", None, [2, 3, 4]),
        ("#7 and #9", None, [7, 9]),
        ("the 1st and the 4th", None, [1, 4]),
        ("the last one", 8, [8]),
        ("the last one", None, ["last"]),
        ("the last 2", 6, [5, 6]),
        ("the 1st 2", 6, [1, 2]),
        ("keep the even ones", 6, [2, 4, 6]),
        ("upscale 3 x4", None, [3]),
        ("upscale 3 by 4", None, [3]),
        ("all of them", None, ["all"]),
        ("the rest", None, ["rest"]),
        ("export batch 12", None, ["batch 12"]),
        ("all approved assets", None, ["approved"]),
        ("16 farm crops at 64x64", None, []),
        ("godot 4 and level 3", None, []),
        ("bundle 3 and 4 into 1 sheet", None, [3, 4]),
    ],
)
def test_references(text: str, gallery: int | None, refs: list[int | str]) -> None:
    assert references.find(text, gallery).refs == refs


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("approve 1 and 3, reject the rest, redo 2 with a bluer glow, upscale 4, export for Phaser", 5),
        ("redo 2 darker and 5 brighter", 2),
        ("1 and 2 rock, 3 sucks, and blow 1 up 2x", 3),
        ("make 4 ice golems and then list all the ice assets", 2),
        ("a save and load system in godot", 1),
        ("make a style pack from these and call it Dust", 1),
        ("draw a knight with a sword, a shield and a cape", 1),
        ("what's the lore of the city? also draw me 6 fish people", 2),
        ('name it "keep 1, delete 2"', 1),
    ],
)
def test_clauses(text: str, count: int) -> None:
    assert len(clauses.split(digits(text))) == count


@pytest.mark.parametrize(
    ("text", "approve", "reject"),
    [
        ("ok on 21 but 22 is a no", [21], [22]),
        ("1 and 2 rock, 3 sucks", [1, 2], [3]),
        ("everything looks amazing except 8", ["rest"], [8]),
        ("none of these work for me", [], ["all"]),
        ("not feeling 5 or 6", [], [5, 6]),
        ("I don't want 4", [], [4]),
        ("7 please, not 8", [7], [8]),
        ("1 yes 2 yes 3 no", [1, 2], [3]),
        ("3's a winner; the other ones can go", [3], ["rest"]),
        ("don't delete 3", [3], []),
    ],
)
def test_verdicts(text: str, approve: list[int | str], reject: list[int | str]) -> None:
    assert slots.review(digits(text).plain, None, []) == {"approve": approve, "reject": reject}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("aprueba 1 y 3, rechaza el resto", "es"),
        ("garde le 2 et le 5, jette le 4", "fr"),
        ("genehmige 1 bis 4 und lehne 5 ab", "de"),
        ("aprovar 1, rejeitar 2 e 3", "pt"),
        ("サボテンを5個作って", "ja"),
        ("approve 1 and 3, bin 4, remove 5", None),
        ("a hat, a war hammer and a die", None),
        ("the rest can go on the pack list", None),
        ("gera 8 tiles de areia 16x16 q encaixem direitinho um no outro", "pt"),  # no key word of Portuguese
        ("slt ça va ?", "fr"),
        ("boah, Montag is echt nich mein Tag", "de"),
        ("fallen angel, rune pendant", None),
    ],
)
def test_language_is_found(text: str, language: str | None) -> None:
    assert detect(text) == language


def test_a_thing_in_a_message_without_key_words_is_english() -> None:
    request = "oye me armas 6 texturas de ladrillo viejo q se repitan sin q se note la costura?"
    assert english_subject("ladrillo viejo", request) == "old brick"


def test_japanese_verb_comes_first_and_subject_stays() -> None:
    message, _ = anglicise("1と3を承認、残りは却下")
    assert [slots.review(message.plain, None, [])] == [{"approve": [1, 3], "reject": ["rest"]}]
    [args] = generation.generate(plain_layer("サボテンを5個作って"), (), lambda subject: "prop")
    assert (args["subject"], args["count"]) == ("サボテン", 5)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("upsacle 3", "upscale 3"),
        ("genrate 8 crates", "generate 8 crates"),
        ("aprove 2 adn 3", "approve 2 and 3"),
        ("exprot 1 for pahser", "export 1 for phaser"),
        ("the expert reader lost a candle", "the expert reader lost a candle"),
        ("call it Exprot", "call it Exprot"),
    ],
)
def test_key_words_are_mended_and_others_left(text: str, plain: str) -> None:
    assert plain_layer(text).plain == plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("make 3 wizards, 4 orcs and a dragon", [("wizards", 3), ("orcs", 4), ("dragon", 1)]),
        ("a slime, a bat and a mimic", [("slime", 1), ("bat", 1), ("mimic", 1)]),
        ("a knight with a sword and a shield", [("knight with a sword and a shield", 1)]),
        ("half a dozen wooden crates and barrels", [("wooden crates and barrels", 6)]),
        ("rope, torch and bandage, 1 each", [("rope, torch and bandage", 3)]),
        ("25x rusty keys", [("rusty keys", 25)]),
        ("barrels. thirty. wooden.", [("barrels. wooden", 30)]),
    ],
)
def test_subjects_and_counts(text: str, expected: list[tuple[str, int]]) -> None:
    calls = generation.generate(plain_layer(text), (), lambda subject: "prop")
    assert [(call["subject"], call["count"]) for call in calls] == expected


def test_extras() -> None:
    text = "9 dungeon floor tiles that loop seamlessly, 32px, in the Mossy Keep style, seed 7"
    [args] = generation.generate(plain_layer(text), (), lambda subject: "prop")
    assert args == {
        "subject": "dungeon floor",
        "kind": "tile",
        "count": 9,
        "tileable": True,
        "size": 32,
        "style_pack": "Mossy Keep",
        "seed": 7,
    }


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("train a style pack called Foggy Peaks on the attached pictures", {"name": "Foggy Peaks"}),
        ("learn this look and save it as 'CandyLand'", {"name": "CandyLand"}),
        ("here's my art, train a style on it, name: ink_wash", {"name": "ink_wash"}),
        ("make a quick style from these, trigger word zxfrog", {"preset": "fast", "trigger": "zxfrog"}),
        ("make a style pack from these images", {}),
    ],
)
def test_style_pack_arguments(text: str, args: dict[str, str]) -> None:
    assert packs.style_pack(plain_layer(text)) == args


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("export 1, 2 and 5 as a spritesheet for godot", "godot"),
        ("pack batch 12 into a png atlas", "png"),
        ("one sheet with json metadata", "json"),
        ("as a sprite sheet", "spritesheet"),
        ("export 3", None),
    ],
)
def test_export_format(text: str, form: str | None) -> None:
    assert slots.export_format(text) == form


@pytest.mark.parametrize(
    ("text", "approve", "reject"),
    [
        ("I can live with 5, approved", [5], []),
        ("reject 2 and 3, the others are approved", ["rest"], [2, 3]),
        ("All approved except for 9 and 10", ["rest"], [9, 10]),
        ("All of them. Approved.", ["all"], []),
        ("reject the approved ones", [], ["approved"]),
        ("accept 7 through 9 the others are rejected", [7, 8, 9], ["rest"]),
        ("keep 1 del 2", [1], [2]),
        ("rej 9 10 12", [], [9, 10, 12]),
        ("5 and 6 pass 7 fails", [5, 6], [7]),
        ("11 is lovely and so is 13 but 12 makes my eyes hurt get rid of it", [11, 13], [12]),
    ],
)
def test_verdicts_and_what_they_are_about(text: str, approve: list, reject: list) -> None:
    assert slots.review(text, 30, []) == {"approve": approve, "reject": reject}


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("sexy outfit for a schoolgirl", True),
        ("少女の裸", True),
        ("a kid with a red hat", False),
        ("10 naked mole rats", False),
        ("baby dragon in a nude colour palette", False),
    ],
)
def test_sexual_pictures_of_minors_are_never_a_request(text: str, refused: bool) -> None:
    assert bool(patterns.ABUSE.search(text)) is refused


@pytest.mark.parametrize(
    ("request_", "subject", "english"),
    [
        ("dibújame diez espantapájaros", "espantapájaros", "scarecrow"),
        ("zeichne mir elf Wüstenfelsen", "Wüstenfelsen", "desert rock"),  # taken apart
        ("desenha umas 25 samambaias", "samambaias", "fern"),
        ("錆びたガラスの剣を5本作って", "錆びたガラスの剣", "rusty glass sword"),  # ガラス holds a shorter word
        ("draw six robes and a gold coin", "robes", "robes"),  # French words, in an English message
    ],
)
def test_things_are_put_into_english(request_: str, subject: str, english: str) -> None:
    assert english_subject(subject, request_) == english


def test_key_words_of_four_languages_are_not_all_made_ready_before_the_first_answer() -> None:
    """They took seconds of Python's lock while the first pictures waited for their imports."""
    lexicons.cache_clear()
    detect.cache_clear()
    assert detect("32 desert props") is None
    for lexicon in lexicons().values():
        assert len(lexicon._patterns) <= 3
