"""maya.api.OpenMaya: plug-in registration, callbacks and messages."""

from __future__ import annotations

import itertools
from typing import Any, Callable

commands: dict[str, tuple[Callable[[], Any], Any]] = {}  # registered commands, process-wide by name [facts 2.4]
callbacks: dict[int, tuple[Any, Callable[..., Any]]] = {}
_numbers = itertools.count(1)


class MObject:
    pass


class MGlobal:
    kInteractive = 0
    kBatch = 1
    state = 1

    @staticmethod
    def mayaState() -> int:
        return MGlobal.state


class MSyntax:
    kString = 2

    def __init__(self) -> None:
        self.kinds: list[int] = []

    def addArg(self, kind: int) -> MSyntax:
        self.kinds.append(kind)
        return self


class MArgList:
    values: tuple[str, ...] = ()


class MArgParser:
    def __init__(self, syntax: MSyntax, arguments: MArgList) -> None:
        if len(arguments.values) != len(syntax.kinds):
            raise RuntimeError("wrong number of arguments")
        self.arguments = arguments

    def commandArgumentString(self, index: int) -> str:
        return self.arguments.values[index]


class MPxCommand:
    _syntax: MSyntax

    def __init__(self) -> None: ...

    def doIt(self, arguments: MArgList) -> None:
        raise NotImplementedError

    def syntax(self) -> MSyntax:
        return self._syntax


class MFnPlugin:
    def __init__(self, plugin: MObject, vendor: str = "", version: str = "") -> None: ...

    def registerCommand(
        self, name: str, creator: Callable[[], MPxCommand], syntax: Callable[[], MSyntax] = MSyntax
    ) -> MFnPlugin:
        if name in commands:
            raise RuntimeError(f"Unable to register command {name}")
        commands[name] = (creator, syntax)
        return self

    def deregisterCommand(self, name: str) -> MFnPlugin:
        if name not in commands:
            raise RuntimeError(f"{name} is not registered")
        del commands[name]
        return self


def run(name: str, *arguments: str) -> None:
    """What MEL does with a plug-in's command."""
    creator, syntax = commands[name]
    command = creator()
    command._syntax = syntax()
    given = MArgList()
    given.values = arguments
    command.doIt(given)


class MMessage:
    @staticmethod
    def removeCallback(identity: int) -> None:
        if identity not in callbacks:
            raise RuntimeError("no such callback")
        del callbacks[identity]


def _add(message: Any, function: Callable[..., Any]) -> int:
    number = next(_numbers)
    callbacks[number] = (message, function)
    return number


class MSceneMessage:
    kAfterNew, kAfterOpen, kAfterImport, kAfterCreateReference = 1, 2, 3, 4
    kAfterLoadReference, kAfterUnloadReference, kAfterSave, kMayaExiting = 5, 6, 7, 8

    @staticmethod
    def addCallback(message: int, function: Callable[..., Any]) -> int:
        return _add(message, function)


class MEventMessage:
    names = ["SelectionChanged", "Undo", "Redo", "DagObjectCreated", "NameChanged", "timeChanged"]  # not SetModified

    @staticmethod
    def getEventNames() -> list[str]:
        return list(MEventMessage.names)

    @staticmethod
    def addEventCallback(event: str, function: Callable[..., Any]) -> int:
        return _add(event, function)


def send(message: Any) -> None:
    """Maya tells its news."""
    for wanted, function in list(callbacks.values()):
        if wanted == message:
            function()
