from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.engine import ImageEngine
from tests.models import make_tiny_sdxl


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny tensors only lose time to thread hand-overs."""
    import torch

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        torch.set_num_threads(1)
        yield


@pytest.fixture(scope="session")
def rgb_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_sdxl(tmp_path_factory.mktemp("models") / "tiny-sdxl")


@pytest.fixture(scope="session")
def rgba_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_sdxl(tmp_path_factory.mktemp("models") / "tiny-rgba", rgba=True)


@pytest.fixture(scope="session")
def rgba_engine(rgba_model: Path) -> ImageEngine:
    engine = ImageEngine(str(rgba_model), device="cpu")
    engine.load()
    return engine
