"""The page: a Gradio chat in a frame of live galleries, fed by the REST routes and the event socket of `server`."""

from ui.page import build_page, mount

__all__ = ["build_page", "mount"]
