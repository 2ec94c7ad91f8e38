"""How a model is reached: one port, one adapter, and everything that stands between a request and its bill."""
