"""The router: a message becomes tool calls in milliseconds, knowing when it is unsure."""

from __future__ import annotations

from agent.router.router import Router
from agent.router.types import RoutedCall, Routing, TurnContext

__all__ = ["RoutedCall", "Router", "Routing", "TurnContext"]
