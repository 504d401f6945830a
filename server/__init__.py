"""REST, image files and the WebSocket of progress events."""

from server.app import create_app

__all__ = ["create_app"]
