"""launch.py, run as a user runs it: on a small project with real pip, real environments and packages made here."""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

import launch

ROOT = Path(launch.__file__).parent
CLI = """
import json, os, signal, sys, time

def main():
    command = sys.argv[1]
    if command == "wait":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        print("waiting", flush=True)
        time.sleep(60)
    facts = {"argv": sys.argv[1:], "cwd": os.getcwd(), "local_llm": os.environ.get("GAMEFORGE_LOCAL_LLM")}
    print(json.dumps(facts))
    return 3 if command == "ask" else 0
"""
RECORDED_TESTS = "import json, os, sys\nprint(json.dumps({'argv': sys.argv[1:], 'cwd': os.getcwd()}))\n"


def write_wheel(folder: Path, name: str, files: dict[str, str]) -> None:
    info = f"{name}-1.0.dist-info"
    described = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, *described, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, **described, f"{info}/RECORD": record}.items():
            wheel.writestr(path, text)


def write_project(folder: Path) -> Path:
    """A project with one package to run and one, called pytest, to test."""
    wheels = folder / "wheels"
    for made in (folder / "cli", folder / "tests", wheels):
        made.mkdir(parents=True)
    shutil.copy(ROOT / "launch.py", folder)
    (folder / "cli" / "__init__.py").write_text(CLI)
    (folder / "tests" / "browser.py").write_text("")
    (folder / "tests" / "clients").mkdir()
    (folder / "tests" / "clients" / "npm.py").write_text("")
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "small"\ndependencies = [\n    "small_app",\n]\n\n'
        '[project.optional-dependencies]\ntest = [\n    "pytest>=1",\n]\n'
    )
    (folder / "constraints.txt").write_text("small_app==1.0\npytest==1.0\n")
    write_wheel(wheels, "small_app", {"small_app.py": "ANSWER = 42\n"})
    write_wheel(wheels, "pytest", {"pytest/__init__.py": "", "pytest/__main__.py": RECORDED_TESTS})
    return folder


def environment(project: Path, **changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GAMEFORGE_", "PIP_"))}
    pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": (project / "wheels").as_uri(), "PIP_CONFIG_FILE": os.devnull}
    return {**kept, **pip, "CI": "true", **changes}


def start(project: Path, *arguments: str, cwd: Path | None = None, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(project / "launch.py"), *arguments],
        env=environment(project, **changes),
        cwd=cwd or project,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )


def site_packages(project: Path) -> Path:
    return next((project / ".venv").glob("**/site-packages"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project after its first start."""
    project = write_project(tmp_path_factory.mktemp("launch") / "a project")
    first = start(project, "doctor")
    assert first.returncode == 0, first.stderr
    assert "installing" in first.stderr
    yield project


def test_second_start_installs_nothing(installed: Path) -> None:
    before = (installed / ".venv" / "install.log").stat().st_mtime_ns
    second = start(installed, "doctor", PIP_FIND_LINKS=os.devnull)
    assert (second.returncode, second.stderr) == (0, "")
    assert (installed / ".venv" / "install.log").stat().st_mtime_ns == before


def test_commands_get_their_arguments_folder_and_exit_code(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "cli.py").write_text("raise SystemExit('the wrong module')")
    done = start(installed, "ask", "32 desert props", "--json", "--image", "a b.png", cwd=tmp_path)
    assert done.returncode == 3
    facts = json.loads(done.stdout)
    assert facts["argv"] == ["ask", "32 desert props", "--json", "--image", "a b.png"]
    assert Path(facts["cwd"]) == tmp_path
    assert facts["local_llm"] is None


@pytest.mark.parametrize(
    ("typed", "received"),
    [
        ([], ["serve"]),
        (["--port", "9000"], ["serve", "--port", "9000"]),
        (["--lite"], ["serve"]),
        (["serve", "--port", "0", "--lite"], ["serve", "--port", "0"]),
    ],
)
def test_serving_is_the_default(installed: Path, typed: list[str], received: list[str]) -> None:
    facts = json.loads(start(installed, *typed).stdout)
    assert facts["argv"] == received
    assert facts["local_llm"] == ("off" if "--lite" in typed else None)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
def test_a_signal_reaches_the_command(installed: Path) -> None:
    with subprocess.Popen(
        [sys.executable, str(installed / "launch.py"), "wait"], env=environment(installed), stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"waiting"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 7


def test_test_adds_the_test_tools_and_runs_in_the_project(installed: Path, tmp_path: Path) -> None:
    assert not (site_packages(installed) / "pytest").exists()
    done = start(installed, "test", "tests/jobs", "-k", "retry", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"argv": ["tests/jobs", "-k", "retry"], "cwd": str(installed)}
    assert start(installed, "doctor").stderr == ""


def test_an_interrupted_install_is_completed(installed: Path) -> None:
    site = site_packages(installed)
    (site / "small_app.py").unlink()
    (site / "small_app-1.0.dist-info" / "INSTALLER").unlink()
    (installed / ".venv" / "gameforge-app.stamp").unlink()
    done = start(installed, "doctor")
    assert done.returncode == 0, done.stderr
    assert (site / "small_app.py").exists()


def test_changed_pins_are_installed_at_the_next_start(installed: Path) -> None:
    pins = installed / "constraints.txt"
    kept = pins.read_text()
    try:
        pins.write_text(kept.replace("small_app==1.0", "small_app==2.0"))
        refused = start(installed, "doctor")
        assert refused.returncode == 1
        assert refused.stdout == ""
        assert "no build of small_app" in refused.stderr.splitlines()[-1]
        assert "Traceback" not in refused.stderr
    finally:
        pins.write_text(kept)
    assert start(installed, "doctor").returncode == 0


def test_two_first_starts_at_once(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project")
    command = [sys.executable, str(project / "launch.py"), "doctor"]
    both = [
        subprocess.Popen(command, env=environment(project), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=240) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert sum("installed in" in stderr for _, stderr in answers) == 1
    assert all(json.loads(stdout)["argv"] == ["doctor"] for stdout, _ in answers)


def test_without_a_network_one_line_says_so(installed: Path) -> None:
    (installed / ".venv" / "gameforge-app.stamp").unlink()
    shutil.rmtree(site_packages(installed) / "small_app-1.0.dist-info")
    offline = {"PIP_NO_INDEX": "", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "1"}
    failed = subprocess.run(
        [sys.executable, str(installed / "launch.py"), "doctor"],
        env=environment(installed, **offline),
        capture_output=True,
        text=True,
    )
    assert failed.returncode == 1
    assert "check the network or proxy and start again" in failed.stderr.splitlines()[-1]
    assert "Traceback" not in failed.stderr
    assert start(installed, "doctor").returncode == 0


def test_a_folder_with_other_things_is_left_alone(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    failed = start(installed, "doctor", GAMEFORGE_VENV=str(tmp_path))
    assert failed.returncode == 1
    assert "name an empty folder" in failed.stderr
    assert (tmp_path / "precious.txt").read_text() == "mine"


def test_a_folder_that_cannot_be_written(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    failed = start(installed, "doctor", GAMEFORGE_VENV=str(tmp_path / "file" / "venv"))
    assert failed.returncode == 1
    assert len(failed.stderr.splitlines()) == 1
    assert "GAMEFORGE_VENV" in failed.stderr


def test_help_needs_no_install(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project")
    helped = start(project, "--help")
    assert "python3 launch.py test" in helped.stdout
    assert not (project / ".venv").exists()


def test_too_little_disk_is_said_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write_project(tmp_path / "project")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 10**12 - 10**9, 10**9))
    with pytest.raises(launch.LaunchError, match=r"1\.0 GB free and the packages need about 4\.0 GB"):
        launch.Environment(project, project / ".venv").prepare("app")
    assert not (project / ".venv" / "pyvenv.cfg").exists()


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "free up to 9 GB"),
        ("[Errno 30] Read-only file system: '/opt/gameforge/.venv'", "cannot be written"),
        ("WARNING: Retrying ... NewConnectionError: Temporary failure in name resolution", "network or proxy"),
        ("WARNING: ... ReadTimeoutError: Read timed out.\nERROR: No matching distribution found for x", "network"),
        ("ERROR: No matching distribution found for torch==2.13.0", "no build of torch==2.13.0 for this system"),
        (
            "ERROR: Cannot install torch==2.13.0 because these package versions have conflict",
            "no build of torch==2.13.0",
        ),
        ("The virtual environment was not created: ensurepip is not available.", "sudo apt-get install python3"),
        ("Building wheel\nerror: command 'cc' failed\n", "command 'cc' failed"),
        ("", "no reason given"),
    ],
)
def test_every_failure_becomes_one_sentence(output: str, advice: str) -> None:
    sentence = launch.explain(output, Path(".venv"), Path("install.log"))
    assert advice in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("version", [(3, 6, 15), (3, 9, 18), (3, 14, 0)])
def test_another_python_is_refused(version: tuple[int, int, int]) -> None:
    with pytest.raises(launch.LaunchError, match=rf"needs Python 3\.10 to 3\.13 and this is 3\.{version[1]}:"):
        launch.check_python(version, "Linux", "x86_64", True)


def test_builds_without_pytorch_are_refused() -> None:
    with pytest.raises(launch.LaunchError, match="64-bit"):
        launch.check_python((3, 11, 7), "Windows", "x86", False)
    with pytest.raises(launch.LaunchError, match="Apple silicon"):
        launch.check_python((3, 12, 1), "Darwin", "x86_64", True)
    for version in ((3, 10, 0), (3, 13, 9)):
        launch.check_python(version, "Darwin", "arm64", True)


def test_old_pythons_can_read_far_enough_to_refuse() -> None:
    """All of the file must parse there, and all that runs before the check must be known there."""
    text = (ROOT / "launch.py").read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 7))
    assert not [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    before = text[: text.index("def check_python")]
    assert ":=" not in before and "match " not in before


def test_only_the_standard_library_is_imported() -> None:
    tree = ast.parse((ROOT / "launch.py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 has no TOML reader to compare with")
def test_requirements_are_read_as_a_toml_reader_would() -> None:
    import tomllib

    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    assert launch.requirements(text) == project["dependencies"]
    assert launch.requirements(text, "test") == project["optional-dependencies"]["test"]
    with pytest.raises(launch.LaunchError, match="lists no docs"):
        launch.requirements(text, "docs")


@pytest.mark.parametrize(
    ("variables", "system", "expected"),
    [
        ({}, "darwin", True),
        ({}, "win32", True),
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"DISPLAY": ":10", "SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}, "linux", False),
        ({"CI": "true"}, "darwin", False),
    ],
)
def test_a_browser_opens_only_before_a_person(variables: dict[str, str], system: str, expected: bool) -> None:
    assert launch.has_desktop(variables, system) is expected


@pytest.mark.slow
def test_the_real_thing_installs_and_answers(tmp_path: Path) -> None:
    project = tmp_path / "gameforge"
    unwanted = shutil.ignore_patterns(".venv", ".git", "__pycache__", "node_modules", "test-results")
    shutil.copytree(ROOT, project, ignore=unwanted)
    variables = dict(os.environ, GAMEFORGE_HOME=str(tmp_path / "home"), CI="true")
    command = [sys.executable, str(project / "launch.py"), "--lite", "doctor", "--json"]
    first = subprocess.run(command, env=variables, capture_output=True, text=True)
    assert "installed in" in first.stderr, first.stderr
    checks = {check["name"]: check for check in json.loads(first.stdout)}
    assert checks["database"]["ok"] and checks["image model"]["ok"]
    second = subprocess.run(command, env=variables, capture_output=True, text=True)
    assert "install" not in second.stderr
