import pytest
from fastapi.testclient import TestClient

from market_predictor.service import create_app


@pytest.fixture
def client():
    return TestClient(create_app())


def test_health(client):
    assert client.get("/health").json() == {"status": "ok", "symbols": 0}


def test_prediction(client):
    closes = [100.0, 101.0, 99.0, 102.0, 103.0, 105.0]
    assert client.put("/prices/acme", json={"closes": closes}).json() == {"stored": 6}
    answer = client.get("/predictions/ACME", params={"days": 3}).json()
    assert answer["symbol"] == "ACME"
    assert answer["last_close"] == 105.0
    assert answer["trend"] == pytest.approx(102.0)
    assert [day["day"] for day in answer["days"]] == [1, 2, 3]
    assert all(day["low"] <= day["expected"] <= day["high"] for day in answer["days"])


def test_too_few_closes_have_no_trend(client):
    client.put("/prices/ACME", json={"closes": [1.0, 2.0, 3.0]})
    assert client.get("/predictions/ACME").json()["trend"] is None


def test_unknown_symbol(client):
    assert client.get("/predictions/NONE").status_code == 404


def test_one_close_is_not_enough(client):
    client.put("/prices/ACME", json={"closes": [1.0]})
    assert client.get("/predictions/ACME").status_code == 409


@pytest.mark.parametrize("body", [{"closes": []}, {"closes": [1.0, -1.0]}, {}])
def test_bad_prices_are_refused(client, body):
    assert client.put("/prices/ACME", json=body).status_code == 422


@pytest.mark.parametrize("days", [0, 31])
def test_days_are_limited(client, days):
    client.put("/prices/ACME", json={"closes": [1.0, 2.0]})
    assert client.get("/predictions/ACME", params={"days": days}).status_code == 422
