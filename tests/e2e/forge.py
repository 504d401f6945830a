"""The real application as a process of its own, and a page of it in a real browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
READY = re.compile(r"GameForge is ready: (http://\S+)")
START_SECONDS = 180.0  # a busy machine; only a broken start waits so long
PATIENCE = 240_000  # ms; for what needs pictures
expect.set_options(timeout=60_000)  # for everything else, on a busy machine
BOX = "#gf-message textarea"
IMAGES = ".gf-job img"
PAINTED = (
    """() => [...document.querySelectorAll('.gf-job img')].filter((i) => i.complete && i.naturalWidth > 0).length"""
)
WAIT_FOR_PICTURES = f"""(wanted) => {{
  const failed = document.querySelector('.gf-job[data-state=failed] .gf-error');
  if (failed) throw new Error(failed.textContent);
  return ({PAINTED})() >= wanted;
}}"""


class Forge:
    """`python -m cli serve` over one home folder. `stop` and `start` again as often as wanted, at the same address."""

    def __init__(self, home: Path, model: str, **environment: str) -> None:
        self.model = model
        self.port = 0
        self.log: list[str] = []
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GAMEFORGE_", "OPENAI_"))}
        self.environment = {
            **kept,
            "GAMEFORGE_HOME": str(home),
            "GAMEFORGE_IMAGE_MODEL": model,
            "GAMEFORGE_LOCAL_LLM": "off",
            **environment,
        }
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "cli", "serve", "--port", str(self.port)]
        began = time.monotonic()
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self.process, ready), daemon=True).start()
        assert ready.wait(START_SECONDS), "".join(self.log)
        self.start_seconds = time.monotonic() - began

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                self.log.append(line)
                found = READY.search(line)
                if found:
                    self.address = found[1]
                    self.port = int(found[1].rstrip("/").rsplit(":", 1)[1])
                    ready.set()
        ready.set()

    def stop(self, *, kill: bool = False) -> None:
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait(60)


class Desk:
    """A browser window at the application, that notes what goes wrong in it and what it fetches from elsewhere."""

    def __init__(
        self,
        browser: Browser,
        forge: Forge,
        *,
        width: int = 1440,
        height: int = 900,
        dark: bool = False,
        path: str = "",
    ) -> None:
        scheme = "dark" if dark else "light"
        self.forge = forge
        self.context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._console)
        self.page.on("request", self._request)
        self.open(path)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.forge.address, "data:", "blob:")):
            self.foreign.append(request.url)

    def open(self, path: str = "") -> None:
        began = time.monotonic()
        self.page.goto(f"{self.forge.address}{path}")
        self.settle()
        self.open_seconds = time.monotonic() - began

    def settle(self) -> None:
        """Until the page can be used: box, rails and header are there, and the conversation is loaded."""
        self.page.wait_for_selector(BOX)
        self.page.wait_for_selector(".gf-conversations.gf-live .gf-new", state="attached")
        self.page.wait_for_selector(".gf-models span", state="attached")

    def go(self, name: str) -> None:
        """To a page by its tab, or by Gradio's menu beside the tabs where the window has no room for it."""
        tab = self.page.get_by_role("tab", name=name, exact=True)
        if not tab.is_visible():
            self.page.locator("#gf-tabs .overflow-menu > button").click()
            tab = self.page.locator("#gf-tabs .overflow-dropdown button", has_text=name)
        tab.click()

    def say(self, text: str) -> None:
        self.page.fill(BOX, text)
        self.page.press(BOX, "Control+Enter")

    def ask(self, text: str) -> None:
        """Say it, and wait until the turn is over."""
        questions = self.page.locator("#gf-chat .user-row").count()
        self.say(text)
        expect(self.page.locator("#gf-chat .user-row")).to_have_count(questions + 1, timeout=PATIENCE)
        self.answered()

    def answered(self) -> None:
        expect(self.page.locator("#gf-message .submit-button")).to_be_visible(timeout=PATIENCE)

    def painted(self, count: int) -> None:
        """Until so many pictures are drawn on the page; an error at once when their job failed."""
        self.page.wait_for_function(WAIT_FOR_PICTURES, arg=count)

    def new_chat(self) -> None:
        self.page.click(".gf-new")
        self.page.wait_for_url("**/?c=new")
        expect(self.page.locator("#gf-chat .user-row")).to_have_count(0)

    def screenshot(self, name: str) -> Path:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.wait_for_timeout(400)  # fades
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")
        return SCREENSHOTS / f"{name}.png"

    def close(self) -> None:
        """Close the window; nothing may have gone wrong in it, and nothing may have come from elsewhere."""
        self.context.close()
        assert self.foreign == []
        assert self.errors == []
