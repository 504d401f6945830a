"""Start GameForge with nothing but Python 3.10 to 3.13.

    python3 launch.py [--lite] [serve options]     install once, then open the page
    python3 launch.py test [pytest arguments]      install the test tools too, then run the tests (all: two at a time)
    python3 launch.py lint                         ruff, import-linter and pyright
    python3 launch.py COMMAND [arguments]          any other command: ask, generate, doctor, bench, ...

Everything is installed into the folder `.venv` beside this file (GAMEFORGE_VENV names another one); a second start
installs nothing. `--lite` leaves out the local language model. Messages go to stderr, so that stdout carries only
what the command prints.
"""

# Read by every Python 3 before its version is checked: no syntax or annotation here may need a newer one until
# `check_python` has run.
import contextlib
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST, NEWEST = (3, 10), (3, 13)
SIDE_BY_SIDE = ("--numprocesses=2", "--dist=loadfile")  # a file's tests share servers and models


class LaunchError(Exception):
    """The start cannot go on; the text is one sentence that says what to do."""


def check_python(version: tuple, system: str, machine: str, is_64bit: bool) -> None:
    """Refuse an interpreter for which the pinned packages are not built."""
    number = ".".join(map(str, version[:2]))
    if not OLDEST <= version[:2] <= NEWEST:
        advice = "install Python 3.12 and start this with it (python3.12 launch.py)."
        raise LaunchError(f"GameForge needs Python 3.10 to 3.13 and this is {number}: {advice}")
    if not is_64bit:
        raise LaunchError(f"GameForge needs a 64-bit Python: install the 64-bit build of Python {number}.")
    if system == "Darwin" and machine == "x86_64":
        raise LaunchError("PyTorch is not built for Intel Python on a Mac: use an arm64 Python on Apple silicon.")


if __name__ == "__main__":
    try:
        check_python(tuple(sys.version_info), platform.system(), platform.machine(), sys.maxsize > 2**32)
    except LaunchError as error:
        sys.exit(f"gameforge: {error}")

# The folder comes first on the path instead of the working folder, where the user's own files lie.
RUN_CLI = "import sys; sys.path[0] = sys.argv.pop(1); from cli import main; sys.exit(main())"

LOCK_NAME = "gameforge.lock"
VENV_ADVICE = "this Python cannot make virtual environments: sudo apt-get install python{}.{}-venv".format(
    *sys.version_info[:2]
)
GIGABYTE = 10**9
INSTALL_BYTES = 4 * GIGABYTE
TOP_UP_BYTES = GIGABYTE // 2


def say(text: str) -> None:
    print(f"gameforge: {text}", file=sys.stderr, flush=True)


def requirements(pyproject: str, extra: "str | None" = None) -> "list[str]":
    """The requirement strings of `[project] dependencies`, or of one extra.

    Python 3.10 has no TOML reader, so the one form that pyproject.toml uses is read here: a list of double-quoted
    strings. Raises LaunchError when the list is not there.
    """
    name = re.escape(extra or "dependencies")
    section = r"\[project\.optional-dependencies\]" if extra else r"\[project\]"
    found = re.search(rf"^{section}$(?:(?!^\[).)*?^{name}\s*=\s*\[$(.*?)^\]$", pyproject, re.M | re.S)
    if not found:
        raise LaunchError(f"pyproject.toml lists no {extra or 'dependencies'}: restore the file and start again.")
    return re.findall(r'^\s*"([^"]+)",?\s*$', found.group(1), re.M)


def stamp_key(root: Path) -> str:
    """Changes whenever what is installed would: the lists, the pins, or the Python that they are installed for."""
    digest = hashlib.sha256()
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    digest.update("\n".join(requirements(text) + requirements(text, "test")).encode())
    digest.update((root / "constraints.txt").read_bytes())
    digest.update(repr((sys.version_info[:2], sys.base_prefix, platform.machine())).encode())
    return digest.hexdigest()


class Environment:
    """The virtual environment and the stamps ("app", "test") that say what it holds.

    A stamp is written after the last package: a kill at any moment leaves it missing, and the next start goes on from
    there.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder
        self.python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.log = folder / "install.log"
        self.key = stamp_key(root)

    def stamp(self, name: str) -> Path:
        return self.folder / f"gameforge-{name}.stamp"

    def is_ready(self, what: str) -> bool:
        try:
            return self.stamp(what).read_text(encoding="utf-8") == self.key and self.python.exists()
        except OSError:
            return False

    def prepare(self, what: str) -> None:
        """Make `what` ("app" or "test") ready; returns at once when it is. Raises LaunchError."""
        if self.is_ready(what):
            return
        ours = not self.folder.exists() or any((self.folder / name).exists() for name in (LOCK_NAME, "pyvenv.cfg"))
        if not ours and any(self.folder.iterdir()):
            raise LaunchError(f"{self.folder} is not a virtual environment: name an empty folder in GAMEFORGE_VENV.")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with held_lock(self.folder / LOCK_NAME) as lock:
                if not self.is_ready(what):
                    self.create()
                    self.install(what, lock)
        except OSError as error:
            raise LaunchError(explain(str(error), self.folder, self.log)) from error

    def create(self) -> None:
        """Make the environment, unless a whole one of the same Python is there."""
        if self.is_whole():
            return
        if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
            raise LaunchError(VENV_ADVICE)
        self.check_disk(INSTALL_BYTES)
        say(f"making {self.folder}")
        for entry in self.folder.iterdir():
            if entry.name != LOCK_NAME:
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        interpreter = getattr(sys, "_base_executable", None) or sys.executable
        command = [interpreter, "-m", "venv", str(self.folder)]
        made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
        if made.returncode:
            raise LaunchError(explain(made.stdout, self.folder, self.log))

    def is_whole(self) -> bool:
        probe = (
            "import importlib.metadata as m, sys; print(m.distribution('pip').read_text('INSTALLER').strip(),"
            " sys.version_info[:2], sys.base_prefix)"
        )
        if not self.python.exists():
            return False
        asked = subprocess.run(
            [str(self.python), "-I", "-c", probe], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
        )
        return asked.stdout.strip() == f"pip {sys.version_info[:2]} {sys.base_prefix}"

    def install(self, what: str, lock: int) -> None:
        unix = "lib/python{}.{}/site-packages".format(*sys.version_info[:2])
        site = self.folder / ("Lib/site-packages" if os.name == "nt" else unix)
        self.check_disk(TOP_UP_BYTES if (site / "torch").exists() else INSTALL_BYTES)
        forget_half_installed(site)
        text = (self.root / "pyproject.toml").read_text(encoding="utf-8")
        wanted = requirements(text) + (requirements(text, "test") if what == "test" else [])
        pip = [str(self.python), "-I", "-u", "-m", "pip", "install", "--progress-bar", "off", "--no-input"]
        say("installing the packages; the first time this takes some minutes")
        started = time.monotonic()
        for name in ("app", "test"):
            if not self.is_ready(name):
                self.stamp(name).unlink(missing_ok=True)
        output = follow_pip([*pip, "-c", str(self.root / "constraints.txt"), *wanted], self.log, lock)
        if output is not None:
            raise LaunchError(explain(output, self.folder, self.log))
        say(f"installed in {time.monotonic() - started:.0f} s")
        for name in ("app", "test") if what == "test" else ("app",):
            self.stamp(name).write_text(self.key, encoding="utf-8")

    def check_disk(self, needed: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise LaunchError(
                f"{self.folder} has {free / GIGABYTE:.1f} GB free and the packages need about "
                f"{needed / GIGABYTE:.1f} GB: free some space or name another folder in GAMEFORGE_VENV."
            )


def forget_half_installed(site: Path) -> None:
    """pip writes INSTALLER after a package's files: where it is missing, a kill came between and pip must try again."""
    for info in site.glob("*.dist-info"):
        if not (info / "INSTALLER").exists():
            shutil.rmtree(info)


@contextlib.contextmanager
def held_lock(path: Path):
    """Hold an exclusive lock on `path`; yields its file descriptor. The system frees it when its last holder dies."""
    with open(path, "a+b") as handle:
        if sys.platform == "win32":
            import msvcrt

            while True:
                with contextlib.suppress(OSError):
                    handle.seek(0)
                    msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
                    break
                time.sleep(0.5)
        else:
            import fcntl

            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another start is installing; waiting for it")
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle.fileno()


def follow_pip(command: "list[str]", log: Path, lock: int) -> "str | None":
    """Run pip, keep its words in `log`, show progress. Returns None when it succeeded, else all that it printed."""
    environment = dict(os.environ, PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONUTF8="1")
    # pip keeps the lock should this process be killed, so that nobody installs beside it.
    inherited = () if os.name == "nt" else (lock,)
    process = subprocess.Popen(
        command,
        env=environment,
        pass_fds=inherited,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdout is not None
    lines = []
    progress = Progress()
    with process, open(log, "w", encoding="utf-8") as kept:
        try:
            for line in process.stdout:
                lines.append(line)
                kept.write(line)
                progress.show(line)
        except BaseException:
            process.terminate()
            raise
        finally:
            progress.close()
    return "".join(lines) if process.returncode else None


class Progress:
    """What pip is at: one line that changes on a terminal, a line every 50 packages elsewhere."""

    def __init__(self) -> None:
        self.is_terminal = sys.stderr.isatty()
        self.packages = 0

    def show(self, line: str) -> None:
        found = re.match(r"(?:Collecting|Processing) (\S+)|Installing collected packages: (.*)", line)
        if not found:
            return
        if found.group(2):
            self.write(f"unpacking {found.group(2).count(',') + 1} packages", important=True)
        else:
            self.packages += 1
            name = re.split(r"[=<>~!;\[]|-\d", Path(found.group(1)).name)[0]
            self.write(f"fetching package {self.packages}: {name}", important=self.packages % 50 == 0)

    def write(self, text: str, important: bool) -> None:
        if self.is_terminal:
            print(f"\r\x1b[2Kgameforge: {text}"[:100], end="", file=sys.stderr, flush=True)
        elif important:
            say(text)

    def close(self) -> None:
        if self.is_terminal:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def explain(output: str, folder: Path, log: Path) -> str:
    """One sentence for the user out of what venv or pip printed when it failed."""
    if re.search(r"No space left on device|Errno 28|not enough space on the disk", output, re.I):
        return (
            f"the disk filled up while installing into {folder}: free up to 9 GB there and in the folder for temporary "
            "files, and start again."
        )
    if re.search(r"Permission denied|Read-only file system|Errno (1|13|20|30)\b", output):
        return f"{folder} cannot be written: copy GameForge to a folder of your own or name one in GAMEFORGE_VENV."
    network = (
        r"name resolution|getaddrinfo|NewConnectionError|ConnectTimeout|ReadTimeout|timed out|Connection refused|"
        r"Connection reset|ConnectionError|Network is unreachable|ProxyError|SSLError|CERTIFICATE_VERIFY|Max retries"
    )
    if re.search(network, output, re.I):
        return f"the package index cannot be reached: check the network or proxy and start again (details: {log})."
    if "ensurepip is not available" in output:
        return VENV_ADVICE
    # pip's words for a pinned package without a build for this system are "Cannot install X because ... conflicting".
    missing = re.search(r"(?:No matching distribution found for|Cannot install) (\S+)", output)
    if missing:
        return (
            f"there is no build of {missing.group(1)} for this system: use Linux with glibc 2.28, macOS 14 on Apple "
            f"silicon or 64-bit Windows, or a newer one (details: {log})."
        )
    errors = [line.strip() for line in output.splitlines() if line.lstrip().lower().startswith("error")]
    reason = errors[-1] if errors else (output.strip().splitlines() or ["no reason given"])[-1]
    return f"installing failed ({reason[:200]}): see {log}, then start again."


def has_desktop(environment: "dict[str, str]", system: str) -> bool:
    """Whether a browser window would appear before the person who typed the command."""
    if any(environment.get(name) for name in ("CI", "SSH_CONNECTION", "SSH_TTY")):
        return False
    if system in ("darwin", "win32"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def lint(python: Path) -> int:
    """All static checks, also when an early one fails. Returns 0, or 1 when any failed."""
    checks = (
        ["-m", "ruff", "check"],
        ["-m", "ruff", "format", "--check"],
        ["-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        ["-m", "pyright", "--pythonpath", str(python)],
    )
    failed = [check for check in checks if subprocess.run([str(python), *check], cwd=ROOT).returncode]
    return 1 if failed else 0


def hand_over(command: "list[str]", environment: "dict[str, str]") -> int:
    """Become `command`, so that signals and the exit code are its own; on Windows wait for it."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execve(command[0], command, environment)
    with subprocess.Popen(command, env=environment) as process:
        while True:
            # Ctrl+C reaches the child too, which ends in its own way.
            with contextlib.suppress(KeyboardInterrupt):
                return process.wait()


def main(arguments: "list[str]") -> int:
    environment = dict(os.environ)
    environment.setdefault("PYTHONUTF8", "1")
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if "--lite" in arguments:
        arguments = [word for word in arguments if word != "--lite"]
        environment["GAMEFORGE_LOCAL_LLM"] = "off"
    if not arguments or arguments[0].startswith("-"):
        arguments = ["serve", *arguments]
    command, *rest = arguments

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    venv = Environment(ROOT, Path(os.environ.get("GAMEFORGE_VENV") or ROOT / ".venv").absolute())
    venv.prepare("test" if command in ("test", "lint") else "app")
    if command == "lint":
        return lint(venv.python)
    if command == "test":
        os.chdir(ROOT)
        for helper in (Path("tests", "browser.py"), Path("tests", "clients", "npm.py")):
            subprocess.run([str(venv.python), str(helper)], stdin=subprocess.DEVNULL)
        if not rest and (os.cpu_count() or 1) > 1:
            rest = list(SIDE_BY_SIDE)
            environment.setdefault("OMP_NUM_THREADS", "1")  # threads of two test processes would wait for each other
        return hand_over([str(venv.python), "-m", "pytest", *rest], environment)
    if command == "serve" and has_desktop(environment, sys.platform):
        rest = [*rest, "--open"]
    return hand_over([str(venv.python), "-c", RUN_CLI, str(ROOT), command, *rest], environment)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LaunchError as error:
        sys.exit(f"gameforge: {error}")
    except KeyboardInterrupt:
        say("stopped; start again to go on")
        sys.exit(130)
