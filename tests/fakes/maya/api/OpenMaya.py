"""maya.api.OpenMaya: plug-in registration, callbacks and messages."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Callable

from maya import renderers
from maya.scene import SCENE

commands: dict[str, tuple[Callable[[], Any], Any]] = {}  # registered commands, process-wide by name [facts 2.4]
callbacks: dict[int, tuple[Any, Callable[..., Any]]] = {}
_numbers = itertools.count(1)


class MObject:
    node: Any = None  # of the fake's scene


class MColor:
    def __init__(self, values: Sequence[float]) -> None:
        self.values = tuple(values)


class MPoint:
    def __init__(self, x: float, y: float, z: float) -> None:
        self.x, self.y, self.z = x, y, z


class MPointArray(list):
    pass


class MIntArray(list):
    pass


class MUintArray(list):
    pass


class MTime:
    """A time in a unit; what a number alone means is the unit of the constructor, seconds unasked [docs]."""

    kSeconds = 1
    kUi = 99  # stands for the scene's

    def __init__(self, value: float, unit: int = 1) -> None:
        self.value, self.unit = value, unit

    @staticmethod
    def uiUnit() -> int:
        return MTime.kUi

    def asUnits(self, unit: int) -> float:
        assert unit == MTime.kUi
        return self._frames()

    def _frames(self) -> float:
        """In frames of the scene."""
        from maya import cmds_keys

        by = cmds_keys.rate(SCENE.time_unit)
        return cmds_keys.ticked(Fraction(self.value) * (1 if self.unit == MTime.kUi else by), by)


class MTimeArray(list):
    pass


class MDoubleArray(list):
    pass


class MNamespace:
    """Not undoable, and no command [BEHAVIOURS]."""

    @staticmethod
    def addNamespace(name: str) -> None:
        SCENE.namespaces.add(name.strip(":"))

    @staticmethod
    def currentNamespace() -> str:
        return f":{SCENE.namespace}"

    @staticmethod
    def namespaceExists(name: str) -> bool:
        return name.strip(":") in {"", *SCENE.namespaces}

    @staticmethod
    def setCurrentNamespace(name: str) -> None:
        if not MNamespace.namespaceExists(name):
            raise RuntimeError("(kInvalidParameter): Namespace does not exist")
        SCENE.namespace = name.strip(":")


class MSpace:
    kWorld = 4


class MDagPath:
    path: Any = None  # of the fake's scene

    @classmethod
    def _of(cls, path: Any) -> MDagPath:
        made = cls()
        made.path = path
        return made

    def fullPathName(self) -> str:
        return SCENE.full(self.path)

    def node(self) -> MObject:
        found = MObject()
        found.node = self.path[-1]
        return found

    def isInstanced(self) -> bool:
        return len(SCENE.paths(self.path[-1])) > 1

    @staticmethod
    def getAllPathsTo(node: MObject, /) -> list[MDagPath]:
        return [MDagPath._of(path) for path in SCENE.paths(node.node)]


class MSelectionList:
    """Whole nodes by their path: faces that are put in are no help, an object set draws the whole [BEHAVIOURS]."""

    def __init__(self) -> None:
        self.paths: list[Any] = []

    def add(self, name: str) -> MSelectionList:
        found = SCENE.find(name)
        if not found:
            raise RuntimeError("(kInvalidParameter): Object does not exist")
        self.paths += found
        return self

    def length(self) -> int:
        return len(self.paths)

    def getDependNode(self, index: int) -> MObject:
        found = MObject()
        found.node = self.paths[index][-1]
        return found

    def getDagPath(self, index: int) -> MDagPath:
        return MDagPath._of(self.paths[index])


class MFnMesh:
    def __init__(self, path: MDagPath) -> None:
        if path.path[-1].kind != "mesh":
            raise RuntimeError("(kInvalidParameter): Object is incompatible with this method")
        self._path = path.path

    @property
    def numPolygons(self) -> int:
        return len(self._path[-1].faces)

    @property
    def numVertices(self) -> int:
        return len(self._path[-1].points)

    def getPoints(self, space: int) -> MPointArray:
        assert space == MSpace.kWorld
        return MPointArray(MPoint(*point) for point in renderers.world_points(SCENE, self._path))

    def getTriangles(self) -> tuple[MIntArray, MIntArray]:
        faces = self._path[-1].faces
        corners = [one for face in faces for b, c in zip(face[1:], face[2:]) for one in (face[0], b, c)]
        return MIntArray(len(face) - 2 for face in faces), MIntArray(corners)


class MGlobal:
    kInteractive = 0
    kBatch = 1
    state = 1

    @staticmethod
    def mayaState() -> int:
        return MGlobal.state


class MSyntax:
    kLong = 1
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

    def commandArgumentInt(self, index: int) -> int:
        return int(self.arguments.values[index])


class MPxCommand:
    _syntax: MSyntax

    def __init__(self) -> None: ...

    def doIt(self, arguments: MArgList) -> None:
        raise NotImplementedError

    def isUndoable(self) -> bool:
        return False

    def undoIt(self) -> None:
        raise NotImplementedError

    def redoIt(self) -> None:
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
    SCENE.begin(name)
    try:
        command.doIt(given)
        if command.isUndoable() and SCENE.recording and SCENE._entry is not None:
            SCENE._entry.append((command.redoIt, command.undoIt))
    finally:
        SCENE.end()


def is_in_the_queue(name: str) -> bool:
    """Whether a command that can be undone was made by a plug-in's class of this name."""
    creator = commands[name][0]
    return any(
        isinstance(getattr(step, "__self__", None), creator)  # type: ignore[arg-type]
        for _, entry in (*SCENE.undo_queue, *SCENE.redo_queue)
        for pair in entry
        for step in pair
    )


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
    kBeforeSave, kBeforeExport, kAfterExport = 9, 10, 11

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
