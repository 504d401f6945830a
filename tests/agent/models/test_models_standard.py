"""langchain-tests' standard suite over the embedded model, answered by a real llama.cpp server process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from agent.models.embedded import EmbeddedChatModel
from agent.models.local_model import LocalModel


@pytest.fixture(scope="module", autouse=True)
def local(small_model: LocalModel) -> Iterator[LocalModel]:
    TestEmbeddedIntegration.params["local"] = small_model
    yield small_model
    TestEmbeddedIntegration.params.clear()


class TestEmbeddedUnit(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return EmbeddedChatModel

    @property
    def supports_model_override(self) -> bool:
        return False  # one local model at a time


class TestEmbeddedIntegration(ChatModelIntegrationTests):
    params: dict[str, Any] = {}

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return EmbeddedChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"max_tokens": 16, **self.params}

    @property
    def returns_usage_metadata(self) -> bool:
        return False

    @property
    def supports_model_override(self) -> bool:
        return False
