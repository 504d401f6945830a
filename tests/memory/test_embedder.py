"""The embedder: one set of weights, known by its hash; another model by its folder."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from errors import NotReady
from memory.embedder import BUILTIN_PACKAGE, Embedder, builtin_folder


@pytest.mark.parametrize("content", [b"not the published weights", None])
def test_other_weights_than_the_published_ones_are_refused(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / BUILTIN_PACKAGE / "model"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    if content is not None:
        (folder / "model.safetensors").write_bytes(content)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    with pytest.raises(NotReady, match="GAMEFORGE_EMBEDDING_MODEL"):
        Embedder().encode(["cactus"])


def test_a_model_folder_of_ones_own_is_loaded_and_gives_unit_vectors() -> None:
    vectors = Embedder(str(builtin_folder())).encode(["cactus", "a small tree"])
    assert vectors.shape == (2, 384) and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_folder_that_holds_no_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="GAMEFORGE_EMBEDDING_MODEL"):
        Embedder(str(tmp_path / "nothing here")).encode(["cactus"])
