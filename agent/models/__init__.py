"""Chat models: an OpenAI-compatible endpoint, or the router with a local model behind it."""

from __future__ import annotations

from agent.models.chat_models import ChatModels, chat_models
from agent.models.subjects import write_subjects

__all__ = ["ChatModels", "chat_models", "write_subjects"]
