"""The style of a repository, from what its files say."""

from __future__ import annotations

from pathlib import Path

import pytest

from regoose.search.testgen import Style, detect


def tree(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("name", "text", "length"),
    [
        ("pyproject.toml", "[tool.ruff]\nline-length = 100\n[tool.black]\nline-length = 90", 100),
        ("pyproject.toml", "[tool.black]\nline-length = 90\n[tool.isort]\nline_length = 70", 90),
        ("pyproject.toml", "[tool.black]\nline-length = 'wide'", 88),
        ("pyproject.toml", "[tool.black\nline-length = 90", 88),
        ("pyproject.toml", "tool = 3", 88),
        ("ruff.toml", "line-length = 99", 99),
        ("setup.cfg", "[flake8]\nmax-line-length = 79", 79),
        ("setup.cfg", "[flake8]\nmax-line-length = 79\nbroken", 88),
        ("tox.ini", "[pycodestyle]\nmax_line_length = 110  # wide", 110),
        (".flake8", "[flake8]\nmax-line-length = 500", 88),
        (".editorconfig", "root = true\n[*]\nmax_line_length = 80\n[*.{py,pyi}]\nmax_line_length = 105", 105),
        (".editorconfig", "[*.md]\nmax_line_length = 70", 88),
        ("README.md", "", 88),
    ],
)
def test_the_line_length_is_what_the_tools_are_told(tmp_path: Path, name: str, text: str, length: int) -> None:
    assert detect(tree(tmp_path, **{name: text})).line_length == length


@pytest.mark.parametrize(
    ("configuration", "quotes"),
    [
        ("[tool.ruff.format]\nquote-style = 'single'", "'"),
        ("[tool.ruff.format]\nquote-style = 'double'", '"'),
        ("[tool.ruff.format]\nquote-style = 'preserve'", "'"),
        ("[tool.black]\nline-length = 79", '"'),
        ("[tool.black]\nskip-string-normalization = true", "'"),
        ("", "'"),
    ],
)
def test_the_quotes_are_the_formatters_else_those_of_the_tests(tmp_path: Path, configuration: str, quotes: str) -> None:
    tests = "def test_a():\n    assert 'a' + 'b' != \"c's\"\n"
    assert detect(tree(tmp_path, **{"pyproject.toml": configuration, "tests/test_a.py": tests})).quotes == quotes


def test_classes_are_used_where_most_tests_stand_in_plain_ones(tmp_path: Path) -> None:
    plain = "class TestA:\n    def test_a(self): ...\n    def test_b(self): ...\n\ndef test_c(): ...\n"
    cases = "import unittest\nclass TestA(unittest.TestCase):\n    def test_a(self): ...\n"
    assert detect(tree(tmp_path / "1", **{"test_a.py": plain})).classes
    assert not detect(tree(tmp_path / "2", **{"test_a.py": cases})).classes
    assert not detect(tree(tmp_path / "3", **{"test_a.py": "def test_a(): ...\n"})).classes


def test_own_modules_stand_at_the_top_or_in_src(tmp_path: Path) -> None:
    files = ("one.py", "two/__init__.py", "src/three/deep.py", "docs/index.md", "not-a-name.py")
    own = set(detect(tree(tmp_path, **dict.fromkeys(files, ""))).own)
    assert {"one", "two", "three"} <= own
    assert not {"docs", "deep", "not-a-name"} & own


def test_a_repository_that_is_not_there_has_the_default_style(tmp_path: Path) -> None:
    assert detect(tmp_path / "missing") == Style()
