"""The abuse tests once more, as a normal user, where this run is root's."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

USER = "regoose-test"
"""Made by `scripts/install-sandboxes`, with the subordinate ids that rootless containers need."""
PACKAGES = (
    "pytest",
    "_pytest",
    "pluggy",
    "iniconfig",
    "packaging",
    "py",
    "pygments",
    "pytest_asyncio",
    "typing_extensions",
)
ABUSE = Path(__file__).parent / "abuse"


@pytest.fixture
def home() -> Generator[Path]:
    """Copy what the tests need to where the user can read it."""
    with tempfile.TemporaryDirectory(prefix="regoose-abuse-") as directory:
        top = Path(directory)
        for name in (*PACKAGES, "regoose", "regoose_guest"):
            found = importlib.util.find_spec(name)
            if found is None or found.origin is None:
                continue
            origin = Path(found.origin)
            if origin.name == "__init__.py":
                shutil.copytree(origin.parent, top / "lib" / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(origin, top / "lib")
        for name in ("pytest", "pytest-asyncio"):
            files = importlib.metadata.files(name) or []
            record = next(file for file in files if file.name == "METADATA")
            metadata = Path(str(record.locate())).parent
            shutil.copytree(metadata, top / "lib" / metadata.name)
        shutil.copytree(ABUSE, top / "abuse", ignore=shutil.ignore_patterns("__pycache__"))
        (top / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
        subprocess.run(["/bin/chmod", "-R", "a+rX", directory], check=True)
        (top / "tmp").mkdir(mode=0o777)
        (top / "tmp").chmod(0o777)
        yield top


def interpreter(user: pwd.struct_passwd) -> str:
    """Return a Python 3.11 or later that the user may run."""
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    candidates = [getattr(sys, "_base_executable", sys.executable)]
    candidates += [f"/usr/{top}bin/python3{minor}" for minor in ("", ".13", ".12", ".11") for top in ("", "local/")]
    for program in candidates:
        try:
            found = subprocess.run([program, "-c", check], user=user.pw_uid, group=user.pw_gid, check=False, env={})
        except OSError:
            continue
        if found.returncode == 0:
            return str(program)
    raise AssertionError(f"no Python 3.11 that {user.pw_name} may run among {candidates}: apt-get install python3")


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="this run is a normal user's own: the abuse tests above were it")
@pytest.mark.timeout(900)
def test_everything_holds_for_a_normal_user_too(home: Path) -> None:
    user = pwd.getpwnam(USER)
    program = interpreter(user)
    argv = [
        program,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-c",
        f"{home}/pytest.ini",
    ]
    argv += ["--import-mode=importlib", f"--basetemp={home}/tmp/base", f"{home}/abuse"]
    env = {"HOME": user.pw_dir, "PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": f"{home}/lib"}
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
    done = subprocess.run(
        argv,
        env=env,
        cwd=home,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
