"""The part of USD's Python that is used, over the stages of tests/fakes/maya/usda.py."""
