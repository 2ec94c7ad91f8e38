"""Fakes that ship with the product: each stands in for one port, without patching anything."""
