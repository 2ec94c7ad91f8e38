"""Trees that nobody trusts: whatever they hold, the index stands and names what it left out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from regoose.context.index import Counts, Index, open_index, record_of
from regoose.context.ranking import rank
from regoose.context.store import Store
from regoose.context.tree import Tree, TreeLimits
from regoose.context.words import Splitter

_DEEP = 20_000
_NO_COUNTS = Counts(files=1, parsed_now=1, unparsed=1)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "text",
    [
        "(" * _DEEP,
        "(" * _DEEP + ")" * _DEEP,
        "x = " + "-" * _DEEP + "1",
        "a" + "\\\n.b" * _DEEP,
        "x = 1" + "\\\n+ 1" * _DEEP,
        "x = " + "lambda: \\\n" * _DEEP + "1",
        "x = " + "not \\\n" * _DEEP + "1",
        "if a: pass\n" + "elif b: pass\n" * _DEEP,
        "".join(" " * depth + "if x:\n" for depth in range(99)) + " " * 99 + "pass\n",
        "x = " + "9" * 10_000,
        "x = '''" + "a\n" * _DEEP + "'''",
        "def " * _DEEP,
        "class A(\n" * _DEEP,
        "# coding: rot13\nx = 1",
        "# coding: no-such\nx = 1",
    ],
    ids=range(15),
)
def test_what_python_cannot_parse_is_read_by_its_lines(text: str) -> None:
    begun = text + "\n\nclass After:\n    def method(self): ...\n"
    record = record_of(begun.encode(), "python", Splitter())
    assert "method" in record.words.split()
    assert "After" in record.defines.split()


def test_definitions_are_found_in_a_file_that_does_not_parse(tmp_path: Path) -> None:
    text = (
        "import os\nprint 'two'\n\nclass Old(Base):\n    def run(self, x):\n        return x\n\ndef last():\n    pass\n"
    )
    record = record_of(text.encode(), "python", Splitter())
    index = Index(tree=Tree(root=tmp_path), records={"old.py": record}, skipped=(), counts=_NO_COUNTS)
    assert [(one.name, one.kind, one.start, one.end) for one in index.symbols("old.py")] == [
        ("Old", "class", 4, 6),
        ("Old.run", "method", 5, 6),
        ("last", "function", 8, 9),
    ]
    assert record.imports == "os:"
    assert not record.parsed


async def test_what_is_left_out_is_named(tmp_path: Path, store: Store) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "large.py").write_text("x = 1\n" * 1000, encoding="utf-8")
    (root / "binary.py").write_bytes(b"\0\1\2")
    (root / "good.py").write_text("x = 1\n", encoding="utf-8")
    (root / "line\nbreak.py").write_text("x = 1\n", encoding="utf-8")
    (Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.py"))).write_text("x = 1\n", encoding="utf-8")
    os.mkfifo(root / "pipe.py")
    index = await open_index(Tree(root=root, limits=TreeLimits(file_bytes=1000)), store)
    assert list(index.records) == ["good.py"]
    assert {one.path: one.reason for one in index.skipped} == {
        "large.py": "6,000 bytes, more than 1,000",
        "binary.py": "binary",
        "line\\nbreak.py": "its name cannot be shown",
        "caf\\udce9.py": "its name cannot be shown",
    }


async def test_a_tree_of_too_many_files_is_read_in_part(tmp_path: Path, store: Store) -> None:
    for number in range(9):
        (tmp_path / f"m{number}.py").write_text("x = 1\n", encoding="utf-8")
    index = await open_index(Tree(root=tmp_path, limits=TreeLimits(files=4)), store)
    assert list(index.records) == ["m0.py", "m1.py", "m2.py", "m3.py"]
    assert {one.path for one in index.skipped if one.reason == "beyond the first 4 files"} >= {"m4.py", "m8.py"}


REPEATED = [
    part * (100_000 // len(part)) for part in ("<!--", "# ", "```\n", "```x\n`", "**a**\n", "'a", "/", "a::", "- ")
]


async def test_a_task_of_any_length_is_ranked(shop: Tree, store: Store) -> None:
    index = await open_index(shop, store)
    for task in (
        "",
        "\0",
        "(" * 100_000,
        "a.b" * 50_000,
        "`" * 99_999,
        "the fee of parcels " * 10_000,
        "\ud800",
        *REPEATED,
    ):
        assert len((await rank(index, task)).files) <= 7
