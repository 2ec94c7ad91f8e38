from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from regoose.context.truncation import truncate

TEXTS = st.text(st.sampled_from("ab \n\r€"), max_size=3000) | st.lists(st.text("x", max_size=90), max_size=80).map(
    "\n".join
)


@given(TEXTS, st.integers(200, 2500))
def test_the_limit_holds_and_what_is_kept_is_a_head_and_a_tail(text: str, limit: int) -> None:
    short = truncate(text, limit=limit)
    assert len(short) <= limit
    if short != text:
        head, _, rest = short.partition("[… ")
        _, _, tail = rest.partition(" …]\n")
        assert text.startswith(head.removesuffix("\n"))
        assert text.endswith(tail)
    else:
        assert len(text) <= limit


def test_the_marker_tells_how_much_is_missing_and_how_to_read_on() -> None:
    text = "".join(f"line {number:04}\n" for number in range(1000))
    short = truncate(text, limit=500, read_on="read the rest of it in output.txt")
    assert short.startswith("line 0000\n")
    assert short.endswith("line 0999\n")
    (marker,) = [line for line in short.splitlines() if line.startswith("[")]
    kept = len(short.splitlines()) - 1
    assert (
        marker
        == f"[… {(1000 - kept) * 10:,} characters, {1000 - kept} lines left out; read the rest of it in output.txt …]"
    )


def test_fifty_megabytes_are_cut() -> None:
    assert len(truncate("x" * 50_000_000)) <= 16_000
