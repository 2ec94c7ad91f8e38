from __future__ import annotations

from pathlib import Path

import pytest

from regoose.workspace.indexes import uv_environment
from regoose.workspace.needs import read_needs
from regoose.workspace.project import Project, read_project


def project(root: Path, files: dict[str, str]) -> Project:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return read_project(root)


def lines(found: Project) -> list[str]:
    return [line for group in found.groups for line in group.lines]


def test_standard_tables(tmp_path: Path) -> None:
    text = """
[project]
name = "Some.Thing"
dynamic = ["version"]
dependencies = ["a>=1; python_version < '3.12'"]
[project.optional-dependencies]
docs = ["sphinx"]
all-tests = ["no"]
tests = ["t1", "Some.Thing[fast]"]
fast = ["f1"]
[dependency-groups]
dev = ["d1", {include-group = "test"}]
test = ["g1", {include-group = "loop"}]
loop = ["g2", {include-group = "test"}]
[project.scripts]
thing = "thing.cli:main"
[project.entry-points.pytest11]
thing = "thing.plugin"
[tool.setuptools_scm]
version_file = "src/thing/_version.py"
[tool.pytest.ini_options]
asyncio_mode = "auto"
"""
    found = project(tmp_path, {"pyproject.toml": text, "src/thing/__init__.py": "", "setup.cfg": "[options"})
    assert (found.name, found.version, found.roots, found.packages) == ("Some.Thing", "", ("src",), ("thing",))
    assert found.runtime == ("a>=1; python_version < '3.12'",)
    assert lines(found) == ["g1", "g2", "d1", "g1", "g2", "t1", "f1"]
    assert found.entry_points == {
        "console_scripts": {"thing": "thing.cli:main"},
        "pytest11": {"thing": "thing.plugin"},
    }
    assert found.generated == ("src/thing/_version.py",)


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1", ">=1,<2"),
        (">=1,<2", ">=1,<2"),
        ("1.5", "==1.5"),
        ("*", ""),
        ("^1 || ^2", ">=1,<2"),
    ],
)
def test_poetry_constraints(tmp_path: Path, constraint: str, expected: str) -> None:
    text = (
        f'[tool.poetry]\nname = "x"\nversion = "1"\npackages = [{{include = "x", from = "lib"}}]\n'
        f'[tool.poetry.dependencies]\npython = "^3.9"\na = "{constraint}"\nb = {{version = "1.0", optional = true}}\n'
        "[tool.poetry.group.test.dependencies]\n"
        'c = {version = "^2", extras = ["e"], markers = "os_name == \'posix\'"}\n'
    )
    found = project(tmp_path, {"pyproject.toml": text, "lib/x/__init__.py": ""})
    assert found.runtime == (f"a{expected}",)
    assert found.requires_python == ">=3.9,<4"
    assert lines(found) == ["c[e]>=2,<3 ; os_name == 'posix'"]
    assert found.roots == ("lib",)


def test_setup_py_is_read_and_never_run(tmp_path: Path) -> None:
    text = f"""
import os, setuptools
open({str(tmp_path / "ran")!r}, "w")
base = ["a"]
setuptools.setup(
    name="x", version=open("VERSION").read(), install_requires=base + ["b"], python_requires=">=3.8",
    extras_require={{"test": ["t"], "docs": ["sphinx"]}}, tests_require="u\\nv", package_dir={{"": "lib"}},
    entry_points="[console_scripts]", ext_modules=[Extension("x", ["x.c"])],
)
"""
    found = project(tmp_path, {"setup.py": text, "lib/x/__init__.py": "__version__ = '4.5'\n"})
    assert (found.name, found.version, found.runtime, found.compiled) == ("x", "4.5", ("a", "b"), True)
    assert (lines(found), found.roots, found.requires_python) == (["t", "u", "v"], ("lib",), ">=3.8")
    assert not (tmp_path / "ran").exists()


def test_setup_cfg(tmp_path: Path) -> None:
    text = (
        "[metadata]\nname = x\nversion = attr: x.v\n[options]\ninstall_requires =\n  a>=1\n  # no\n  b\n"
        "package_dir =\n  =src\n[options.extras_require]\ntesting = t\n"
        "[options.entry_points]\nconsole_scripts =\n  x = x:m\n"
        "[tool:pytest]\naddopts = --cov=x -n auto\n"
    )
    found = project(tmp_path, {"setup.cfg": text, "src/x/__init__.py": ""})
    assert (found.name, found.version, found.runtime, lines(found)) == ("x", "", ("a>=1", "b"), ["t"])
    assert found.entry_points == {"console_scripts": {"x": "x:m"}}
    assert set(read_needs(tmp_path, found).plugins) == {"pytest-cov", "pytest-xdist"}


def test_requirement_files_and_tox(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        {
            "requirements.txt": "a==1 --hash=sha256:0 \\\n  --hash=sha256:1\n-r more.txt\n--index-url x\n./local\n",
            "more.txt": "b  # why\n-r requirements.txt\n",
            "requirements/test.in": "t\n",
            "requirements/test.txt": "t==1\n",
            "requirements/docs.txt": "sphinx\n",
            "dev-requirements.txt": "-e .\nhttps://x/y.whl\nd\n",
            "tox.ini": "[testenv]\ndeps =\n  pytest\n  py27: old\n  -r{toxinidir}/requirements/test.in\n",
            "x.py": "",
        },
    )
    assert found.runtime[:2] == ("a==1", "b")
    assert lines(found) == ["d", "t", "pytest", "t"]
    assert (found.roots, found.packages) == (("",), ("x",))


@pytest.mark.parametrize("name", ["pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "Pipfile", "requirements.txt"])
@pytest.mark.parametrize("text", ["\0\0", "[[[", "[a]\n" * 3, "(" * 500, "é=ü\n[project]\nname = 3\n", "project = 4\n"])
def test_broken_files_count_as_absent(tmp_path: Path, name: str, text: str) -> None:
    assert project(tmp_path, {name: text}).name == ""


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text('[project]\nname = "secret"\n')
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/pyproject.toml").symlink_to(tmp_path / "secret.toml")
    assert read_project(tmp_path / "tree").name == ""


def test_needs_leave_out_what_is_there(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        {
            "pkg/__init__.py": "import unlisted\n",
            "tests/helper.py": "",
            "tests/test_x.py": (
                "import json, pkg, helper, yaml\nfrom . import y\n"
                "try:\n    import maybe\nexcept ImportError:\n    pass\n"
                "import pytest\n@pytest.fixture\ndef mocker(): ...\n"
                "@pytest.mark.asyncio\nasync def test_a(mocker): ...\n"
                "def test_b(httpx_mock): ...\n"
            ),
            "pyproject.toml": '[project]\nname = "pkg"\n',
        },
    )
    needs = read_needs(tmp_path, found)
    assert needs.imports == {"yaml"}
    assert needs.plugins == ("pytest-asyncio", "pytest-httpx")


def test_pips_index_settings_reach_uv_and_uvs_own_win(tmp_path: Path) -> None:
    (tmp_path / ".config/pip").mkdir(parents=True)
    (tmp_path / ".config/pip/pip.conf").write_text(
        "[global]\nindex-url = https://one.invalid/simple\nextra-index-url =\n  https://two.invalid\n  https://three.invalid\n"
        "find-links = /wheels\ncert = /ca.pem\n"
    )
    caller = {"HOME": str(tmp_path), "PATH": "/bin", "SECRET_TOKEN": "x", "PIP_INDEX_URL": "https://env.invalid/simple"}
    env = uv_environment(caller)
    assert env["UV_DEFAULT_INDEX"] == "https://env.invalid/simple"
    assert env["UV_INDEX"] == "https://two.invalid https://three.invalid"
    assert (env["UV_INDEX_STRATEGY"], env["UV_PYTHON_DOWNLOADS"]) == ("unsafe-best-match", "never")
    assert env["SSL_CERT_FILE"] == "/ca.pem"
    assert "SECRET_TOKEN" not in env
    assert (
        uv_environment(caller | {"UV_DEFAULT_INDEX": "https://uv.invalid"})["UV_DEFAULT_INDEX"] == "https://uv.invalid"
    )
