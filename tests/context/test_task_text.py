from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from regoose.context.task_text import read_task

ISSUE = """Totals are rounded wrongly
<!-- Thanks for your report! -->
### Describe the bug

`Cart.total` drops cents.

```python
Cart().total(0.5)
```

**Expected behaviour**
Half cents go up, see https://example.org/rounding.

## System information

- Python 3.11, urllib3 1.26

## Rounding

is done in money.
"""


def test_a_form_is_read_as_what_was_filled_in() -> None:
    task = read_task(ISSUE)
    assert task.title == "Totals are rounded wrongly"
    assert [line for line in task.prose.splitlines() if line.strip()] == [
        "Totals are rounded wrongly",
        "`Cart.total` drops cents.",
        "Half cents go up, see  ",
        "## Rounding",
        "is done in money.",
    ]
    assert task.blocks == "Cart().total(0.5)"


def test_a_text_that_is_nothing_but_form_is_kept() -> None:
    assert read_task("# Version\n3.11 fails").prose == "# Version\n3.11 fails"


@given(st.text(st.sampled_from("ab#*`~<!->\n ")))
def test_nothing_is_made_up(text: str) -> None:
    assert all(word in text for word in read_task(text).all.split())
