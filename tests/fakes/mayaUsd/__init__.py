"""The part of maya-usd's Python that is used; see tests/fakes/maya."""
