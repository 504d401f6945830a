"""Trains the tagger: `python -m agent.router.tagger.train`. Two cores need about a quarter of an hour.

MiniLM stays as it is but for low-rank changes of its linear layers (LoRA, Hu et al. 2021); heads read each word
piece. Besides the labelled messages it sees them with other numbers and subjects, two of them as one, the phrases that
the classifier learns from, and made-up reviews. `--hold-out` keeps one message in ten back for the report.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from agent.router.tagger import data, network, verdicts
from agent.router.tagger.data import Mark, Sample
from agent.router.tagger.heads import Heads
from agent.router.tagger.labels import KIND_LABELS, OUTSIDE, REQUEST_LABELS, SLOT_LABELS, SLOTS, begin, inside

LABELS = {"labels": f"{REQUEST_LABELS} {SLOT_LABELS} {KIND_LABELS}"}  # told in the file
UNKNOWN = -100  # a label that is not learned from
UNKNOWN_PIECE = "[UNK]"
SEEN = 2  # places where a character stands before it gets a word piece
_VOICED = re.compile(
    "[がぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポヴ]"
)
BATCH = 24
LEARNING_RATE = 2e-3
HEADS_FASTER = 3.75  # learning rate of the heads, which begin from nothing, to that of the changes
JOINED = 0.25  # share of messages that are two
PHRASES = 0.15  # phrases of the classifier for each labelled message
REVIEWS = 0.3  # made-up reviews for each labelled message
SMOOTHING = 0.02
KIND_WEIGHT = 1.0  # of the kinds' part of the loss: with 0.2 they were hardly learned
VERDICT_WEIGHT = 2.0  # of a piece that is approved or rejected: few are, and much hangs on which
BEST_KIND = 0.7  # of the weight of a subject's kinds, where it has several


class LowRank(nn.Module):
    """A linear layer, or a table of embeddings, with a low-rank change beside it."""

    def __init__(self, layer: nn.Linear | nn.Embedding) -> None:
        super().__init__()
        self.layer = layer
        rows, columns = layer.weight.shape
        self.down = nn.Parameter(torch.randn(network.RANK, columns) / math.sqrt(columns))
        self.up = nn.Parameter(torch.zeros(rows, network.RANK))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if isinstance(self.layer, nn.Embedding):
            return self.layer(inputs) + nn.functional.embedding(inputs, self.up) @ self.down
        return self.layer(inputs) + (inputs @ self.down.T) @ self.up.T


def adapt(model: Any) -> dict[str, LowRank]:
    """Put a change on each layer; by the names that `network.merge` knows."""
    out: dict[str, LowRank] = {}
    for name, layer in list(network.adapted(model)):
        assert isinstance(layer, nn.Linear | nn.Embedding)
        parent, _, own = name.rpartition(".")
        out[name] = LowRank(layer)
        setattr(model.get_submodule(parent), own, out[name])
    return out


def targets(marks: list[Mark] | None, offsets: list[tuple[int, int]], special: list[int]) -> list[int]:
    """The label of each word piece; marks start and end words, padding is unknown."""
    out = [UNKNOWN if mark or marks is None else OUTSIDE for mark in special]
    for mark in marks or []:
        first = True
        for row, (start, end) in enumerate(offsets):
            if not special[row] and start >= mark.start and end <= mark.end and end > start:
                out[row] = begin(mark.number) if first else inside(mark.number)
                first = False
    return out


def kind_targets(marks: list[Mark] | None, offsets: list[tuple[int, int]]) -> list[list[float]]:
    """Shares of the kinds [pieces, KIND_LABELS], zeros where none is known."""
    out = [[0.0] * KIND_LABELS for _ in offsets]
    for mark in marks or []:
        for row, (start, end) in enumerate(offsets):
            if mark.kinds and start >= mark.start and end <= mark.end and end > start:
                best, *others = mark.kinds
                for kind in others:
                    out[row][kind] = (1 - BEST_KIND) / len(others)
                out[row][best] = BEST_KIND if others else 1.0
    return out


def batch_of(samples: list[Sample], tokenizer: Any) -> tuple[torch.Tensor, ...]:
    """[n, pieces] each: ids, attention mask, labels of requests and of slots; [n, pieces, KIND_LABELS]: kinds."""
    encoded = tokenizer.encode_batch([sample.text for sample in samples])
    pairs = list(zip(samples, encoded, strict=True))
    requests = [targets(sample.requests, row.offsets, row.special_tokens_mask) for sample, row in pairs]
    slots = [targets(sample.slots, row.offsets, row.special_tokens_mask) for sample, row in pairs]
    kinds = [kind_targets(sample.slots, row.offsets) for sample, row in pairs]
    ids, mask = [row.ids for row in encoded], [row.attention_mask for row in encoded]
    return tuple(torch.tensor(part) for part in (ids, mask, requests, slots, kinds))


_SLOT_WEIGHTS = torch.ones(SLOT_LABELS)
for _slot in (SLOTS.index("approve"), SLOTS.index("reject")):
    _SLOT_WEIGHTS[[begin(_slot), inside(_slot)]] = VERDICT_WEIGHT


def loss_of(logits: torch.Tensor, requests: torch.Tensor, slots: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
    def one(part: torch.Tensor, labels: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
        return nn.functional.cross_entropy(
            part.flatten(0, 1), labels.flatten(), weight, ignore_index=UNKNOWN, label_smoothing=SMOOTHING
        )

    of_requests, of_slots, of_kinds = logits.split([REQUEST_LABELS, SLOT_LABELS, KIND_LABELS], dim=-1)
    total = one(of_requests, requests)
    if bool((slots != UNKNOWN).any()):
        total = total + one(of_slots, slots, _SLOT_WEIGHTS)
    known = kinds.sum(-1) > 0
    if bool(known.any()):
        total = total + KIND_WEIGHT * nn.functional.cross_entropy(of_kinds[known], kinds[known])
    return total


def epoch_of(
    samples: list[Sample],
    phrases: list[Sample],
    review: Callable[[random.Random], Sample],
    subjects: list[str],
    draw: random.Random,
) -> list[list[Sample]]:
    """Batches of one pass, messages of like length together."""
    seen = [data.varied(sample, subjects, draw) for sample in samples]
    seen += draw.sample(phrases, min(len(phrases), int(PHRASES * len(samples))))
    seen += [review(draw) for _ in range(int(REVIEWS * len(samples)))]
    mixed = []
    for sample in seen:
        other = draw.choice(seen)
        mixed.append(data.joined(sample, other, draw) if draw.random() < JOINED else sample)
    mixed.sort(key=lambda sample: len(sample.text) + draw.randrange(20))
    batches = [mixed[at : at + BATCH] for at in range(0, len(mixed), BATCH)]
    draw.shuffle(batches)
    return batches


def fit(
    samples: list[Sample],
    *,
    epochs: int,
    seed: int,
    held: list[Sample] | None = None,
    start: dict[str, torch.Tensor] | None = None,
    highest: float = LEARNING_RATE,
    keep: Callable[[dict[str, torch.Tensor]], None] = lambda weights: None,
) -> dict[str, torch.Tensor]:
    """The changes and heads, fp16, as `Tagger.load` reads them; `keep` gets them after each epoch. `start`: go on from
    those of an earlier training.
    """
    from agent.planning.vocabulary import Vocabulary

    torch.manual_seed(seed)
    draw = random.Random(seed)
    tokenizer, model = network.base()
    model.requires_grad_(False)
    changes = adapt(model)
    heads = Heads(model.config.hidden_size)
    if start is not None:
        with torch.no_grad():
            for name, parameter in _named(changes, heads).items():
                if name in start:
                    known = start[name].view(len(start[name]), -1)  # it may have a lower rank, or fewer characters
                    parameter.view(len(parameter), -1)[: known.shape[0], : known.shape[1]] = known
    parts = [[p for change in changes.values() for p in (change.down, change.up)], [*heads.parameters()]]
    rates = (highest, highest * HEADS_FASTER)
    optimizer = torch.optim.AdamW([{"params": part} for part in parts], weight_decay=0.01)
    subjects = [subject.text for subject in Vocabulary.load().subjects]
    phrases = list(data.phrases(draw))
    review = verdicts.reader()
    steps = epochs * math.ceil(len(samples) * (1 + PHRASES + REVIEWS) / BATCH)
    done, started = 0, time.monotonic()
    for epoch in range(epochs):
        total, count = 0.0, 0
        model.train()
        for samples_of_batch in epoch_of(samples, phrases, review, subjects, draw):
            share = min(1.0, (done + 1) / 50) * max(0.02, 1 - done / steps)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * share
            ids, mask, *known = batch_of(samples_of_batch, tokenizer)
            loss = loss_of(network.logits(model, heads, ids, mask), *known)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_([*parts[0], *parts[1]], 1.0)
            optimizer.step()
            total, count, done = total + float(loss.detach()), count + 1, done + 1
        line = {"epoch": epoch + 1, "loss": round(total / count, 4), "seconds": round(time.monotonic() - started)}
        print(json.dumps(line | (held_out(held, tokenizer, model, heads) if held else {})), flush=True)
        keep(_halved(_named(changes, heads)))
    return _halved(_named(changes, heads))


def _halved(weights: dict[str, nn.Parameter]) -> dict[str, torch.Tensor]:
    return {name: value.detach().to(torch.float16).contiguous() for name, value in weights.items()}


def _named(changes: dict[str, LowRank], heads: Heads) -> dict[str, nn.Parameter]:
    out = {f"{name}.down": change.down for name, change in changes.items()}
    out |= {f"{name}.up": change.up for name, change in changes.items()}
    return out | {f"heads.{name}": parameter for name, parameter in heads.named_parameters()}


def held_out(samples: list[Sample], tokenizer: Any, model: Any, heads: Any) -> dict[str, float]:
    """Shares of messages with exactly the right requests, of word pieces with the right slot, and of subjects' pieces
    with one of the right kinds.
    """
    from agent.router.tagger.reader import Tagger

    model.eval()
    tagger = Tagger(tokenizer, model, heads)
    tools, words, right, pieces, fitting = [], 0, 0, 0, 0
    for sample in samples:
        reading = tagger.read(sample.text)
        want = sorted(mark.number for mark in sample.requests)
        tools.append(sorted(data.TOOLS.index(request.tool) for request in reading.requests) == want)
    for at in range(0, len(samples), 64):
        ids, mask, _, slots, kinds = batch_of(samples[at : at + 64], tokenizer)
        with torch.inference_mode():
            logits = network.logits(model, heads, ids, mask)
        _, of_slots, of_kinds = logits.split([REQUEST_LABELS, SLOT_LABELS, KIND_LABELS], dim=-1)
        known = slots != UNKNOWN
        words, right = words + int(known.sum()), right + int((of_slots.argmax(-1) == slots)[known].sum())
        said = kinds.sum(-1) > 0
        best = kinds.gather(-1, of_kinds.argmax(-1, keepdim=True))[..., 0]
        pieces, fitting = pieces + int(said.sum()), fitting + int((best[said] > 0).sum())
    shares = {"slot_pieces": right / max(1, words), "kind_pieces": fitting / max(1, pieces)}
    return {"tools": round(float(np.mean(tools)), 4)} | {name: round(share, 4) for name, share in shares.items()}


def more_characters(samples: list[Sample]) -> str:
    """What `characters.txt` has, then what stands in `SEEN` places at least and has no word piece, the most frequent
    ones first; and voiced kana, which MiniLM's normaliser takes for unvoiced ones ("ga" for "ka").
    """
    tokenizer, _ = network.base()
    known = network.characters()
    seen = Counter(character for sample in samples for character in sample.text if not character.isspace())
    new = [
        character
        for character, number in seen.most_common()
        if number >= SEEN
        and character not in known
        and (UNKNOWN_PIECE in tokenizer.encode(character).tokens or _VOICED.fullmatch(character))
    ]
    return known + "".join(new)


def mean(files: Sequence[Path]) -> dict[str, torch.Tensor]:
    """The mean of the weights of trainings that went on from each other, fp16: often better than each of them
    (Wortsman et al. 2022, "Model soups"). What earlier ones lack (arrays, rows, columns) is that of the last.
    """
    from safetensors.torch import load_file

    *earlier, last = [load_file(file) for file in files]
    out = {name: value.float() for name, value in last.items()}
    for name, value in out.items():
        others = [weights[name] for weights in earlier if name in weights]
        same = tuple(slice(min(sides)) for sides in zip(*(other.shape for other in [*others, value]), strict=True))
        value[same] = torch.stack([*(other[same].float() for other in others), value[same]]).mean(0)
    return {name: value.half().contiguous() for name, value in out.items()}


def main() -> None:
    from safetensors.torch import load_file, save_file

    parser = argparse.ArgumentParser(description="Trains the tagger.")
    parser.add_argument("--data", type=Path, default=data.LABELLED)
    parser.add_argument("--out", type=Path, default=network.WEIGHTS)
    parser.add_argument("--start", type=Path, help="weights of an earlier training to go on from")
    parser.add_argument("--rate", type=float, default=LEARNING_RATE, help="learning rate at its highest")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--characters", action="store_true", help="only give word pieces to new characters")
    parser.add_argument("--mean", type=Path, nargs="+", help="do not train: take the mean of these weights")
    parser.add_argument("--hold-out", action="store_true", help="keep one message in ten back and report on them")
    args = parser.parse_args()
    samples = [sample for group in data.labelled(args.data).values() for sample in group]
    if args.characters:
        network.CHARACTERS.write_text(more_characters(samples) + "\n", encoding="utf-8")
        return
    if args.mean:
        save_file(mean(args.mean), args.out, LABELS)
        return
    random.Random(0).shuffle(samples)
    cut = len(samples) // 10 if args.hold_out else 0
    start = load_file(args.start) if args.start else None

    def keep(weights: dict[str, torch.Tensor]) -> None:
        save_file(weights, args.out, LABELS)

    fit(
        samples[cut:],
        epochs=args.epochs,
        seed=args.seed,
        held=samples[:cut],
        start=start,
        highest=args.rate,
        keep=keep,
    )


if __name__ == "__main__":
    main()
