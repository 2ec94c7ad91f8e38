import pytest

from market_predictor.forecast import forecast


def test_a_straight_line_goes_on():
    days = forecast([10.0, 12.0, 14.0, 16.0], 3)
    assert [day.expected for day in days] == pytest.approx([18.0, 20.0, 22.0])
    assert all(day.low == pytest.approx(day.high) for day in days)


def test_the_band_widens_with_the_days():
    days = forecast([10.0, 12.0, 11.0, 14.0, 12.0], 5)
    widths = [day.high - day.low for day in days]
    assert widths == sorted(widths)
    assert widths[0] > 0


def test_no_price_falls_below_zero():
    assert all(day.low >= 0 and day.expected >= 0 for day in forecast([30.0, 20.0, 10.0], 10))


def test_a_trend_needs_two_closes():
    with pytest.raises(ValueError, match="two closes"):
        forecast([1.0], 1)
