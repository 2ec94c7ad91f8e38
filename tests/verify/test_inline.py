"""A table of one row reads and behaves like a test that never had a table."""

from __future__ import annotations

import pytest

from regoose.verify.inline import inline


def _file(table: str, body: str, *, head: str = "def test_it(first, expected):", imports: str = "import pytest") -> str:
    return f"{imports}\n\nfrom shelf import Shelf, size\n\n\n@pytest.mark.parametrize({table})\n{head}\n{body}"


NAMES = '("first", "expected")'


@pytest.mark.parametrize(
    ("row", "body", "expected"),
    [
        ("([1, 2], 2)", "    assert size(first) == expected\n", "    assert size([1, 2]) == 2\n"),
        ("(lambda x: x, -2)", "    assert first(3) == expected\n", "    assert (lambda x: x)(3) == -2\n"),
        ("(1, -2)", "    assert first.real + expected == 1\n", "    assert (1).real + (-2) == 1\n"),
        ("(1, None)", "    assert size(first) is expected\n", "    assert size(1) is None\n"),
        (
            "(1, None)",
            "    assert size(first) == expected\n",
            "    expected = None\n    assert size(1) == expected\n",
        ),
        (
            "([1], 'ab')",
            "    size(first)\n    assert first == [expected, expected]\n",
            "    first = [1]\n    size(first)\n    assert first == ['ab', 'ab']\n",
        ),
        ("(1, 2)", "    assert f'{first}' == expected\n", "    first = 1\n    assert f'{first}' == 2\n"),
        (
            "([1], 2)",
            "    for _ in range(2):\n        size(first, expected)\n",
            "    first = [1]\n    for _ in range(2):\n        size(first, 2)\n",
        ),
        (
            f"('{'é' * 40}', 2)",
            "    assert size(first, 'a rather long text beside it') == expected\n",
            f"    first = '{'é' * 40}'\n    assert size(first, 'a rather long text beside it') == 2\n",
        ),
    ],
)
def test_values_take_the_place_of_their_names(row: str, body: str, expected: str) -> None:
    after = inline(_file(f"{NAMES}, [{row}]", body), {"test_it"})

    assert after == f"from shelf import Shelf, size\n\n\ndef test_it():\n{expected}"


def test_the_rest_of_a_class_stays_and_long_values_are_moved_to_the_depth_of_the_body() -> None:
    text = """\
import pytest

from shelf import size


class TestSize:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("first", "expected"),
        [
            (
                [
                    1,
                    [
                        2,
                    ],
                ],
                2,
            ),
        ],
    )
    def test_it(self, tmp_path, first, expected):
        with pytest.raises(ValueError):
            size(first, tmp_path, expected)

    @pytest.mark.parametrize("first", [1, 2])
    def test_more(self, first):
        assert size(first)
"""
    assert (
        inline(text, {"TestSize::test_it", "TestSize::test_more"})
        == """\
import pytest

from shelf import size


class TestSize:
    @pytest.mark.slow
    def test_it(self, tmp_path):
        first = [
            1,
            [
                2,
            ],
        ]
        with pytest.raises(ValueError):
            size(first, tmp_path, 2)

    @pytest.mark.parametrize("first", [1, 2])
    def test_more(self, first):
        assert size(first)
"""
    )


@pytest.mark.parametrize(
    ("table", "body", "head"),
    [
        (f"{NAMES}, [(1, 2), (3, 4)]", "    assert size(first) == expected\n", "def test_it(first, expected):"),
        (
            f"{NAMES}, [pytest.param(1, 2, marks=pytest.mark.slow)]",
            "    size(first)\n",
            "def test_it(first, expected):",
        ),
        (f"{NAMES}, [(1, 2)], indirect=True", "    size(first)\n", "def test_it(first, expected):"),
        (f"{NAMES}, ROWS", "    size(first)\n", "def test_it(first, expected):"),
        (f"{NAMES}, [(size, 2)]", "    size = 2\n    first(size)\n", "def test_it(first, expected):"),
        (f"{NAMES}, [(1, 2)]", "    first = 2\n    size(first)\n", "def test_it(first, expected):"),
        (f"{NAMES}, [(1, 2)]", "    size(first)  # why\n", "def test_it(first, expected):  # what"),
        (f"{NAMES}, [(1, 2)]", "    size(first)\n", "def test_it(first, expected=3):"),
    ],
)
def test_what_is_not_certain_to_mean_the_same_stays(table: str, body: str, head: str) -> None:
    text = _file(table, body, head=head)

    assert inline(text, {"test_it"}) == text


def test_only_what_is_asked_for_is_rewritten() -> None:
    text = _file(f"{NAMES}, [(1, 2)]", "    assert size(first) == expected\n")

    assert inline(text, {"test_other"}) == text
