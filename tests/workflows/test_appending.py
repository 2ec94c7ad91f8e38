"""New tests at the end of a file that is there already."""

from __future__ import annotations

import ast

import pytest

from regoose.workflows.appending import appended

DRAFT = '''\
"""Recorded behaviour of `shelf`: a surprising expectation may be a bug."""

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
        '"""Mine."""\n\nimport pytest\nfrom shelf import add\nimport math\nfrom collections import Counter\n'
        "from shelf import take\n\nBOOK = 1\n\n\ndef test_add():\n    assert add(1)\n\n\n"
        "# Recorded behaviour of `shelf`: a surprising expectation may be a bug.\n\n"
        '@pytest.mark.parametrize("value", [1, 2])\n'
        "def test_add_2(value):\n    assert add(value) == math.floor(value)\n"
        "\n\nasync def test_take():\n    assert take() == Counter()\n"
    )


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
