from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from agent.models.fetch import WeightsFetcher
from agent.models.local import LocalServer, ServerOptions
from agent.models.local_model import LocalModel
from agent.models.prompts import tool_prefix
from agent.models.weights import SMOLLM2_135M
from agent.router import Router
from memory.embedder import Embedder


@pytest.fixture(scope="session")
def small_weights() -> Path:
    """SmolLM2-135M, fetched once by the product's own code and kept for later runs."""
    return WeightsFetcher(SMOLLM2_135M, user_cache_path("gameforge-tests", appauthor=False)).fetch()


@pytest.fixture(scope="session")
def small_server(small_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A llama.cpp server process with that model."""
    server = LocalServer(small_weights, tmp_path_factory.mktemp("llm"), ServerOptions(context=2048))
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def small_model(small_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModel]:
    """That model behind the product's own start: loaded, and warmed with the tools' prompt, once for all tests."""
    model = LocalModel(
        folder=tmp_path_factory.mktemp("small"),
        weights=SMOLLM2_135M,
        path=small_weights,
        prefix=tool_prefix(),
        options=ServerOptions(context=3072),
    )
    model.start()
    assert model.wait(180), model.reason
    yield model
    model.close()


@pytest.fixture(scope="session")
def router() -> Router:
    return Router.load(Embedder())
