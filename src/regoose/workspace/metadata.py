"""
What a build would have left behind, written without building.

That is: the metadata that `importlib.metadata` reads, the command scripts, and version files that no commit holds.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from pathlib import Path

from packaging.version import InvalidVersion, Version

from regoose.sandbox.base import MIB
from regoose.workspace.beneath import Beneath
from regoose.workspace.project import Project

_UNKNOWN = "0.0.0"


def version_of(project: Project) -> str:
    """Return the declared version where it is a valid one, else 0.0.0."""
    try:
        return str(Version(project.version))
    except InvalidVersion:
        return _UNKNOWN


def provide_metadata(cache: Path, project: Project, python: Path) -> Path:
    """
    Return a directory for PYTHONPATH with the project's `.dist-info` and, in `bin`, its commands.

    Named by its content, so that runs share it; made under another name and renamed, so that no one sees half of it.
    """
    stem = re.sub(r"[^A-Za-z0-9.]+", "_", project.name)
    version = version_of(project)
    facts = json.dumps([project.name, version, project.runtime, project.entry_points, project.packages, str(python)])
    place = cache / f"{stem}-{hashlib.sha256(facts.encode()).hexdigest()[:16]}"
    if place.is_dir():
        return place
    cache.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=cache))
    draft.chmod(0o755)
    info = draft / f"{stem}-{version}.dist-info"
    info.mkdir()
    requires = "".join(f"Requires-Dist: {line}\n" for line in project.runtime)
    _write(info / "METADATA", f"Metadata-Version: 2.1\nName: {project.name}\nVersion: {version}\n{requires}")
    _write(info / "top_level.txt", "".join(f"{name}\n" for name in project.packages))
    _write(info / "RECORD", "")
    points = (
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in project.entry_points.items()
    )
    _write(info / "entry_points.txt", "\n".join(points))
    (draft / "bin").mkdir()
    for name, target in project.entry_points.get("console_scripts", {}).items():
        module, _, attribute = target.partition("[")[0].strip().partition(":")
        if re.fullmatch(r"[\w.-]+", name) and re.fullmatch(r"[\w.]+:[\w.]+", f"{module}:{attribute}"):
            script = draft / "bin" / name
            head = attribute.partition(".")[0]
            _write(script, f"#!{python}\nimport sys\nfrom {module} import {head}\nsys.exit({attribute}())\n")
            script.chmod(0o755)
    try:
        draft.rename(place)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
    return place


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def write_version_files(tree: Path, repository: Path, project: Project) -> tuple[str, ...]:
    """Put the version files of the build into the private tree: as the user's last build left them, else made up."""
    version = version_of(project)
    numbers = ", ".join(str(number) for number in Version(version).release)
    made_up = (
        f'__version__ = version = "{version}"\n'
        f"__version_tuple__ = version_tuple = ({numbers},)\n"
        "__commit_id__ = commit_id = None\n"
    )
    with Beneath(tree) as target, Beneath(repository) as source:
        for path in project.generated:
            status = source.kind(path)
            built = source.read(path) if status is not None and status.st_size < MIB else None
            target.create(path, built or made_up.encode(), 0o644)
    return project.generated
