"""A strict fake of Maya: what it does not know it refuses, as Maya refuses it.

`scene` is the state with its undo queue, `cmds` a thin adaptor that has exactly the flags of typings/maya/cmds.pyi
(stubtest compares them), `raster` and `renderers` draw pictures that a forgotten setting soils. Standard library only,
Python 3.9. Where a behaviour is taken from is said at the behaviour: [docs] Autodesk's command reference, [facts N] a
section of facts/maya.md, [open] assumed until tools/maya_probe.py has run in a real Maya; BEHAVIOURS.md lists them.
"""
