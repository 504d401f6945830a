"""Files to text, text to passages: real files of each kind, and what goes wrong with them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from errors import BadRequest
from memory.documents.extract import extract
from memory.documents.sentences import statements
from memory.documents.split import split

DATA = Path(__file__).parents[1] / "data" / "documents"
FORMATS = DATA / "formats"


def words(texts: object) -> list[int]:
    return [len(str(text).split()) for text in texts]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("handbook.docx", ["# Crew", "## Stoker", "- Rope", "| Propeller | 120 |", "**Shift change**"]),
        ("lore.odt", ["## Guilds", "- The Lamp Trimmers", "| Vell | 7 |"]),
        ("balance.xlsx", ["# Balance", "| Storm petrel | 30 | 2 |", "# Prices"]),
        ("pitch.pdf", ["# Movement", "## Landing", "kilograms,\nand a crew"]),
    ],
)
def test_each_format_keeps_headings_lists_and_tables(name: str, wanted: list[str]) -> None:
    text = extract(FORMATS / name).text
    for piece in wanted:
        assert piece in text


def test_page_numbers_of_a_pdf_are_no_text() -> None:
    assert "Page 1 of 2" not in extract(FORMATS / "pitch.pdf").text


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ("敵の体力は50です。スタミナは毎秒10回復する。".encode("cp932"), "スタミナは毎秒10回復"),
        ("スタミナは百です。剣の攻撃力は二十。".encode("euc_jp"), "スタミナは百"),
        ("Größe 5, stamina 100".encode("utf-16"), "Größe 5"),
        ("stamina is a hundred".encode("utf-16-le"), "stamina is a hundred"),
        ("Die Größe beträgt fünf Meter und kostet Kraft".encode("latin-1"), "Größe beträgt"),
        ("\ufeffstamina\r\nis 100".encode(), "stamina\nis 100"),
    ],
    ids=["shift-jis", "euc-jp", "utf-16", "utf-16 without mark", "latin-1", "utf-8 with mark"],
)
def test_any_encoding_is_read(tmp_path: Path, data: bytes, wanted: str) -> None:
    (tmp_path / "notes.txt").write_bytes(data)
    assert wanted in extract(tmp_path / "notes.txt").text


def bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w") as part:
        for _ in range(40):
            part.write(b"A" * 10_000_000)
    return path


def test_bad_files_are_refused_with_a_sentence_each(tmp_path: Path) -> None:
    def written(name: str, data: bytes) -> Path:
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    cases = {
        "is empty": written("empty.md", b""),
        "holds no text": written("blank.txt", b" \n\n--- \n"),
        "is not text": written("noise.txt", bytes(range(256)) * 20),
        "protected by a password": FORMATS / "locked.pdf",
        "holds pictures of pages": FORMATS / "scanned.pdf",
        "damaged or no PDF": written("broken.pdf", b"%PDF-1.4 nothing of the kind"),
        "it is no DOCX": written("broken.docx", b"not a zip"),
        "which no honest DOCX does": bomb(tmp_path / "bomb.docx"),
        "older format": written("old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
        "old Word format": written("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        "not a kind of document": written("model.blend", b"BLENDER"),
        "no file": tmp_path / "missing.md",
    }
    for wanted, path in cases.items():
        with pytest.raises(BadRequest) as caught:
            extract(path)
        assert wanted in caught.value.message
        assert caught.value.message.endswith(".")


def test_a_huge_text_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    with pytest.raises(BadRequest, match="limit is 105 MB"):
        extract(path)


def test_scripts_and_hidden_parts_of_html_are_no_text() -> None:
    text = extract(DATA / "orbital_grocer.html").text
    assert "tracker" not in text
    assert "SYSTEM" not in text
    assert "padding" not in text
    assert "Rent is 350" in text
    assert "| Real coffee | 38 | 65 |" in text


def test_headings_of_all_sorts_make_paths() -> None:
    text = "# Game\n\nIntro.\n\n## Combat\n\n**Stamina**\n\nIt is 100.\n\n\\section{Bosses}\n\nKing: 5."
    made = split(text, "file", words, 40)
    assert made.title == "Game"
    assert [piece.heading for piece in made.pieces] == ["", "Combat > Stamina", "Bosses"]
    plain = split("INTRO\n\nText here.\n\n1.2 Water\n\nSea water kills.", "notes", words, 40, plain=True)
    assert [piece.heading for piece in plain.pieces] == ["INTRO", "1.2 Water"]


def test_passages_keep_to_the_limit_and_lose_nothing() -> None:
    rows = "\n".join(f"| thing {n} | {n * 3} |" for n in range(60))
    prose = " ".join(f"Sentence number {n} says something." for n in range(80))
    text = f"# Doc\n\n## Long\n\n{prose}\n\n## Table\n\n| Name | Value |\n| --- | --- |\n{rows}\n\n{'word ' * 300}"
    made = split(text, "file", words, 60)
    for piece in made.pieces:
        assert sum(words([made.title, piece.heading, piece.text])) <= 60
    joined = " ".join(piece.text for piece in made.pieces)
    for n in range(80):
        assert f"Sentence number {n} says" in joined
    assert [piece for piece in made.pieces if "thing 59" in piece.text][0].text.startswith("| Name | Value |")


def test_a_table_that_fits_is_kept_whole() -> None:
    table = "| Weapon | Damage |\n| --- | --- |\n| Poker | 14 |\n| Hammer | 41 |"
    made = split(f"# W\n\n{'filler ' * 30}\n\n{table}", "file", words, 50)
    assert any(table in piece.text for piece in made.pieces)


def test_statements_carry_what_they_depend_on() -> None:
    table = "| Weapon | Damage |\n|---|---|\n| Poker | 14 |"
    text = f"It costs 5 e.g. for a jump. Next one.\n\nYou get:\n\n- rope\n- lamp\n\n{table}"
    assert statements(text) == [
        "It costs 5 e.g. for a jump.",
        "Next one.",
        "You get:",
        "You get: rope",
        "You get: lamp",
        "Poker; Damage: 14",
    ]
