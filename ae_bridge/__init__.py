"""The After Effects side: a delivery becomes a comp.

`aep` writes a new project file from a delivery.json with no After Effects on the machine; `cli` mounts it as
`semrender aep`. `jsx/` holds the tools that check the ExtendScript to come.
May import `shared` (of it `delivery` is the contract) and py_aep; must not import torch or another room.
"""
