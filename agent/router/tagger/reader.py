"""A message's requests as the tagger sees them."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agent.router.classifier import TOOLS
from agent.router.tagger import network
from agent.router.tagger.labels import OUTSIDE, REQUEST_LABELS, SLOT_LABELS, SLOTS, begin, inside
from loading import MODEL_LOADING
from pipelines.request import KINDS

KIND_LIKELY = 0.92  # the classifier of the subject alone is as good below
_LONG_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True)
class Request:
    """One call that a message asks for: a stretch of it, the probability of the tool, each slot's words, and of each
    subject the probabilities of KINDS [n].
    """

    tool: str
    start: int
    end: int
    sure: float
    slots: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    kinds: tuple[np.ndarray, ...] = ()

    def kind(self, text: str, subject: str) -> str | None:
        """Of the picture of a subject, as the whole message sounds; None when no kind is likely."""
        words = set(_LONG_WORD.findall(subject.lower()))
        stretches = zip(self.slots.get("subject", ()), self.kinds, strict=True)
        own = [of for (start, end), of in stretches if words & set(_LONG_WORD.findall(text[start:end].lower()))]
        if not self.kinds:
            return None
        mean = np.mean(own or self.kinds, axis=0)
        best = int(mean.argmax())
        return KINDS[best] if mean[best] >= KIND_LIKELY else None


@dataclass(frozen=True)
class Reading:
    """`sure`: 0..1, of the requests taken together, or with none that nothing is asked for."""

    requests: tuple[Request, ...]
    sure: float


class Tagger:
    """Stateless after loading; `read` may be called from several threads."""

    def __init__(self, tokenizer: Any, model: Any, heads: Any) -> None:
        self._tokenizer, self._model, self._heads = tokenizer, model, heads
        self._lock = threading.Lock()

    @classmethod
    def load(cls, weights: Path = network.WEIGHTS) -> Tagger:
        """Raises NotReady when the built-in embedder is missing."""
        from safetensors.torch import load_file

        from agent.router.tagger.heads import Heads

        arrays = load_file(weights)
        tokenizer, model = network.base()
        network.merge(model, arrays)
        with MODEL_LOADING:
            heads = Heads(model.config.hidden_size)
        own = {name.removeprefix("heads."): value for name, value in arrays.items() if name.startswith("heads.")}
        heads.load_state_dict(own)
        return cls(tokenizer, model, heads.eval())

    def read(self, text: str) -> Reading:
        """`text` as `agent.router.text.clean` gives it; positions count its characters."""
        spans, requests, slots, kinds = self._logits(text)
        if not spans:
            return Reading((), 1.0)
        likely = _log_softmax(requests)
        path = _best_path(likely)
        runs = _unbroken(_runs(path), _best_path(_log_softmax(slots)))
        found = [self._request(run, likely, slots, kinds, spans) for run in runs]
        if not found:
            nothing = float(np.exp(likely[:, OUTSIDE].min()))
            return Reading((), nothing)
        return Reading(tuple(found), min(request.sure for request in found))

    def _logits(self, text: str) -> tuple[list[tuple[int, int]], np.ndarray, np.ndarray, np.ndarray]:
        """Character spans of the word pieces, logits of requests, slots and kinds, each [pieces, labels]."""
        import torch

        with self._lock, torch.inference_mode():
            encoded = self._tokenizer.encode(text)
            ids, mask = torch.tensor([encoded.ids]), torch.tensor([encoded.attention_mask])
            logits = network.logits(self._model, self._heads, ids, mask)[0].numpy()
        keep = [row for row, special in enumerate(encoded.special_tokens_mask) if not special]
        requests, slots, kinds = np.split(logits[keep], [REQUEST_LABELS, REQUEST_LABELS + SLOT_LABELS], axis=1)
        return [encoded.offsets[row] for row in keep], requests, slots, kinds

    @staticmethod
    def _request(
        run: tuple[int, int, int],
        likely: np.ndarray,
        slots: np.ndarray,
        kinds: np.ndarray,
        spans: list[tuple[int, int]],
    ) -> Request:
        tool, first, last = run
        rows = np.exp(likely[first:last])
        mass = rows[:, begin(tool)] + rows[:, inside(tool)]
        words = _slots(slots[first:last], spans[first:last])
        subjects = [
            [row for row in range(first, last) if start <= spans[row][0] < end]
            for start, end in words.get("subject", ())
        ]
        means = tuple(np.exp(_log_softmax(kinds[rows].mean(axis=0))) for rows in subjects)
        return Request(TOOLS[tool], spans[first][0], spans[last - 1][1], float(mass.mean()), words, means)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _best_path(likely: np.ndarray) -> list[int]:
    """Viterbi: the inside of a label may follow its own beginning or inside alone."""
    count = likely.shape[1]
    allowed = np.zeros((count, count), np.float32)
    for label in range(2, count, 2):
        allowed[:, label] = -np.inf
        allowed[[label - 1, label], label] = 0
    score = likely[0].copy()
    score[2::2] = -np.inf
    back = []
    for row in likely[1:]:
        ways = score[:, None] + allowed
        back.append(ways.argmax(axis=0))
        score = ways.max(axis=0) + row
    path = [int(score.argmax())]
    for step in reversed(back):
        path.append(int(step[path[-1]]))
    return path[::-1]


def _runs(path: list[int]) -> list[tuple[int, int, int]]:
    """(number, first, behind the last) of each stretch that is not outside."""
    runs: list[tuple[int, int, int]] = []
    for at, label in enumerate(path):
        if label == OUTSIDE:
            continue
        number = (label - 1) // 2
        if label == begin(number):
            runs.append((number, at, at + 1))
        else:
            runs[-1] = (*runs[-1][:2], at + 1)
    return runs


def _unbroken(runs: list[tuple[int, int, int]], words: list[int]) -> list[tuple[int, int, int]]:
    """Where one request ends and the next begins within a slot's words ("reject 1 and" "2"), they go to the first."""
    out: list[tuple[int, int, int]] = []
    for number, first, last in runs:
        if out and out[-1][2] == first:
            while first < last and words[first] != OUTSIDE and words[first] % 2 == 0:  # inside
                first += 1
            out[-1] = (*out[-1][:2], first)
        if first < last:
            out.append((number, first, last))
    return out


def _slots(logits: np.ndarray, spans: list[tuple[int, int]]) -> dict[str, list[tuple[int, int]]]:
    out: dict[str, list[tuple[int, int]]] = {}
    for number, first, last in _runs(_best_path(_log_softmax(logits))):
        out.setdefault(SLOTS[number], []).append((spans[first][0], spans[last - 1][1]))
    return out
