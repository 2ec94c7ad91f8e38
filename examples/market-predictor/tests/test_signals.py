from market_predictor.signals import Signal, signal


def test_hold_without_enough_closes():
    assert signal([10, 11, 12, 13, 14, 15, 16]) is Signal.HOLD


def test_enough_closes_for_the_slow_average_give_a_signal():
    assert signal([10, 9, 10, 9, 10, 11, 10, 12]) is Signal.BUY


def test_a_falling_market_is_sold():
    assert signal([20, 19, 18, 20, 17, 16, 17, 15, 14]) is Signal.SELL


def test_a_market_that_only_rises_is_overbought():
    assert signal([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]) is Signal.HOLD


def test_a_turn_on_the_last_day_is_seen():
    falling = [20, 18, 20, 17, 18, 16, 15, 15, 14]
    assert signal(falling) is Signal.SELL
    assert signal([*falling, 30]) is Signal.BUY
