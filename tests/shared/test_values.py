"""Values are what frozen dataclasses are, though no code is generated for them."""

import ast
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from functools import cached_property

import pytest

from shared.values import Value
from tests.conftest import ROOT


class Mine(Value):
    name: str
    size: tuple[int, int] = (1, 2)
    more: dict[str, int] = field(default_factory=dict)
    body: object = field(default=None, repr=False)

    @cached_property
    def area(self):
        return self.size[0] * self.size[1]


@dataclass(frozen=True)
class Theirs:
    name: str
    size: tuple[int, int] = (1, 2)
    more: dict[str, int] = field(default_factory=dict)
    body: object = field(default=None, repr=False)


class Below(Mine):
    """A value that adds a field to another's."""

    depth: float = 0.5


@pytest.mark.parametrize(
    "values, named",
    [(("a",), {}), (("a", (3, 4)), {"more": {"x": 1}}), ((), {"name": "a", "body": 5}), (("a", (3, 4), {}, 6), {})],
)
def test_a_value_is_made_and_told_as_a_frozen_dataclass(values, named):
    mine, theirs = Mine(*values, **named), Theirs(*values, **named)
    assert repr(mine) == repr(theirs).replace("Theirs", "Mine")
    assert asdict(mine) == asdict(theirs) and [one.name for one in fields(mine)] == [one.name for one in fields(theirs)]
    assert replace(mine, name="b") == Mine("b", *values[1:], **{**named, "name": "b"} if not values else named)
    assert mine == Mine(*values, **named) and mine != theirs


def test_values_are_equal_by_their_fields_and_kind():
    one = Mine("a")
    assert one.area == 2 and one == Mine("a") and one != Mine("b"), "what was computed of it is no field"
    assert one != Below("a") and Below("a", depth=1).depth == 1 and Below("a").more == {}
    assert Mine("a").more is not one.more
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)
    assert hash(Mine("a", more=())) == hash(Mine("a", more=()))


@pytest.mark.parametrize("values, named", [((), {}), (("a",), {"wide": 1}), (("a", 1, 2, 3, 4), {})])
def test_what_a_value_does_not_take_is_an_error(values, named):
    with pytest.raises(TypeError, match="Mine takes name, size, more, body"):
        Mine(*values, **named)


def test_a_value_never_changes():
    one = Mine("a")
    with pytest.raises(FrozenInstanceError):
        one.name = "b"
    with pytest.raises(FrozenInstanceError):
        del one.name


def test_what_never_changes_is_a_value():
    """One way: a frozen dataclass takes ten times as long to load."""
    rooms = ("shared", "inference_server", "ae_bridge", "semrender")
    for file in (file for room in rooms for file in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            for decorator in node.decorator_list if isinstance(node, ast.ClassDef) else ():
                assert "frozen=True" not in ast.unparse(decorator), f"{file}: {node.name}"
