"""The After Effects side: a delivery becomes a comp.

`aep` writes a new project file from a delivery.json with no After Effects on the machine, `moving` its cameras and
nulls, `sounding` its sound; `comments` puts its tags where After Effects has them. For After Effects itself: `jsx/` is
the ExtendScript (core, panel, headless, probe), `build` makes one script of it, `install` puts the panel in its place,
`package` an archive for machines without Python, `inbox` is the lists of deliveries, `starter` what *Start Server*
opens, `doorway` the panel's line to the server with `again`, `headless` a run without a person by `program`, `split`
one EXR a pass. `cli` mounts all of it as `semrender aep` and `semrender ae`.
`others/`, which knows none of this, makes of a delivery what other programs open.
May import `shared` (of it `delivery` is the contract) and py_aep; must not import torch or another room.
"""
