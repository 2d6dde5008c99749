"""Models of RunwayML's Model SDK (`runway_model.py`), unmodified, each in a process of its own.

`static` reads what a model is without running a line of it, `cli` asks, `adding` makes a card, `family` paints by it
through `host`. `shim/runway` is what the model's own interpreter imports as `runway`: Python 3.6 and standard library,
with numpy and Pillow where pictures come in. Nothing of a model is ever imported here.
"""
