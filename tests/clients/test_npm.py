"""The JavaScript clients themselves: there, pinned, and a plain sentence where they cannot be."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.clients import npm


def test_the_pinned_packages_are_there(tmp_path: Path) -> None:
    wanted = json.loads((npm.HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    script = tmp_path / "versions.cjs"
    script.write_text(
        "const found = {}; for (const name of process.argv.slice(2))"
        " found[name] = JSON.parse(require('fs').readFileSync("
        "`${process.env.NODE_PATH}/${name}/package.json`)).version;"
        " console.log(JSON.stringify(found));"
    )
    assert json.loads(npm.clients().run(script, *wanted)) == wanted


def test_the_lock_names_no_registry() -> None:
    assert "resolved" not in (npm.HERE / "package-lock.json").read_text(encoding="utf-8")


def test_without_node_it_says_in_one_line_what_to_install(tmp_path: Path) -> None:
    """A Python without the wheel, on a machine whose PATH holds nothing."""
    bare = [sys.executable, "-I", "-S", str(Path(npm.__file__))]
    ran = subprocess.run(bare, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    if npm.folder().is_dir():  # installed: then nothing is missing, whatever the machine has
        script = tmp_path / "elsewhere" / "npm.py"
        script.parent.mkdir()
        for name in (*npm.LISTS, "npm.py"):
            (script.parent / name).write_bytes((npm.HERE / name).read_bytes() + b"\n")
        ran = subprocess.run([*bare[:-1], str(script)], env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert ran.stderr.count("\n") == 1 and "Node.js 20" in ran.stderr, ran.stderr
