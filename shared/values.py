"""Values: classes whose objects have named fields and never change.

    class Size(Value):
        width: int
        height: int = 1080

Such a class is what `dataclass(frozen=True)` makes of it, with `fields`, `replace`, `asdict` and `cached_property`, but
no code is generated for it. Generated code was a tenth of all that a command with nothing to paint does, in every one
of its three processes. Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Callable[[type], type]:
        return lambda cls: cls


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Value:
    __dataclass_fields__: ClassVar[dict[str, Any]]
    _names: ClassVar[tuple[str, ...]]
    _defaults: ClassVar[dict[str, Any]]
    _makers: ClassVar[dict[str, Callable[[], Any]]]

    def __init_subclass__(cls) -> None:
        cls.__doc__ = cls.__doc__ or cls.__name__  # without one `dataclass` inspects the class, which takes long
        dataclass(init=False, repr=False, eq=False)(cls)
        mine = fields(cls)
        cls._names = tuple(one.name for one in mine)
        cls._defaults = {one.name: one.default for one in mine if one.default is not MISSING}
        cls._makers = {one.name: one.default_factory for one in mine if one.default_factory is not MISSING}

    def __init__(self, *values: Any, **named: Any) -> None:
        given = {**self._defaults, **dict(zip(self._names, values)), **named}
        for name, make in self._makers.items():
            if name not in given:
                given[name] = make()
        if len(values) > len(self._names) or given.keys() != set(self._names):
            wrong = sorted(given.keys() ^ set(self._names)) or "more values than fields"
            raise TypeError(f"{type(self).__name__} takes {', '.join(self._names)}: {wrong}")
        vars(self).update(given)

    def __eq__(self, other: object) -> bool:
        return self._compared() == other._compared() if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._compared())

    def __repr__(self) -> str:
        shown = (f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
        return f"{type(self).__name__}({', '.join(shown)})"

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _compared(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self._names)
