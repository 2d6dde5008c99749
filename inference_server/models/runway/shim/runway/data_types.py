"""The data types of the Model SDK: a field is its type's name, and values by the names that the SDK gives them.

They are read from a file's text (`static`) and by a running model alike. Python 3.6, standard library.
"""

import inspect
from typing import Any, Dict, Tuple  # noqa: F401

from .exceptions import InvalidArgumentError, MissingArgumentError

SIZES = tuple((name, None) for name in ("min_width", "min_height", "max_width", "max_height", "width", "height"))


class BaseType:
    """A field. `fields`: what it takes, in the order in which the SDK takes it, with what each is without."""

    fields = (("description", None),)  # type: Tuple[Tuple[str, Any], ...]

    def __init__(self, *values: Any, **named: Any) -> None:
        names = [name for name, _ in self.fields]
        if len(values) > len(names):
            raise InvalidArgumentError(type(self).__name__, "takes at most {} values".format(len(names)))
        given = dict(self.fields)
        given.update(zip(names, values))
        given.update(named)
        self.type = self.name = type(self).__name__
        self.given = given
        self.complete(given)
        vars(self).update({name: value for name, value in given.items() if name not in ("type", "name", "given")})

    def complete(self, given: Dict[str, Any]) -> None:
        """Fill in what follows from the rest. Raises what the SDK raises."""

    def deserialize(self, value: Any) -> Any:
        return value

    def serialize(self, value: Any) -> Any:
        return plain(value)

    def describe(self) -> Dict[str, Any]:
        """As plain data, without what is None."""
        found = {name: plain(value) for name, value in self.given.items() if value is not None}
        found["type"] = self.type
        return found


class any(BaseType):
    pass


class array(BaseType):
    fields = (("item_type", None), ("description", None), ("min_length", 0), ("max_length", None))

    def complete(self, given: Dict[str, Any]) -> None:
        if given["item_type"] is None:
            raise MissingArgumentError("item_type")
        given["item_type"] = made(given["item_type"])


class image(BaseType):
    fields = (("description", None), ("channels", 3), *SIZES, ("default_output_format", None))

    def complete(self, given: Dict[str, Any]) -> None:
        if given["channels"] not in (1, 3, 4):
            raise InvalidArgumentError("channels", "1, 3 or 4")


class vector(BaseType):
    fields = (
        ("length", None),
        ("description", None),
        ("default", None),
        ("sampling_mean", 0),
        ("sampling_std", 1),
    )

    def complete(self, given: Dict[str, Any]) -> None:
        if given["length"] is None and given["default"] is not None:
            given["length"] = len(given["default"])
        if given["length"] is None:
            raise MissingArgumentError("length")
        if given["default"] is not None and len(given["default"]) != given["length"]:
            raise InvalidArgumentError("default", "its length is not the vector's")

    def deserialize(self, value: Any) -> Any:
        import numpy as np

        return np.array(value)


class category(BaseType):
    fields = (("description", None), ("choices", None), ("default", None))

    def complete(self, given: Dict[str, Any]) -> None:
        if not given["choices"]:
            raise MissingArgumentError("choices")
        given["choices"] = list(given["choices"])
        given["default"] = given["default"] or given["choices"][0]
        if given["default"] not in given["choices"]:
            raise InvalidArgumentError("default", "it is none of the choices")


class number(BaseType):
    fields = (("description", None), ("default", 0), ("step", None), ("min", None), ("max", None))

    def complete(self, given: Dict[str, Any]) -> None:
        given["default"] = given["default"] or given["min"] or given["max"] or 0


class text(BaseType):
    fields = (("description", None), ("default", ""), ("min_length", 0), ("max_length", None))


class file(BaseType):
    fields = (("description", None), ("is_directory", False), ("extension", None), ("default", None))


class directory(BaseType):
    fields = (("description", None), ("default", None))


class segmentation(BaseType):
    fields = (
        ("label_to_id", None),
        ("description", None),
        ("label_to_color", None),
        ("default_label", None),
        *SIZES,
    )

    def complete(self, given: Dict[str, Any]) -> None:
        if given["label_to_id"] is None:
            raise MissingArgumentError("label_to_id")
        if not isinstance(given["label_to_id"], dict) or not given["label_to_id"]:
            raise InvalidArgumentError("label_to_id", "no table of labels")
        given["default_label"] = given["default_label"] or next(iter(given["label_to_id"]))
        if given["default_label"] not in given["label_to_id"]:
            raise InvalidArgumentError("default_label", "it is none of the labels")


class boolean(BaseType):
    fields = (("description", None), ("default", False))


class image_point(BaseType):
    pass


class image_bounding_box(BaseType):
    pass


class image_landmarks(BaseType):
    fields = (("length", None), ("description", None), ("labels", None), ("connections", None))


TYPES = {
    one.__name__: one
    for one in (any, array, image, vector, category, number, text, file, directory, segmentation, boolean)
    + (image_point, image_bounding_box, image_landmarks)
}  # type: Dict[str, type]


def made(field: Any) -> BaseType:
    """A field of one, or of its class."""
    found = field() if inspect.isclass(field) else field
    if not isinstance(found, BaseType):
        raise InvalidArgumentError("type", "no data type of runway")
    return found


def named(fields: Any) -> Dict[str, BaseType]:
    """Fields by their names, which they are told."""
    found = {}
    for name, field in dict(fields).items():
        found[str(name)] = made(field)
        found[str(name)].name = str(name)
    return found


def describe(fields: Dict[str, BaseType]) -> Dict[str, Any]:
    return {name: one.describe() for name, one in fields.items()}


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, BaseType):
        return value.describe()
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(one) for one in value]
    if hasattr(value, "tolist"):  # of numpy
        return plain(value.tolist())
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)
