"""What a few models take of the Model SDK's own tools. Python 3.6, standard library."""

from typing import Any


def is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def try_cast_np_scalar(value: Any) -> Any:
    return value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") else value
