"""Usd.Stage, Prim, Attribute as far as they are used. What a stage refuses to write is an error [docs]."""

from mayaUsd import lib

from pxr.Tf import ErrorException

BUILT_IN = {
    "DistantLight": {
        "inputs:intensity": 50000.0,
        "inputs:exposure": 0.0,
        "inputs:angle": 0.53,
        "inputs:normalize": False,
    }
}


class Stage:
    def __init__(self, stage):
        self._stage = stage

    def Traverse(self):
        """Every prim but the root, parents first."""
        return [Prim(one) for one in self._stage.root.below()][1:]


class Prim:
    def __init__(self, prim):
        self._prim = prim

    def IsValid(self):
        return self._prim is not None

    def IsInstanceProxy(self):
        return self._prim.instance_proxy

    def GetName(self):
        return self._prim.name

    def GetTypeName(self):
        return self._prim.kind

    def GetPath(self):
        return self._prim.path  # Sdf.Path; str() of it is the text

    def GetAppliedSchemas(self):
        return list(self._prim.schemas)

    def AddAppliedSchema(self, name):
        _edit(self._prim, lambda: self._prim.schemas.append(name), lambda: self._prim.schemas.remove(name))
        return True

    def RemoveAppliedSchema(self, name):
        _edit(self._prim, lambda: self._prim.schemas.remove(name), lambda: self._prim.schemas.append(name))
        return True

    def CreateAttribute(self, name, kind, custom=True):
        self._prim.types.setdefault(name, kind)
        return Attribute(self._prim, name)

    def GetAttribute(self, name):
        return Attribute(self._prim, name)

    def GetPropertiesInNamespace(self, namespace):
        return [Attribute(self._prim, name) for name in self._prim.values if name.startswith(f"{namespace}:")]


class PrimRange(list):
    def __init__(self, prim):
        super().__init__(Prim(one) for one in prim._prim.below())


class Attribute:
    def __init__(self, prim, name):
        self._prim, self._name = prim, name

    def IsValid(self):
        return self._name in self._prim.types

    def GetName(self):
        return self._name

    def Get(self, time=None, /):
        """The value, else what the schema of the prim's type says [docs: UsdLux]."""
        return self._prim.values.get(self._name, BUILT_IN.get(self._prim.kind, {}).get(self._name))

    def Set(self, value):
        assert self._prim.types[self._name] == "token[]" and all(isinstance(one, str) for one in value)
        _put(self._prim, self._name, list(value))
        return True

    def Block(self):
        """No value any more, whatever weaker layers say."""
        _put(self._prim, self._name, None)


def _put(prim, name, value):
    before = prim.values.get(name)
    _edit(prim, lambda: prim.values.__setitem__(name, value), lambda: prim.values.__setitem__(name, before))


def _edit(prim, redo, undo):
    if prim.instance_proxy:
        raise ErrorException(f"Cannot edit the instance proxy {prim.path}")
    if not prim.stage.editable:
        raise ErrorException(  # [run: OpenUSD 26.11]
            "\n\tError in 'pxr::SdfLayer::SetField' at line 3955 in file /opt/USD/pxr/usd/sdf/layer.cpp : "
            f"'Cannot set apiSchemas on <{prim.path}>. Layer @set.usda@ is not editable.'"
        )
    redo()
    if lib.open_blocks:
        lib.edits.append((redo, undo))
