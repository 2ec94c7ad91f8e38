import pytest

from market_predictor.indicators import exponential_average, moving_average, relative_strength, returns, volatility


def test_moving_average_ends_with_the_latest_close():
    assert moving_average([1.0, 2.0, 3.0, 4.0, 8.0], 3) == [2.0, 3.0, 5.0]


def test_moving_average_of_too_few_closes_is_empty():
    assert moving_average([1.0, 2.0], 3) == []


def test_moving_average_needs_a_window():
    with pytest.raises(ValueError, match="at least 1"):
        moving_average([1.0], 0)


def test_exponential_average_starts_at_the_first_close():
    assert exponential_average([10.0, 20.0, 20.0], 3) == [10.0, 15.0, 17.5]


def test_exponential_average_needs_a_span():
    with pytest.raises(ValueError, match="at least 1"):
        exponential_average([1.0], 0)


def test_returns_are_relative():
    assert returns([100.0, 110.0, 99.0]) == pytest.approx([0.1, -0.1])


def test_steady_growth_has_no_volatility():
    assert volatility([1.0, 2.0, 4.0, 8.0]) == 0.0
    assert volatility([5.0]) == 0.0


def test_volatility_grows_with_the_swings():
    assert volatility([100, 101, 100, 101]) < volatility([100, 110, 100, 110])


@pytest.mark.parametrize(
    ("closes", "strength"),
    [([1, 2, 3], 100.0), ([3, 2, 1], 0.0), ([2, 2, 2], 50.0), ([10, 13, 12], 75.0)],
)
def test_relative_strength(closes, strength):
    assert relative_strength(closes) == strength


def test_relative_strength_looks_at_the_last_period_only():
    assert relative_strength([100, 1, 2, 3], period=2) == 100.0
