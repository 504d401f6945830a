"""The page's frame, and how it is mounted into the server."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ui.theme import theme

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI
    from starlette.responses import Response
    from starlette.types import Scope

    from services import Services

STATIC = Path(__file__).parent / "static"
STATIC_URL = "/ui"
CHATS_AT_ONCE = 16
DOCUMENT_TYPES = (
    ".md", ".markdown", ".txt", ".html", ".htm", ".docx", ".pdf", ".odt", ".xlsx", ".xls", ".ods", ".csv", ".tsv",
    ".tex", ".rst",
)  # fmt: skip
A_DAY = 24 * 3600

EXAMPLES = (
    "32 desert props",
    "4 variants of a rusty sword",
    "six potions and two chests",
    "12 food items",
    "8 dungeon monsters",
    "a seamless grass texture",
)
HEAD = f"""
<meta name="color-scheme" content="light dark">
<link rel="icon" href="{STATIC_URL}/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{STATIC_URL}/gameforge.css">
<link rel="stylesheet" href="{STATIC_URL}/scaffold.css">
<link rel="stylesheet" href="{STATIC_URL}/export.css">
<link rel="stylesheet" href="{STATIC_URL}/review.css">
<link rel="stylesheet" href="{STATIC_URL}/studio.css">
<script type="module" src="{STATIC_URL}/main.js"></script>
"""
HEADER = '<header class="gf-header"></header>'
WELCOME = """<div class="gf-welcome"><h2>What does your game need?</h2>
<p>Say it in a sentence. Every picture appears here as soon as it is done, and is kept in the library.</p></div>"""
# Custom events that the page's own script raises: trigger("choose" | "decide", data)
BRIDGE = "window.gameforgeBridge = (name, data) => trigger(name, data); /* 'choose' 'decide' */"
OPENED = "(id) => window.gameforge && window.gameforge.opened(id)"


def build_page(services: Services) -> gr.Blocks:
    """The Gradio page over `services`; mount it with `mount`, which adds theme, styles and script."""
    import gradio as gr

    from ui.chat import ChatHandlers

    # Uploads wait here until the chat has taken its own copy.
    os.environ.setdefault("GRADIO_TEMP_DIR", str(services.settings.home / "incoming"))
    handlers = ChatHandlers(services)
    frame = partial(gr.HTML, apply_default_css=False)
    with gr.Blocks(
        title="GameForge", analytics_enabled=False, fill_height=True, fill_width=True, delete_cache=(A_DAY, A_DAY)
    ) as page:
        frame(HEADER, elem_id="gf-header")
        bridge = gr.HTML("", js_on_load=BRIDGE, visible="hidden", elem_id="gf-bridge")
        opened = gr.Number(None, precision=0, visible="hidden", elem_id="gf-opened")
        with gr.Tabs(elem_id="gf-tabs"):
            with gr.Tab("Chat", id="chat"), gr.Row(elem_id="gf-chat-page", equal_height=True):
                frame('<nav class="gf-conversations" aria-label="Conversations"></nav>', elem_id="gf-rail")
                with gr.Column(elem_id="gf-chat-column", min_width=0):
                    chat = gr.Chatbot(
                        elem_id="gf-chat",
                        show_label=False,
                        height="100%",
                        layout="panel",
                        buttons=[],
                        feedback_options=None,
                        placeholder=WELCOME,
                        examples=[{"text": text} for text in EXAMPLES],
                        group_consecutive_messages=False,
                        latex_delimiters=[],
                        autoscroll=False,  # it would go to the end of a gallery; static/main.js shows its beginning
                    )
                    notice = frame("", elem_id="gf-notice")
                    box = gr.MultimodalTextbox(
                        elem_id="gf-message",
                        show_label=False,
                        placeholder="What do you need?",
                        sources=["upload"],
                        file_types=["image", *DOCUMENT_TYPES],
                        file_count="multiple",
                        lines=1,
                        max_lines=8,
                        max_plain_text_length=10_000_000,  # a long paste stays text, and is answered as too long
                        autofocus=True,
                    )
                frame('<aside class="gf-now" aria-label="Now running"></aside>', elem_id="gf-now")
            with gr.Tab("Review", id="review"):
                frame('<main class="gf-review"></main>')
            with gr.Tab("Library", id="library"):
                frame('<main class="gf-library"></main>')
            with gr.Tab("Style packs", id="packs"):
                frame('<main class="gf-packs"></main>')
            with gr.Tab("Documents", id="documents"):
                frame('<main class="gf-documents"></main>')
            with gr.Tab("Jobs", id="jobs"):
                frame('<main class="gf-jobs"></main>')

        turn = [chat, box, opened, notice]
        shared = {"outputs": turn, "api_visibility": "private", "show_progress": "hidden"}
        pool = {"concurrency_id": "chat", "concurrency_limit": CHATS_AT_ONCE}
        sent = box.submit(handlers.send, [box, opened], **shared, **pool)
        tried = chat.example_select(handlers.example, [opened], **shared, **pool)
        decided = bridge.decide(handlers.decide, None, **shared, **pool)
        loaded = page.load(handlers.load, None, **shared, **pool)
        running = [sent, tried, decided, loaded]
        bridge.choose(handlers.choose, None, cancels=running, **shared, **pool)
        box.stop(handlers.stop, [opened], api_visibility="private", show_progress="hidden", queue=False)
        opened.change(None, [opened], None, js=OPENED, api_visibility="private")
        for event in (sent, tried, decided):
            event.then(None, [opened], None, js=OPENED, api_visibility="private")
    page.queue(max_size=256)
    return page


def mount(app: FastAPI, services: Services) -> FastAPI:
    """Put the page at `/` of the server, with its own static files beside it."""
    import gradio as gr
    from fastapi.staticfiles import StaticFiles

    class Revalidated(StaticFiles):
        """Browsers keep the files, and ask whether they changed: an update is seen at the next load."""

        async def get_response(self, path: str, scope: Scope) -> Response:
            response = await super().get_response(path, scope)
            response.headers["Cache-Control"] = "no-cache"
            return response

    app.mount(STATIC_URL, Revalidated(directory=STATIC), name="ui")
    return gr.mount_gradio_app(
        app,
        build_page(services),
        path="/",
        server_name=services.settings.host,
        server_port=services.settings.port,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        show_error=False,
        max_file_size=f"{services.settings.max_upload_mb}mb",
        theme=theme(),
        head=HEAD,
    )
