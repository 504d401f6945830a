"""What holds for the whole tree: sizes, imports on demand, documents that follow the code, pins for any machine."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("agent", "bench", "cli", "jobs", "library", "memory", "pipelines", "scaffolds", "server", "tools", "ui")
SOURCES = sorted(
    path for folder in (*PACKAGES, "docs", "tests") for path in (ROOT / folder).rglob("*.py") if path.is_file()
) + sorted(ROOT.glob("*.py"))
HEAVY = ("torch", "diffusers", "transformers", "sentence_transformers", "chromadb", "gradio", "sklearn", "scipy")
LONGEST_MODULE = 400
# import-linter sees packages only; these are the single modules among them, and where they stand.
LAYERS = (
    {"errors"},
    {"settings", "loading"},
    {"library", "memory", "pipelines"},
    {"jobs", "scaffolds"},
    {"tools"},
    {"agent"},
    {"services"},
    {"server", "ui"},
    {"app"},
    {"bench"},
    {"cli"},
)
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}


def test_modules_stay_small() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert [path for path, length in lengths.items() if length > LONGEST_MODULE] == []


def test_imports_point_one_way() -> None:
    upward = []
    for path in SOURCES:
        importer = path.relative_to(ROOT).parts[0].removesuffix(".py")
        for name in sorted(imported_names(path)) if importer in RANK else ():
            if RANK.get(name, -1) > RANK[importer]:
                upward.append(f"{path.relative_to(ROOT)} imports {name}")
    assert upward == []


def imported_names(path: Path) -> set[str]:
    """The first parts of all modules that a file imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("module", ["cli", "services", "server", "agent.graph", "jobs", "library", "memory", "tools"])
def test_heavy_libraries_load_on_first_use(module: str) -> None:
    """`--help`, `doctor` and the first page must not wait for torch."""
    program = f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_settings_page_follows_the_settings() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "render_settings.py"))["render"]()
    written = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert written == page, "run .venv/bin/python docs/render_settings.py"


def test_every_setting_says_what_it_means() -> None:
    from settings import Settings

    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_links_in_documents_lead_somewhere() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert dead == []


def test_pins_are_versions_and_markers_only() -> None:
    """An index, a path or a local build tag (`+cpu`) in the pins would tie every install to one machine."""
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.]*( ; .+)?", line), line


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
@pytest.mark.parametrize(("os_name", "platform"), [("posix", "linux"), ("posix", "darwin"), ("nt", "win32")])
def test_every_requirement_is_pinned_once_on_every_system(python: str, os_name: str, platform: str) -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    import launch

    system = {"python_version": python, "python_full_version": f"{python}.5", "os_name": os_name, "extra": ""}
    system |= {"sys_platform": platform, "platform_machine": "x86_64" if platform == "linux" else "arm64"}
    pins = [Requirement(line) for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()]
    chosen = [canonicalize_name(pin.name) for pin in pins if pin.marker is None or pin.marker.evaluate(system)]
    assert len(chosen) == len(set(chosen))
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = {canonicalize_name(Requirement(item).name) for item in launch.requirements(text)}
    wanted |= {canonicalize_name(Requirement(item).name) for item in launch.requirements(text, "test")}
    assert wanted - set(chosen) == set()


def test_installed_packages_are_the_pinned_ones() -> None:
    """What passes here was tested with the versions that a user gets."""
    from importlib.metadata import PackageNotFoundError, version

    from packaging.requirements import Requirement

    differing = []
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        pin = Requirement(line)
        if pin.marker is not None and not pin.marker.evaluate():
            continue
        try:
            installed = version(pin.name)
        except PackageNotFoundError:  # the pins also name what only other systems or builds of PyTorch need
            continue
        if not pin.specifier.contains(installed, prereleases=True):
            differing.append(f"{line}, installed {installed}")
    assert differing == []
