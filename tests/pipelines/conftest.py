from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.engine import ImageEngine
from tests.models import make_tiny_sdxl


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Tiny tensors only lose time to thread hand-overs."""
    import torch

    torch.set_num_threads(1)


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
