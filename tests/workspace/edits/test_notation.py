"""Edits read out of what models write."""

from __future__ import annotations

import json

import pytest

from regoose.workspace.edits import Delete, Edit, Malformed, Move, Reading, Replace, Write, edits_of_data, parse_edits


def only(text: str) -> Edit:
    parsed = parse_edits(text)
    assert parsed.problems == ()
    (edit,) = parsed.edits
    return edit


def texts(edit: Edit) -> tuple[str, str, str]:
    assert isinstance(edit, Replace)
    return edit.path, edit.search, edit.replace


WANTED = ("src/x.py", "a = 1\n", "a = 2\n")


@pytest.mark.parametrize(
    "text",
    [
        "src/x.py\n<<<<<<< SEARCH\na = 1\n=======\na = 2\n>>>>>>> REPLACE\n",
        "Here:\n\nsrc/x.py\n```python\n<<<<<<< SEARCH\na = 1\n=======\na = 2\n>>>>>>> REPLACE\n```\nDone.",
        "```python src/x.py\n<<<<<<< SEARCH\na = 1\n=======\na = 2\n>>>>>>> REPLACE\n```",
        "```python\nsrc/x.py\n<<<<<<< SEARCH\na = 1\n=======\na = 2\n>>>>>>> REPLACE\n```",
        "### `src/x.py`\n\n```\n<<<<<<< ORIGINAL\na = 1\n=======\na = 2\n>>>>>>> UPDATED\n```",
        "**File: src/x.py**\n<<<<<<< SEARCH\r\na = 1\r\n=======\r\na = 2\r\n>>>>>>> REPLACE\r\n",
        "<<<<<<< SEARCH src/x.py\n:start_line:1\n-------\na = 1\n=======\na = 2\n>>>>>>> REPLACE\n",
        "```diff\n--- a/src/x.py\n+++ b/src/x.py\n@@ -1,7 +99 @@\n-a = 1\n+a = 2\n```\n",
        "```diff\n--- src/x.py\n+++ src/x.py\n@@ ... @@\n-a = 1\n+a = 2\n\n```\n",
        "So:\n\ndiff --git a/src/x.py b/src/x.py\n--- a/src/x.py\n+++ b/src/x.py\n@@ -1 +1 @@\n-a = 1\n+a = 2\nEnd.\n",
        "`src/x.py`\n```diff\n@@\n-a = 1\n+a = 2\n```",
        "*** Begin Patch\n*** Update File: src/x.py\n@@\n-a = 1\n+a = 2\n*** End Patch\nprose",
        "*** Update File: src/x.py\n-a = 1\n+a = 2\n*** End of File\n",
        json.dumps({"path": "src/x.py", "search": "a = 1\n", "replace": "a = 2\n"}),
        json.dumps({"edits": [{"file_path": "src/x.py", "old_string": "a = 1\n", "new_string": "a = 2\n"}]}),
        'I will:\n```json\n[{"file": "src/x.py", "find": "a = 1\\n", "replacement": "a = 2\\n"}]\n```\n',
    ],
)
def test_each_notation_of_a_replacement(text: str) -> None:
    assert texts(only(text)) == WANTED


def test_a_block_without_a_path_is_for_the_file_of_the_one_before() -> None:
    block = "<<<<<<< SEARCH\n{0}\n=======\n{0}{0}\n>>>>>>> REPLACE\n"
    parsed = parse_edits("a.py\n" + block.format("x") + "\nand then\n\n" + block.format("y"))
    assert [(edit.path, edit.search) for edit in parsed.edits if isinstance(edit, Replace)] == [
        ("a.py", "x\n"),
        ("a.py", "y\n"),
    ]


def test_a_divider_that_may_be_a_line_of_the_file_gives_readings() -> None:
    edit = only("a.rst\n<<<<<<< SEARCH\nTitle\n=======\n=======\nNew\n=======\n>>>>>>> REPLACE\n")
    assert isinstance(edit, Replace)
    assert Reading("Title\n=======\n", "New\n=======\n") in edit.others


def test_context_lines_that_lost_their_blank_are_a_reading() -> None:
    edit = only("```diff\n--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,3 @@\ndef f():\n    a = 1\n-    b = 1\n+    b = 2\n```")
    assert isinstance(edit, Replace)
    assert edit.search == "def f():\n   a = 1\n    b = 1\n"
    assert edit.others == (Reading("def f():\n    a = 1\n    b = 1\n", "def f():\n    a = 1\n    b = 2\n"),)


def test_a_diff_of_several_files() -> None:
    text = (
        "diff --git a/new.py b/new.py\nnew file mode 100644\n--- /dev/null\n+++ b/new.py\n@@ -0,0 +1,2 @@\n+a = 1\n+\n"
        "diff --git a/old.py b/old.py\ndeleted file mode 100644\n--- a/old.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-a = 1\n"
        'diff --git "a/\\303\\274.py" "b/\\303\\274.py"\n--- "a/\\303\\274.py"\n+++ "b/\\303\\274.py"\n'
        "@@ -1 +1 @@ def f():\n-a\n+b\n"
        "diff --git a/one.py b/two.py\nsimilarity index 90%\nrename from one.py\nrename to two.py\n"
        "--- a/one.py\n+++ b/two.py\n"
        "@@ -1 +1 @@\n-a\n+b\n"
    )
    new, old, quoted, move, moved = parse_edits(text).edits
    assert new == Write("new.py", "a = 1\n\n")
    assert old == Delete("old.py")
    assert texts(quoted)[0] == "ü.py"
    assert isinstance(quoted, Replace)
    assert quoted.within == "def f():"
    assert move == Move("one.py", "two.py")
    assert texts(moved) == ("two.py", "a\n", "b\n")


def test_an_envelope_of_several_sections() -> None:
    text = (
        "*** Begin Patch\n*** Add File: n.py\n+a = 1\n*** Delete File: o.py\n*** Update File: p.py\n*** Move to: q.py\n"
        "@@ class A:\n@@     def f(self):\n-a\n+b\n@@\n-c\n+d\n*** End Patch"
    )
    new, old, move, first, second = parse_edits(text).edits
    assert (new, old, move) == (Write("n.py", "a = 1\n"), Delete("o.py"), Move("p.py", "q.py"))
    assert texts(first) == ("q.py", "a\n", "b\n")
    assert isinstance(first, Replace)
    assert first.within == "def f(self):"
    assert texts(second) == ("q.py", "c\n", "d\n")


@pytest.mark.parametrize(
    "text",
    [
        "src/n.py\n```python\na = 1\n```",
        "```python:src/n.py\na = 1\n```",
        '```python title="src/n.py"\na = 1\n```\nprose',
    ],
)
def test_a_whole_file_in_a_fence(text: str) -> None:
    assert only(text) == Write("src/n.py", "a = 1\n")


def test_a_file_that_holds_fences_is_kept_whole() -> None:
    text = "README.md\n````markdown\n# T\n```\ncode\n```\n````\n"
    assert only(text) == Write("README.md", "# T\n```\ncode\n```\n")
    assert only("README.md\n```markdown\n# T\n```python\ncode\n```\nend\n```\n") == Write(
        "README.md", "# T\n```python\ncode\n```\nend\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "no edit at all",
        "An example:\n```python\na = 1\n```\n",
        "See src/x.py for it.\n```python\na = 1\n```\n",
        "src/x.py\n```python\na = 1\n",
        "src/x.py\n```python\n'''\n```\n'''\n```\n",
        "a.py\n<<<<<<< SEARCH\na\n=======\nb\n",
        "a.py\n<<<<<<< SEARCH\na\n>>>>>>> REPLACE\n",
        "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n",
        '{"path": "a.py", "search": 1, "replace": "x"}',
        '{"path": "a.py", "search": "x"}',
    ],
)
def test_what_cannot_be_read_is_a_problem(text: str) -> None:
    parsed = parse_edits(text)
    assert parsed.edits == ()
    assert isinstance(parsed.problems[0], Malformed)


def test_arguments_of_tool_calls() -> None:
    assert edits_of_data({"path": "a", "content": "x"}) == [Write("a", "x")]
    assert edits_of_data({"path": "a", "action": "delete"}) == [Delete("a")]
    assert edits_of_data({"path": "a", "new_path": "b"}) == [Move("a", "b")]
    assert edits_of_data({"path": "a", "old_string": "x", "new_string": "y", "replace_all": True}) == [
        Replace("a", "x", "y", every=True)
    ]
    assert edits_of_data({"nothing": 1}) is None
