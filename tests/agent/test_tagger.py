# ruff: noqa: E501
"""The tagger's labelled messages, the values of its slots, and messages of kinds that rules alone misread."""

from __future__ import annotations

import json
import random
import re
import threading
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from agent.router import Router
from agent.router.evaluate import read_turns
from agent.router.tagger import data, network, train, verdicts
from agent.router.tagger.data import Sample
from agent.router.tagger.labels import SLOTS
from agent.router.tagger.reader import Tagger
from agent.router.tagger.values import number, refs
from loading import MODEL_LOADING
from memory.embedder import Embedder
from pipelines.request import KINDS

TURNS = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def router() -> Router:
    return Router.load(Embedder())


def test_it_waits_while_another_model_is_built() -> None:
    """diffusers builds models on the meta device, for the whole process: a tagger built meanwhile would be without weights."""
    loaded: list[Tagger] = []
    thread = threading.Thread(target=lambda: loaded.append(Tagger.load()))
    with MODEL_LOADING:
        thread.start()
        thread.join(1.0)
        assert not loaded
    thread.join(60)
    assert loaded[0].read("upscale 3 twice").requests[0].tool == "upscale_assets"


def test_every_label_stands_in_its_message() -> None:
    for samples in data.labelled().values():
        for sample in samples:
            assert sample.slots is not None
            for mark in [*sample.requests, *sample.slots]:
                assert 0 <= mark.start < mark.end <= len(sample.text)
            ends = [0, *(mark.end for mark in sample.requests)]
            assert all(mark.start >= end for mark, end in zip(sample.requests, ends, strict=False)), "no overlap"


def test_training_goes_on_from_weights_of_a_lower_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = next(iter(data.labelled().values()))[:24]
    monkeypatch.setattr(network, "RANK", 2)
    before = train.fit(samples, epochs=1, seed=0)
    monkeypatch.setattr(network, "RANK", 5)
    after = train.fit(samples, epochs=1, seed=1, start=before, highest=0.0)
    heads = [name for name in before if name.startswith("heads.")]
    assert heads and all(after[name].equal(before[name]) for name in heads)
    layers = [name.removesuffix(".up") for name in before if name.endswith(".up")]
    assert layers and any(before[f"{name}.up"].any() for name in layers)
    for name in layers:
        change, grown = (w[f"{name}.up"].float() @ w[f"{name}.down"].float() for w in (before, after))
        assert after[f"{name}.down"].shape[0] == 5
        assert (change - grown).abs().max() < 1e-3, "fp16 once more, and no other difference"


def test_word_pieces_for_all_that_is_written() -> None:
    """One character without a word piece makes its whole word unknown, and Japanese has no spaces between words."""
    tokenizer, model = network.base()
    pieces = unknown = 0
    for samples in data.labelled().values():
        for encoded in tokenizer.encode_batch([sample.text for sample in samples if not sample.text.isascii()]):
            pieces += sum(encoded.attention_mask)
            unknown += encoded.tokens.count(train.UNKNOWN_PIECE)
    assert unknown < 0.01 * pieces
    assert tokenizer.encode("5番が").tokens[1:-1] == ["5", "番", "が"]
    table = model.embeddings.word_embeddings.weight
    assert len(table) == tokenizer.get_vocab_size()
    assert table[tokenizer.token_to_id("が")].equal(table[tokenizer.token_to_id("か")]), "before training"


def test_kinds_of_pictures_move_with_their_subjects() -> None:
    sample = data.parse(
        json.dumps(
            {
                "text": "ok, 3 crabs and a shore",
                "calls": [
                    {
                        "tool": "generate_assets",
                        "span": "3 crabs and a shore",
                        "slots": {"count": ["3"], "subject": ["crabs", "shore"]},
                        "kinds": [["character"], ["background", "tile"]],
                    }
                ],
            }
        )
    )
    both = data.joined(Sample("hello"), sample, random.Random(1))
    assert both.slots is not None
    kinds = {both.text[mark.start : mark.end]: mark.kinds for mark in both.slots}
    assert kinds == {
        "3": (),
        "crabs": (KINDS.index("character"),),
        "shore": (KINDS.index("background"), KINDS.index("tile")),
    }
    tokenizer, _ = network.base()
    *_, shares = train.batch_of([both], tokenizer)
    assert sorted(set(shares.sum(-1).flatten().tolist())) == [0.0, 1.0]


def test_the_mean_of_two_trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = []
    for value, rows in ((1.0, 4), (2.0, 5)):  # the second one knows a character more
        files.append(tmp_path / f"{value}.safetensors")
        arrays = {"heads.out.bias": torch.full((3,), value), "embeddings.up": torch.full((rows, 2), value)}
        wider = {"heads.out.weight": torch.full((1, rows), value)} | ({"heads.lstm": torch.ones(2)} if rows > 4 else {})
        save_file(arrays | wider, files[-1])
    monkeypatch.setattr("sys.argv", ["train", "--mean", *map(str, files), "--out", str(tmp_path / "mean.safetensors")])
    train.main()
    out = {name: value.tolist() for name, value in load_file(tmp_path / "mean.safetensors").items()}
    assert out["embeddings.up"] == [[1.5, 1.5]] * 4 + [[2.0, 2.0]]
    assert out["heads.out.weight"] == [[1.5] * 4 + [2.0]]
    assert out["heads.out.bias"] == [1.5] * 3 and out["heads.lstm"] == [1.0, 1.0]


def test_made_up_reviews_know_what_each_picture_got(tmp_path: Path) -> None:
    (tmp_path / "en-orders.tsv").write_text("yes\tkeep #\nyes\tdo keep #\nno\ttoss ##\nno\t[the rest] can go\n")
    (tmp_path / "en.tsv").write_text("".join(f"yes\tI {much} love #\n" for much in ("do", "really", "truly", "just")))
    review, draw = verdicts.reader(tmp_path), random.Random(1)
    names, plain = set(), 0
    for _ in range(200):
        sample = review(draw)
        assert sample.slots
        plain += "love" not in sample.text
        for mark in sample.slots:
            names.add(words := sample.text[mark.start : mark.end])
            before = sample.text[: mark.start].removesuffix(" ")
            assert SLOTS[mark.number] == ("approve" if before.endswith(("keep", "love")) else "reject")
            assert words == "the rest" or words[0].isdigit() and words[-1].isdigit()
    assert "the rest" in names and 60 < plain < 140, "half of them are plain"
    (tmp_path / "fr.tsv").write_text("maybe\t#\n")
    with pytest.raises(ValueError, match="no verdicts"):
        verdicts.reader(tmp_path)


@pytest.mark.parametrize(
    ("text", "approve", "reject"),
    [
        ("approve 2, reject 3", ["2"], ["3"]),
        ("reject 3 and approve 9", ["9"], ["3"]),
        ("keep 1, toss 2", ["1"], ["2"]),
        ("2, 3 und 7 annehmen, 5 ablehnen", ["2, 3 und 7"], ["5"]),
        ("acepta la 2, tira la 5", ["2"], ["5"]),
        ("vire le 8, garde le 9", ["9"], ["8"]),
        ("o 4 fora, o 6 fica", ["6"], ["4"]),
    ],
)
def test_each_number_has_the_verdict_beside_it(text: str, approve: list[str], reject: list[str]) -> None:
    """MiniLM's last states within a sentence resemble each other: read from them alone, all numbers had one verdict."""
    (request,) = Tagger.load().read(text).requests
    said = {slot: [text[start:end] for start, end in places] for slot, places in request.slots.items()}
    numbers = {
        slot: [re.sub(r"^\D+|\D+$", "", words) for words in said.get(slot, [])] for slot in ("approve", "reject")
    }
    assert numbers == {"approve": approve, "reject": reject}


def test_no_labelled_message_is_a_test_turn() -> None:
    tested = {turn["text"].strip().lower() for file in TURNS.glob("turns*.jsonl") for turn in read_turns(file)}
    learned = {sample.text.lower() for samples in data.labelled().values() for sample in samples}
    assert not {text for text in tested & learned if len(text.split()) > 3}


def test_variations_keep_labels_on_their_words() -> None:
    line = json.dumps(
        {
            "text": "hi, give me 12 rusty swords at 64px",
            "calls": [
                {
                    "tool": "generate_assets",
                    "span": "give me 12 rusty swords at 64px",
                    "slots": {"count": ["12"], "subject": ["rusty swords"], "size": ["64px"]},
                }
            ],
        }
    )
    sample, draw = data.parse(line), random.Random(1)
    for _ in range(200):
        other = data.varied(sample, ["palm tree"], draw)
        both = data.joined(other, sample, draw)
        for one in (other, both):
            assert one.slots is not None
            words = {SLOTS[mark.number]: one.text[mark.start : mark.end] for mark in one.slots}
            assert words["count"].isdigit() and words["size"].endswith("px") and len(words["subject"]) > 8
            for mark in one.requests:
                assert one.text[mark.start : mark.end].startswith("give me") and one.text[: mark.end].endswith("px")


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("32", 32), ("a dozen", 12), ("twenty-two", 22), ("a couple of", 2), ("veintidós", 22), ("media docena", 6), ("trente-deux", 32),
        ("une douzaine de", 12), ("zweiundzwanzig", 22), ("zwei Dutzend", 24), ("vinte e cinco", 25), ("uma dúzia de", 12), ("10体", 10),
        ("二十三", 23), ("六つ", 6), ("several", 5), ("-3", -3), ("loads", None),
    ],
)  # fmt: skip
def test_numbers_in_six_languages(words: str, value: int | None) -> None:
    assert number(words) == value


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("1 n 6", [1, 6]), ("14, 16, and 22", [14, 16, 22]), ("2-5", [2, 3, 4, 5]), ("twenty through twenty three", [20, 21, 22, 23]),
        ("the rest", ["rest"]), ("los demás", ["rest"]), ("alles andere", ["rest"]), ("every single one", ["all"]), ("tout", ["all"]),
        ("残り", ["rest"]), ("12番", [12]), ("batch 14", ["batch 14"]), ("バッチ6", ["batch 6"]), ("it", [7]), ("both", ["both"]),
        ("the approved ones", ["approved"]), ("del 3 al 5", [3, 4, 5]), ("number two", [2]),
    ],
)  # fmt: skip
def test_references_in_six_languages(words: str, found: list[int | str]) -> None:
    assert refs(words, None, [7]) == found
