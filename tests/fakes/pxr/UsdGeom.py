"""UsdGeom.XformCache and Imageable as far as they are used: rotations about x, y, z, and what is invisible."""

from maya import raster


class XformCache:
    def __init__(self, time, /):
        self._time = time

    def GetLocalToWorldTransform(self, prim, /):
        made = raster.matrix((0, 0, 0), (0, 0, 0), (1, 1, 1))
        for one in _down_to(prim._prim):
            turn = one.values.get("xformOp:rotateXYZ", (0, 0, 0))
            made = raster.product(raster.matrix((0, 0, 0), turn, (1, 1, 1)), made)
        return Matrix(made)


class Matrix:
    """Gf.Matrix4d: rows, for row vectors [docs]."""

    def __init__(self, rows):
        self._rows = rows

    def GetRow(self, number, /):
        return tuple(self._rows[number])


class Imageable:
    def __init__(self, prim, /):
        self._prim = prim._prim

    def ComputeVisibility(self, time, /):
        """ "invisible" of all that is below something invisible [docs]."""
        said = [one.values.get("visibility") for one in _down_to(self._prim)]
        return "invisible" if "invisible" in said else "inherited"


def _down_to(prim):
    """The prims from the root's children to this one."""
    return [one for one in prim.stage.root.below() if one.path != "/" and f"{prim.path}/".startswith(f"{one.path}/")]
