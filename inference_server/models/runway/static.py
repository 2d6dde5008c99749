"""What a `runway_model.py` takes and makes, read from its text: not a line of it is run.

Its decorators are evaluated with what can be known from text: plain values, names given at the top of the file, tables
from files beside it, and the types of the Model SDK. What cannot is named, and known when the model runs.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from inference_server.models.runway.shim import runway as sdk
from inference_server.models.runway.shim.runway import data_types, exceptions
from shared.errors import InputRefused, MissingInput
from shared.values import Value

FILE = "runway_model.py"
MAX_FILE = 2**20  # bytes
DEEPEST = 3  # files that name one another
MOST = 4096  # values of a table or list
LARGEST = 10**12
OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
WITHIN = ""  # a name that is none: in a comprehension
OF_RUNWAY = object()  # the module itself, under whichever name


class Unknown(Exception):
    """It is not to be known from the text."""


class Declared(Value):
    """What a model says of itself, as `runway.Declared.describe` has it.

    keeps: names that its functions give new values to, so that a frame may depend on the one before; unread: what only
    running it would tell.
    """

    options: Mapping[str, Any]
    commands: Mapping[str, Any]
    keeps: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def read(folder: Path, file: str = FILE) -> Declared:
    """Raises MissingInput where there is no such file, InputRefused where it is no Python."""
    tree = _parsed(folder / file)
    names = _names(folder, tree, 0)
    options: dict[str, Any] = {}
    commands: dict[str, Any] = {}
    unread: list[str] = []
    for function, call in _decorated(tree):
        which = _sdk_name(call.func if isinstance(call, ast.Call) else call, names)
        given = _arguments(call)
        if which == "setup" and "options" in given:
            options, more = _fields(given["options"], names)
            unread += [f"the option {name}" if name else "the options" for name in more]
        elif which == "command":
            try:
                name = str(_value(given["name"], names))
            except (Unknown, KeyError):
                unread.append(f"the name of the command of {function.name}()")
                continue
            sides = {}
            for side in ("inputs", "outputs"):
                sides[side], more = _fields(given[side], names) if side in given else ({}, [""])
                unread += [f"{side[:-1]} {one} of {name}" if one else f"the {side} of {name}" for one in more]
            text = _text(given.get("description"), names) or ast.get_docstring(function) or ""
            commands[name] = {**sides, "description": text}
    if not commands and not unread:
        raise InputRefused(
            "the file declares no command of runway", file=folder / file, remedy="Name the file that does with --file"
        )
    return Declared(options, commands, tuple(_kept(tree)), tuple(unread))


def _parsed(file: Path) -> ast.Module:
    try:
        if file.stat().st_size > MAX_FILE:
            raise InputRefused("the file is too large for a model's", file=file)
        return ast.parse(file.read_bytes())
    except OSError as error:
        raise MissingInput("there is no model of RunwayML here", file=file, cause=error.strerror or "") from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        cause = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else str(error)
        raise InputRefused("the file is no Python", file=file, cause=cause) from error


def _names(folder: Path, tree: ast.Module, depth: int) -> dict[str, Any]:
    """The names at the top of a file whose values can be known."""
    names: dict[str, Any] = {}
    for step in tree.body:
        if isinstance(step, ast.Import):
            names.update({one.asname or one.name: OF_RUNWAY for one in step.names if one.name == "runway"})
        elif isinstance(step, ast.ImportFrom):
            names.update(_imported(folder, step, depth))
        elif isinstance(step, (ast.Assign, ast.AnnAssign)) and step.value is not None:
            targets = step.targets if isinstance(step, ast.Assign) else [step.target]
            for target in targets:
                _assign(target, step.value, names)
    return names


def _assign(target: ast.expr, value: ast.expr, names: dict[str, Any]) -> None:
    """A name, or an entry of a table that is known; a table that becomes unknown in part is unknown."""
    whole = target.value if isinstance(target, ast.Subscript) else target
    if not isinstance(whole, ast.Name):
        return
    try:
        if isinstance(target, ast.Subscript):
            names[whole.id] = _bounded({**names[whole.id], _value(target.slice, names): _value(value, names)})
        else:
            names[whole.id] = _bounded(_value(value, names))
    except (Unknown, KeyError, TypeError):
        names.pop(whole.id, None)


def _imported(folder: Path, step: ast.ImportFrom, depth: int) -> dict[str, Any]:
    """What is known of names from a file beside, or from the Model SDK."""
    module = step.module or ""
    everything = [one.name for one in step.names] == ["*"]
    if module in ("runway", "runway.data_types"):
        if everything:
            return {name: _of_sdk(name) for name in (sdk.__all__ if module == "runway" else data_types.TYPES)}
        return {one.asname or one.name: _of_sdk(one.name) for one in step.names if hasattr(sdk, one.name)}
    file = folder.joinpath(*module.split(".")).with_suffix(".py")
    if depth >= DEEPEST or not module or not file.is_file() or not file.resolve().is_relative_to(folder.resolve()):
        return {}
    try:
        found = _names(folder, _parsed(file), depth + 1)
    except InputRefused:
        return {}
    return found if everything else {one.asname or one.name: found[one.name] for one in step.names if one.name in found}


def _of_sdk(name: str) -> Any:
    if name == "data_types":
        return OF_RUNWAY
    return data_types.TYPES.get(name, getattr(sdk, name, None))


def _decorated(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, ast.expr]]:
    for step in ast.walk(tree):
        if isinstance(step, ast.FunctionDef):
            for decorator in step.decorator_list:
                yield step, decorator


def _sdk_name(what: ast.expr, names: Mapping[str, Any]) -> str:
    """ "setup" or "command" where a decorator is that of the Model SDK."""
    for name in ("setup", "command"):
        try:
            if _value(what, names) is getattr(sdk, name):
                return name
        except Unknown:
            continue
    return ""


def _arguments(call: ast.expr) -> dict[str, ast.expr]:
    if not isinstance(call, ast.Call):
        return {}
    order = ("name", "inputs", "outputs", "description")
    return {**dict(zip(order, call.args, strict=False)), **{one.arg: one.value for one in call.keywords if one.arg}}


def _fields(what: ast.expr, names: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Fields as plain data, and the names of those that cannot be read; "" for all of them."""
    if isinstance(what, ast.Dict) and all(isinstance(key, ast.Constant) for key in what.keys):
        found, unread = {}, []
        for key, one in zip(what.keys, what.values, strict=True):
            assert isinstance(key, ast.Constant)
            try:
                found[str(key.value)] = data_types.made(_value(one, names)).describe()
            except (Unknown, exceptions.RunwayError):
                unread.append(str(key.value))
        return found, unread
    try:
        return data_types.describe(data_types.named(_value(what, names))), []
    except (Unknown, exceptions.RunwayError, TypeError, ValueError):
        return {}, [""]


def _text(what: ast.expr | None, names: Mapping[str, Any]) -> str:
    try:
        return "" if what is None else str(_value(what, names))
    except Unknown:
        return ""


def _value(what: ast.AST, names: Mapping[str, Any]) -> Any:
    """Raises Unknown."""
    try:
        return _evaluated(what, names)
    except Unknown:
        raise
    except (exceptions.RunwayError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise Unknown(str(error)) from error


def _evaluated(what: ast.AST, names: Mapping[str, Any]) -> Any:
    match what:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return names[name]
        case ast.Attribute(value=inner, attr=name):
            if _evaluated(inner, names) is OF_RUNWAY:
                return _of_sdk(name)
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return {
                _evaluated(key, names): _evaluated(one, names) for key, one in zip(keys, values, strict=True) if key
            }
        case ast.List(elts=parts):
            return [_evaluated(one, names) for one in parts]
        case ast.Tuple(elts=parts):
            return tuple(_evaluated(one, names) for one in parts)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_evaluated(inner, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            sides = _evaluated(left, names), _evaluated(right, names)
            if all(isinstance(side, (int, float)) and abs(side) < LARGEST for side in sides) or (
                isinstance(op, ast.Add) and all(isinstance(side, (str, list)) for side in sides)
            ):
                return OPERATORS[type(op)](*sides)
        case ast.Subscript(value=inner, slice=key):
            return _evaluated(inner, names)[_evaluated(key, names)]
        case ast.Call(func=called, args=values, keywords=named):
            return _called(called, [_evaluated(one, names) for one in values], named, names)
        case ast.DictComp(key=key, value=value, generators=[one]):
            return {_evaluated(key, scope): _evaluated(value, scope) for scope in _scopes(one, names)}
        case ast.ListComp(elt=element, generators=[one]):
            return [_evaluated(element, scope) for scope in _scopes(one, names)]
    raise Unknown(ast.dump(what)[:100])


def _called(called: ast.expr, values: list[Any], named: list[ast.keyword], names: Mapping[str, Any]) -> Any:
    """A type of the Model SDK, the views of a table, or a few of Python's own."""
    arguments = {one.arg: _evaluated(one.value, names) for one in named if one.arg}
    if len(arguments) < len(named):
        raise Unknown("** of a table")
    if isinstance(called, ast.Attribute) and called.attr in ("items", "keys", "values") and not values:
        table = _evaluated(called.value, names)
        if isinstance(table, dict):
            return list(getattr(table, called.attr)())
    if isinstance(called, ast.Name) and called.id not in names:
        if called.id == "range" and all(isinstance(one, int) and abs(one) <= MOST for one in values):
            return list(range(*values))
        if called.id in ("list", "tuple", "dict", "sorted", "enumerate", "zip", "str", "len", "float", "int"):
            plain: Any = {"enumerate": lambda *v: list(enumerate(*v)), "zip": lambda *v: list(zip(*v, strict=False))}
            made = plain.get(called.id) or getattr(__import__("builtins"), called.id)
            return made(*values, **arguments)
    kind = _evaluated(called, names)
    if isinstance(kind, type) and issubclass(kind, data_types.BaseType):
        return kind(*_bounded(values), **_bounded(arguments))
    raise Unknown("a call")


def _bounded(value: Any) -> Any:
    """The value, unless it is a table of tables of ... that would never be written out. Raises Unknown."""
    left, waiting = MOST * 4, [value]
    while waiting:
        one, left = waiting.pop(), left - 1
        waiting += (
            [*one.keys(), *one.values()] if isinstance(one, dict) else one if isinstance(one, (list, tuple)) else []
        )
        if left - len(waiting) < 0:
            raise Unknown("a very long table")
    return value


def _scopes(one: ast.comprehension, names: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The names within a comprehension, for each of what it goes through."""
    if WITHIN in names:
        raise Unknown("a loop in a loop")
    through = _evaluated(one.iter, names)
    if one.ifs or not isinstance(through, (list, tuple, dict)) or len(through) > MOST:
        raise Unknown("a loop")
    for item in through:
        if isinstance(one.target, ast.Name):
            yield {**names, one.target.id: item, WITHIN: True}
        elif isinstance(one.target, ast.Tuple) and all(isinstance(part, ast.Name) for part in one.target.elts):
            inner = [part.id for part in one.target.elts if isinstance(part, ast.Name)]
            yield {**names, **dict(zip(inner, item, strict=True)), WITHIN: True}
        else:
            raise Unknown("a target")


def _kept(tree: ast.Module) -> list[str]:
    """Names that functions other than the setup declare as global."""
    found: dict[str, None] = {}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and not any("setup" in ast.dump(d) for d in function.decorator_list):
            for step in ast.walk(function):
                if isinstance(step, ast.Global):
                    found.update(dict.fromkeys(step.names))
    return list(found)
