"""What may hang on chance is recognised: sets in arguments, and random bytes of the system."""

import os
import subprocess
import sys

import pytest

from regoose_guest.testgen.acts import FUNCTION, Act
from regoose_guest.testgen.doubting import MORE_SEEDS, SEEDS, is_doubtful


@pytest.mark.parametrize(
    ("given", "is_so"),
    [
        ("{'a', 'b'}", True),
        ("[1, ({'a', 2}, 3)]", True),
        ("{1, 2, -3.5}", False),
        ("{'a'}", False),
        ("{'a': 1, 'b': 2}", False),
        ("'{a, b}'", False),
        ("datetime.date.today() + datetime.timedelta(days=1)", True),
    ],
)
def test_sees_sets_whose_order_differs(given: str, is_so: bool) -> None:  # noqa: FBT001 - a row of a table
    assert is_doubtful([Act(FUNCTION, "", "f", (given,))]) is is_so
    assert is_doubtful([Act(FUNCTION, "", "f", (), (("key", given),))]) is is_so


def test_counts_random_bytes_of_the_system() -> None:
    code = """
import os, random, secrets, uuid
from regoose_guest.testgen.doubting import Draws
draws = Draws()
random.random()
print(draws.count)
for draw in (uuid.uuid4, lambda: secrets.choice("ab"), lambda: random.SystemRandom().random(), lambda: os.urandom(1)):
    before = draws.count
    draw()
    print(draws.count > before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.split() == ["0", "True", "True", "True", "True"]


def test_seeds_show_each_of_two_texts_first() -> None:
    code = "print(next(iter({'one text', 'another'})))"
    firsts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "77", *SEEDS, *MORE_SEEDS)
    }

    assert len(firsts) == 2
