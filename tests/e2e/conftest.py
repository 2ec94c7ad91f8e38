"""
`regoose` as a user meets it: a process of its own on a repository of a few files, with directories of its own.

As root, every test runs twice: as root, and as a normal user with an installation that this user can read. All that a
test makes lies in one directory that everyone may pass through, because pytest's own is closed to other users.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import pytest
from uv import find_uv_bin

ROOT = Path(__file__).resolve().parents[2]
PASSED_ON = ("UV_", "PIP_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "DOCKER_HOST", "LANG")
"""Where packages come from is the machine's matter, in tests too."""
SECONDS = 240.0
BUG = {
    "calc.py": "def add(a, b):\n    return a - b\n",
    "tests/test_calc.py": "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n",
}
"""A repository whose repair is one operator."""


@dataclass(frozen=True)
class Account:
    """Who runs Regoose, and with which interpreter."""

    name: str
    uid: int
    gid: int
    home: Path
    python: Path

    @property
    def other(self) -> bool:
        """Whether it is not whoever runs the tests."""
        return self.uid != os.geteuid()


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document of standard output."""
        return json.loads(self.out)

    def fails(self, code: int, kind: str, *words: str) -> str:
        """Check the exit code, the kind of the error and words of its text; return the text."""
        error = self.document["error"]
        text = f"{error['message']}\n{error['hint']}"
        assert (self.code, error["type"]) == (code, kind), self
        for word in words:
            assert word in text, text
        return text

    def proves(self) -> dict[str, Any]:
        """Check that a patch was proven; return the document."""
        assert self.code == 0, self
        assert self.document["status"] == "proven", self
        return self.document


@dataclass(frozen=True)
class Running:
    """A command under way, in a process group of its own like a shell's foreground job."""

    process: subprocess.Popen[str]

    def until(self, line: str) -> str:
        """Read what it says until a line begins like this; return all of it."""
        assert self.process.stderr is not None
        said = ""
        for text in self.process.stderr:
            said += text
            if text.startswith(line):
                return said
        raise AssertionError(f"it ended without saying {line!r}: {said}")

    def signal(self, number: int) -> None:
        """Send a signal to the foreground job, as a terminal does."""
        os.killpg(self.process.pid, number)

    def end(self, seconds: float = SECONDS) -> Ran:
        """Wait for the end."""
        out, err = self.process.communicate(timeout=seconds)
        return checked(Ran(self.process.returncode, out, err))


def checked(ran: Ran) -> Ran:
    """Whatever happened, nobody is shown a traceback."""
    assert "Traceback (most recent call last)" not in ran.out + ran.err, ran
    assert not re.search(r"unexpected [A-Z]\w+:", ran.out + ran.err), ran
    return ran


@dataclass(frozen=True)
class Regoose:
    """The command line of one account, with state, cache and temporary directories of its own."""

    account: Account
    place: Path
    environment: Mapping[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list[subprocess.Popen[str]])

    def __call__(self, *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Ran:
        """Run a command to its end."""
        return self.begin(*arguments, cwd=cwd, env=env).end()

    def fix(self, project: Project, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        """Run `regoose fix --json` in the project's root."""
        return self("fix", "--json", *arguments, cwd=project.root, env=env)

    def begin(self, *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Running:
        """Start a command."""
        process = self.start(self.account.python, "-m", "regoose", *arguments, cwd=cwd, env=env)
        return Running(process)

    def start(
        self, *argv: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start any program as this account."""
        process = subprocess.Popen(
            argv,
            cwd=cwd or self.place,
            env={**self.environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **as_user(self.account),
        )
        self.started.append(process)
        return process

    def project(self, files: Mapping[str, str | bytes], name: str = "project") -> Project:
        """Make a repository of these files, committed."""
        made = self.directory(name)
        project = Project(made, self)
        project.git("init", "-q", "-b", "main")
        project.write(files)
        project.commit()
        return project

    def directory(self, name: str) -> Path:
        """Make a directory that belongs to the account."""
        made = self.place / name
        made.mkdir(parents=True)
        os.chown(made, self.account.uid, self.account.gid)
        return made

    def agents(self) -> list[int]:
        """
        Ids of the agents, one a sandbox.

        What started them and the commands inside are left out: a command killed by itself is a test run that ended,
        not a sandbox that died.
        """
        seen = [line.split(maxsplit=2) for line in processes(self.place.name) if "regoose_guest.agent" in line]
        return [int(number) for number, program, _ in seen if Path(program).name.startswith("python")]

    def residue(self) -> list[str]:
        """Name what is left of runs: trees, private git directories, logs of bugs, processes and containers."""
        left = [str(path) for path in (self.place / "workspaces").glob("*")]
        for process in self.started:
            left += map(str, Path(tempfile.gettempdir()).glob(f"regoose-git-{process.pid}-*"))
        left += [str(path) for path in (self.place / "xdg").rglob("error-*")]
        return left + processes(self.place.name)


@dataclass(frozen=True)
class Project:
    """A checkout of the account. `git` runs as its user would run it, with an empty global configuration."""

    root: Path
    regoose: Regoose

    def git(self, *argv: str | Path) -> str:
        """Run git in the checkout and return what it prints."""
        names = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *argv],
            cwd=self.root,
            env={"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, **names},
            capture_output=True,
            check=True,
            **as_user(self.regoose.account),
        )
        return done.stdout.decode("utf-8", "surrogateescape")

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files as the account."""
        account = self.regoose.account
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            for made in (path, *path.parents):
                if made == self.root:
                    break
                os.chown(made, account.uid, account.gid)

    def commit(self) -> str:
        """Commit everything; return the commit's id."""
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "--no-verify", "--allow-empty", "-m", "change")
        return self.git("rev-parse", "HEAD").strip()

    def branches(self) -> list[str]:
        """Names of the branches that Regoose made."""
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads/regoose").split()

    def changed(self, branch: str) -> list[str]:
        """Files that the branch changes against HEAD."""
        return self.git("-c", "core.quotePath=false", "diff", "--name-only", f"HEAD...{branch}").splitlines()

    @contextlib.contextmanager
    def untouched(self, *, but: tuple[str, ...] = ()) -> Generator[None]:
        """Check that nothing of the checkout changes but the named files, branches of Regoose and objects."""
        before = self._facts()
        yield
        after = self._facts()
        assert {path: fact for path, fact in after.items() if path not in but} == {
            path: fact for path, fact in before.items() if path not in but
        }
        owners = {path.lstat().st_uid for path in (self.root, *self.root.rglob("*"))}
        assert owners == {self.regoose.account.uid}

    def _facts(self) -> dict[str, tuple[int, int, int, str]]:
        facts: dict[str, tuple[int, int, int, str]] = {}
        for path in self.root.rglob("*"):
            name = str(path.relative_to(self.root))
            if re.match(r"\.git/(objects|refs/heads/regoose|logs/refs/heads/regoose)(/|$)", name):
                continue
            status = path.lstat()
            content = ""
            if stat.S_ISLNK(status.st_mode):
                content = str(path.readlink())
            elif stat.S_ISREG(status.st_mode):
                content = hashlib.sha256(path.read_bytes()).hexdigest() if status.st_size < 2**24 else ""
            facts[name] = (status.st_mode, status.st_uid, 0 if path.is_dir() else status.st_mtime_ns, content)
        return facts


class AsUser(TypedDict, total=False):
    """Arguments of `Popen` that make a process another user's."""

    user: int
    group: int
    extra_groups: list[int]


def as_user(account: Account) -> AsUser:
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account.other else {}


def processes(mark: str) -> list[str]:
    """Name the processes that see a path with `mark` in it: by a mount, or by their arguments."""
    found: list[str] = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if (
                words
                and place.name != str(os.getpid())
                and (mark in words or mark in (place / "mountinfo").read_text())
            ):
                found.append(f"{place.name} {words}")
        except OSError:
            continue
    return found


def present() -> list[str]:
    """Name the backends that are here (Docker: whose daemon answers)."""
    names = [name for name, program in (("bubblewrap", "bwrap"), ("podman", "podman")) if shutil.which(program)]
    if shutil.which("docker"):
        asked = subprocess.run(["docker", "version"], capture_output=True, check=False, timeout=30)
        names += ["docker"] if asked.returncode == 0 else []
    return names


BACKENDS = present()


@pytest.fixture(scope="session")
def common() -> Path:
    """Give the directory that all workers of this test run share; the process that made it removes it at the end."""
    return Path(os.environ["REGOOSE_TESTS_SHARED"])


def ourselves() -> Account:
    user = pwd.getpwuid(os.geteuid())
    return Account(user.pw_name, user.pw_uid, user.pw_gid, Path(user.pw_dir), Path(sys.executable))


def someone(common: Path) -> Account:
    """Return a normal user with an installation of Regoose that this user can read and start, made once."""
    names = {user.pw_name: user for user in pwd.getpwall()}
    user = names.get("regoose-test") or names["nobody"]
    home = Path(user.pw_dir)
    if not home.is_dir():
        home = common / "home"
        home.mkdir(exist_ok=True)
        os.chown(home, user.pw_uid, user.pw_gid)
    account = Account(user.pw_name, user.pw_uid, user.pw_gid, home, common / "venv" / "bin" / "python")
    with (common / "venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (common / "venv.ready").exists():
            install(common, account)
            (common / "venv.ready").touch()
    return account


def install(common: Path, account: Account) -> None:
    uv, venv = find_uv_bin(), common / "venv"
    shutil.copytree(ROOT / "src", common / "src", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([uv, "venv", "--quiet", "--python", startable(common, account), venv], check=True)
    options = ["--quiet", "--compile-bytecode", "--link-mode=copy", "--require-hashes"]
    lock = ROOT / "requirements" / "run.txt"
    subprocess.run([uv, "pip", "install", *options, "--python", venv / "bin" / "python", "-r", lock], check=True)
    (packages,) = venv.glob("lib/python3.*/site-packages")
    (packages / "regoose.pth").write_text(f"{common / 'src'}\n")
    subprocess.run([venv / "bin" / "python", "-m", "compileall", "-q", common / "src"], check=True)
    subprocess.run(["chmod", "-R", "a+rX", common / "src", venv], check=True)


def startable(common: Path, account: Account) -> Path:
    """Return an interpreter that the account can start: the system's, else a copy of ours."""
    check = "import sys, ctypes, ssl, sqlite3; raise SystemExit(sys.version_info < (3, 11))"
    for minor in (13, 12, 11):
        for directory in ("/usr/local/bin", "/usr/bin"):
            program = Path(directory, f"python3.{minor}")
            if program.exists():
                done = subprocess.Popen([program, "-c", check], **as_user(account))
                if done.wait() == 0:
                    return program
    unneeded = shutil.ignore_patterns("__pycache__", "test", "tests", "config-*", "site-packages")
    shutil.copytree(sys.base_prefix, common / "python", symlinks=True, ignore=unneeded)
    return common / "python" / "bin" / f"python3.{sys.version_info.minor}"


@pytest.fixture(scope="session", params=["root", "normal"] if os.geteuid() == 0 else ["self"])
def account(request: pytest.FixtureRequest, common: Path) -> Account:
    """Root and a normal user; where the tests are not root's, whoever runs them."""
    return someone(common) if request.param == "normal" else ourselves()


@pytest.fixture
def regoose(account: Account, common: Path) -> Generator[Regoose]:
    """Give the command line; afterwards nothing of any run is left over."""
    place = Path(tempfile.mkdtemp(prefix="t-", dir=common))
    place.chmod(0o755)
    cache = common / f"cache-{account.uid}"
    for directory in (cache, place):
        directory.mkdir(exist_ok=True)
        os.chown(directory, account.uid, account.gid)
    environment = {
        **{name: value for name, value in os.environ.items() if name.upper().startswith(PASSED_ON)},
        "PATH": os.environ["PATH"],
        "HOME": str(account.home),
        "XDG_STATE_HOME": str(place / "xdg"),
        "UV_PYTHON_DOWNLOADS": "never",
        "REGOOSE_STATE_DIR": str(place / "state"),
        "REGOOSE_CACHE_DIR": str(cache),
        "WORKSPACE_BASE_PATH": str(place / "workspaces"),
        "REGOOSE_SANDBOX": "bubblewrap",
        "REGOOSE_JOBS": "2",
        "REGOOSE_REPEATS": "2",
        "REGOOSE_ATTEMPTS": "2",
        "REGOOSE_SEARCH_SECONDS": "30",
    }
    made = Regoose(account, place, environment)
    yield made
    for process in made.started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    try:
        deadline = time.monotonic() + 60
        while (left := made.residue()) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not left
    finally:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(params=BACKENDS if os.geteuid() else ["in turn"])
def everywhere(request: pytest.FixtureRequest, regoose: Regoose) -> Regoose:
    """
    Give the command line once for each backend that is here.

    As root, where tests run twice, root has the first backend and the normal user the last: how each backend and each
    account get on with each other is what the tests of the sandbox are about.
    """
    backend = request.param if os.geteuid() else BACKENDS[-1 if regoose.account.other else 0]
    return Regoose(regoose.account, regoose.place, {**regoose.environment, "REGOOSE_SANDBOX": backend}, regoose.started)


@pytest.fixture
def project(regoose: Regoose) -> Project:
    """Give a repository with one bug that is found at once."""
    return regoose.project(BUG)
