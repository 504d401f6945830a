"""The browser of the end-to-end tests: finds one, and as a script installs Debian's, and a Godot, where it can."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

DEBIAN_PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-noto-color-emoji")
ENGINES = ("godot3-server",)  # runs the inventory of the Godot scaffold; not every Debian or Ubuntu has it
COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FILES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)


def say(text: str) -> None:
    print(f"gameforge: {text}", file=sys.stderr, flush=True)


def find_browser() -> str | None:
    installed = (shutil.which(name) for name in COMMANDS)
    present = (path for path in FILES if os.path.exists(path))
    return next((path for path in (*installed, *present) if path), None)


def prepare_machine() -> None:
    """Install Debian's Chromium and fonts where that is possible; elsewhere say what the browser tests miss."""
    if shutil.which("dpkg-query") and shutil.which("apt-get"):
        for names in (DEBIAN_PACKAGES, ENGINES):  # apart: one that is missing must not keep the others away
            install_debian_packages([name for name in names if not has_debian_package(name)])
    if not find_browser():
        say("the browser tests need Chromium or Chrome (Debian: sudo apt-get install chromium fonts-noto-color-emoji)")


def has_debian_package(name: str) -> bool:
    if name == "chromium" and find_browser():
        return True
    query = ["dpkg-query", "--show", "--showformat=${Status}", name]
    status = subprocess.run(query, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
    return "ok installed" in status.stdout


def install_debian_packages(names: list[str]) -> None:
    become_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    may_install = not become_root or shutil.which("sudo")
    if not names or not may_install:
        return
    say(f"installing for the tests: {' '.join(names)}")
    apt = [*become_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    for step in (["update"], ["install", "--yes", "--no-install-recommends", *names]):
        subprocess.run([*apt, *step], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    prepare_machine()
