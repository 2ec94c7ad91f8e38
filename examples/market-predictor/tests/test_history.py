import pytest

from market_predictor.history import PriceHistory, UnknownSymbol


def test_symbols_are_the_same_in_any_case():
    history = PriceHistory()
    assert history.replace("acme", [1.0, 2.0]) == 2
    assert history.closes("ACME") == [1.0, 2.0]
    assert len(history) == 1


@pytest.mark.parametrize("close", [0.0, -1.0, float("nan"), float("inf")])
def test_a_close_is_a_positive_number(close):
    history = PriceHistory()
    with pytest.raises(ValueError, match="positive number"):
        history.replace("ACME", [1.0, close])
    assert len(history) == 0


def test_unknown_symbol():
    with pytest.raises(UnknownSymbol):
        PriceHistory().closes("NONE")


def test_closes_are_a_copy():
    history = PriceHistory()
    history.replace("ACME", [1.0])
    history.closes("ACME").append(2.0)
    assert history.closes("ACME") == [1.0]
