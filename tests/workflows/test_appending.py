"""New tests at the end of a file that is there already."""

from __future__ import annotations

import ast

import pytest

from regoose.workflows.appending import appended

DRAFT = '''\
"""Tests of `shelf`.

They record what the code does: a surprising expectation may be a bug.
"""

import math
from collections import Counter

import pytest

from shelf import add, take


@pytest.mark.parametrize("value", [1, 2])
def test_add(value):
    assert add(value) == math.floor(value)


async def test_take():
    assert take() == Counter()
'''


def test_imports_are_joined_names_stay_apart_and_the_old_text_stays() -> None:
    present = (
        '"""Mine."""\n\nimport pytest\nfrom shelf import add\n\nBOOK = 1\n\n\ndef test_add():\n    assert add(1)\n'
    )
    assert appended(present, DRAFT) == (
        '"""Mine."""\n\nimport pytest\nfrom shelf import add, take\nimport math\nfrom collections import Counter\n'
        "\nBOOK = 1\n\n\ndef test_add():\n    assert add(1)\n\n\n"
        "# Tests of `shelf`.\n# They record what the code does: a surprising expectation may be a bug.\n\n\n"
        '@pytest.mark.parametrize("value", [1, 2])\n'
        "def test_add_2(value):\n    assert add(value) == math.floor(value)\n"
        "\n\nasync def test_take():\n    assert take() == Counter()\n"
    )


def test_tests_behind_earlier_ones_need_no_heading() -> None:
    present = DRAFT.replace("import add, take", "import add").replace("test_", "test_old_")
    text = appended(present.replace("assert take()", "assert add(0)"), DRAFT)
    assert text is not None
    assert text.count("They record") == 1
    assert "from shelf import add, take\n" in text


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ("from shelf import zoo, add\n", "from shelf import zoo, add, take\n"),
        ("from shelf import add as put, zoo\n", "from shelf import add, add as put, take, zoo\n"),
        ("from shelf import (\n    add,\n)\n", "from shelf import (\n    add,\n)\nimport math\n"),
        ("from shelf import add  # noqa\n", "from shelf import add  # noqa\nimport math\n"),
        (f"from shelf import add, {'z' * 60}\n", f"from shelf import add, {'z' * 60}\nimport math\n"),
    ],
)
def test_names_join_an_import_of_one_line_from_their_module(present: str, expected: str) -> None:
    text = appended(present, DRAFT)
    assert text is not None
    assert text.startswith(expected)


@pytest.mark.parametrize(
    "present",
    [
        "",
        "# only a comment\n",
        '"""Mine."""\n',
        '"""Mine,\nwith more."""\n\nimport sys\n',
        "import sys\n\nsys.path.insert(0, 'x')\n\nimport x\n",
        "from __future__ import annotations\n\n\ndef test_other():\n    pass",
    ],
)
def test_what_comes_out_can_be_read_and_holds_both(present: str) -> None:
    text = appended(present, DRAFT)
    assert text is not None
    names = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert names[-2:] == ["test_add", "test_take"]
    assert all(line in text.splitlines() for line in present.splitlines() if line)
    compile(text, "t.py", "exec")


@pytest.mark.parametrize(
    "present",
    ["from other import add\n", "add = 1\n", "import numpy as math\n", "def half(:\n", "def take():\n    pass\n"],
)
def test_one_name_for_two_things_is_refused(present: str) -> None:
    assert appended(present, DRAFT) is None
