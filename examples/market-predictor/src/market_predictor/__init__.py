"""Next-day price forecasts with a trading signal, as a small HTTP service."""
