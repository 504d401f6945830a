"""Exemplars: licensed pictures, kept as small latents, from which Forge Nano starts (SDEdit, Meng et al. 2022).

A network of this size cannot invent every object; it starts from the noised latent of a picture whose name fits the
subject and repaints it. The choice depends on (subject, style, kind, seed) alone. Recolouring and mirroring happen in
the latent: both are linear in pixels, and a fitted 3 x 3 convolution follows them closely.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines.nano.names import NameIndex
from pipelines.nano.words import TINT_OF, Subject, parse_subject

if TYPE_CHECKING:
    import torch

_TEXTURES = ("texture", "tile")
_MARGIN = 0.16  # candidates this close to the best score are taken as equally good
_MOST = 8
_OTHER_STYLE = 0.6
_SEAMLESS = 0.2
_FEW = 4
_NAMED = 0.75  # above this the words agree, not the embeddings alone
_GROUND_WORDS = frozenset(["floor", "wall", "ground", "water", "brick", "tile", "texture", "pavement"])


@dataclass(frozen=True)
class Exemplar:
    """One starting picture; `score` is how well it fits the query it was found by (higher is better)."""

    id: int
    name: str
    caption: str
    style: str
    kinds: tuple[str, ...]
    score: float = 0.0


@dataclass(frozen=True)
class Start:
    """A clean starting latent [8, 16, 16] in the UNet's scale and how it came about (for the image's record)."""

    latent: torch.Tensor
    exemplar: Exemplar
    recipe: tuple[str, ...]


def _digest(*parts: object) -> int:
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


class ExemplarIndex:
    """All exemplars in memory: about 20 MB of 8-bit latents and one embedding per concept name."""

    def __init__(self, rows: list[dict], tensors: dict[str, np.ndarray], transforms: list[str]) -> None:
        self._rows = rows
        self._tensors, self._transform_names = tensors, transforms
        self._latents = tensors["latents"]
        self._low, self._step = tensors["low"], tensors["step"]
        self._embeddings = tensors["embeddings"].astype(np.float32)
        self._concept = tensors["concept"].astype(np.int64)
        weights, biases = tensors["map_weights"].astype(np.float32), tensors["map_biases"].astype(np.float32)
        self._maps = {name: (weights[i], biases[i]) for i, name in enumerate(transforms)}
        self._styles = np.array([row["style"] for row in rows])
        self._texture = np.array([row["kinds"][0] == "texture" for row in rows])
        self._scene = np.array([row["kinds"][0] == "background" for row in rows])
        self._computed = np.array([row["source"].startswith("Computed") for row in rows])
        kinds = {kind for row in rows for kind in row["kinds"]}
        self._kinds = {kind: np.array([kind in row["kinds"] for row in rows]) for kind in kinds}
        names, tags = [""] * len(self._embeddings), [frozenset[str]()] * len(self._embeddings)
        for row, concept in zip(rows, self._concept, strict=True):
            names[concept] = row["name"]
            tags[concept] |= frozenset(row["tags"])
        self._names = NameIndex(names, tags)

    @classmethod
    def load(cls, folder: str | Path) -> ExemplarIndex:
        """Read concepts.jsonl and exemplars.safetensors. Raises FileNotFoundError when the folder has none."""
        from safetensors import safe_open

        folder = Path(folder)
        lines = (folder / "concepts.jsonl").read_text(encoding="utf-8").splitlines()
        with safe_open(str(folder / "exemplars.safetensors"), framework="np") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator there)
            names = json.loads((file.metadata() or {})["transforms"])
        return cls([json.loads(line) for line in lines], tensors, names)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def rows(self) -> tuple[dict, ...]:
        """What concepts.jsonl tells of every exemplar: name, tags, kinds, style, source, licence, heldout."""
        return tuple(self._rows)

    def without_held_out(self) -> ExemplarIndex:
        """The same index without the concepts that were kept from training, for evaluations. Numbers change."""
        keep = np.array([not row["heldout"] for row in self._rows])
        per_row = ("latents", "low", "step", "concept")
        tensors = {name: t[keep] if name in per_row else t for name, t in self._tensors.items()}
        rows = [row for row, kept in zip(self._rows, keep, strict=True) if kept]
        return ExemplarIndex(rows, tensors, self._transform_names)

    @property
    def transforms(self) -> tuple[str, ...]:
        """Names of the latent recolourings and 'mirror'."""
        return tuple(self._maps)

    def _view(self, number: int, score: float) -> Exemplar:
        row = self._rows[number]
        return Exemplar(number, row["name"], row["caption"], row["style"], tuple(row["kinds"]), float(score))

    def _allowed(self, style: str | None, kind: str | None, subject: Subject | None = None) -> np.ndarray:
        allowed = np.ones(len(self._rows), bool)
        if style is not None and (self._styles == style).any():
            allowed &= self._styles == style
        if kind in _TEXTURES:
            # Only pixel-art floors and walls tile, whatever the style asked for; a tile may also be a door or a tree.
            allowed = self._texture if kind == "texture" else self._kinds["tile"]
        elif subject is None or not subject.words & _GROUND_WORDS:
            allowed &= ~self._texture
        return allowed if allowed.any() else np.ones(len(self._rows), bool)

    def nearest(
        self, embedding: np.ndarray, *, style: str | None = None, kind: str | None = None, k: int = 8
    ) -> list[Exemplar]:
        """The k exemplars whose names' embeddings are closest by cosine. `embedding`: unit vector, [384]."""
        scores = (self._embeddings @ np.asarray(embedding, np.float32))[self._concept]
        scores = np.where(self._allowed(style, kind), scores, -np.inf)
        order = np.argsort(-scores, kind="stable")[:k]
        return [self._view(int(i), float(scores[i])) for i in order if np.isfinite(scores[i])]

    def candidates(
        self, text: str, embedding: np.ndarray, *, style: str | None = None, kind: str | None = None
    ) -> list[Exemplar]:
        """Exemplars about equally good for a subject, best first, at most eight: cosine plus agreement of the words."""
        wanted = parse_subject(text)
        allowed = np.flatnonzero(self._allowed(None, kind, wanted))
        by_name = self._embeddings @ np.asarray(embedding, np.float32) + self._names.agreement(wanted)
        scores = by_name[self._concept[allowed]]
        if style is not None and kind not in _TEXTURES:
            # The right thing in another style beats another thing in the right style.
            scores -= np.where(self._styles[allowed] == style, 0, _OTHER_STYLE)
        fits = self._kinds[kind][allowed] if kind in self._kinds else np.zeros(len(allowed), bool)
        # A filled square is nothing for one who did not ask for a background.
        scores += np.where(fits, 0.06, np.where(self._scene[allowed], -0.4, 0))
        if kind in _TEXTURES:
            scores += np.where(self._computed[allowed], _SEAMLESS, 0)  # these tile without a seam
        order = np.argsort(-scores, kind="stable")[: 4 * _MOST]
        subjects = {int(o): self._names.subjects[self._concept[allowed[o]]] for o in order}
        best = scores[order[0]]
        if subjects[int(order[0])].head == wanted.head:
            named = [o for o, has in subjects.items() if has.head == wanted.head]
            chosen = [o for o in named if scores[o] >= best - _MARGIN]
            if len(chosen) == 1:  # a thing of another colour will do: the tint is applied afterwards
                recoloured = all(word in TINT_OF for word in wanted.modifiers)
                wider = 0.65 if recoloured and wanted.modifiers else 0.3
                own = self._styles[allowed[order[0]]]
                chosen = [o for o in named if scores[o] >= best - wider and self._styles[allowed[o]] == own][:_FEW]
        else:
            margin = _MARGIN if best > _NAMED else _MARGIN / 2
            chosen = [o for o in subjects if scores[o] >= best - margin]
        return [self._view(int(allowed[o]), scores[o]) for o in chosen[:_MOST]]

    def may_mirror(self, number: int) -> bool:
        """False for lettering, books, interface parts and textures."""
        return bool(self._rows[number]["flip"])

    def latent(self, number: int) -> torch.Tensor:
        """The exemplar's latent [8, 16, 16], float32, scaled as the UNet expects."""
        import torch

        values = self._latents[number].astype(np.float32)
        return torch.from_numpy(values * self._step[number, :, None, None] + self._low[number, :, None, None])

    def all_latents(self) -> np.ndarray:
        """Every exemplar's latent, float32 [n, 8, 16, 16] (80 MB), in the UNet's scale."""
        return self._latents * self._step[:, :, None, None] + self._low[:, :, None, None]

    def transform(self, latent: torch.Tensor, name: str) -> torch.Tensor:
        """Apply a fitted latent map ('mirror', a tint such as 'cyan', a shift such as 'hue+15') to [8, 16, 16]."""
        import torch

        weight, bias = (torch.from_numpy(values) for values in self._maps[name])
        if name == "mirror":
            latent = latent.flip(2)
        padded = torch.nn.functional.pad(latent[None], (1, 1, 1, 1), mode="replicate")
        return torch.nn.functional.conv2d(padded, weight, bias)[0]


# Changes that tell pictures from the same exemplar apart, the most visible first.
_TURNS: tuple[tuple[str, ...], ...] = (
    (),
    ("mirror", "hue+15"),
    ("hue-15",),
    ("mirror", "dark"),
    ("light", "hue+15"),
    ("mirror",),
    ("dark", "hue-15"),
    ("mirror", "light", "hue-15"),
    ("hue+15",),
    ("mirror", "hue-15"),
    ("light",),
    ("mirror", "dark", "hue+15"),
)


def start_latents(
    index: ExemplarIndex, text: str, embedding: np.ndarray, seed: int, style: str | None, kind: str | None
) -> Start:
    """Where the picture of `text` begins for this seed: consecutive seeds take different exemplars of the same thing.

    When all of them have had their turn, the next round is mirrored, turned in hue or changed in lightness. A colour or
    material in the subject that the exemplar lacks ('ice sword' from a steel one) is applied as a tint; then, and for
    textures, the hue stays as it is.
    """
    found = index.candidates(text, embedding, style=style, kind=kind)
    subject = parse_subject(text)
    # The offset sets subjects apart that share their exemplars.
    turn, place = divmod(seed + _digest(sorted(subject.words), style) % 5040, len(found))
    exemplar = found[place]
    has = parse_subject(exemplar.name)
    changes = [change for change in _TURNS[turn % len(_TURNS)] if change != "mirror" or index.may_mirror(exemplar.id)]
    tint = subject.tint
    if tint or kind in _TEXTURES:
        changes = [change for change in changes if not change.startswith("hue")]
    if tint and has.tint != tint and not subject.words & set(has.modifiers):
        changes.append(tint)
    latent = index.latent(exemplar.id)
    for change in changes:
        latent = index.transform(latent, change)
    return Start(latent, exemplar, tuple(changes))
