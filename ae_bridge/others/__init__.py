"""A delivery in programs other than After Effects: one file a program, and none of them is needed here.

`stack` is what a comp is in any of them; `timeline` writes OpenTimelineIO (Resolve, Hiero, Premiere by an adapter),
`nuke` a Nuke script, `blender` a script that builds the comp (`in_blender` is its text: the only file that knows bpy,
and nothing here imports it) or has Blender build it. `writing` puts what they make on disk, `cli` mounts them as
`semrender timeline`, `nuke` and `blender`.
May import `shared`; must not import py_aep or the rest of the bridge.
"""
