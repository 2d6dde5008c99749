"""Part of the strict fake of Maya; see tests/fakes/maya."""
