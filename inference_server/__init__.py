"""The inference server: a room per process, and rooms for what the worker's process is made of.

`broker/` accepts, keeps and hands out; `worker/` owns a device and takes a frame from its passes to its files;
`models/` paints, `stability/` is what is done around the models, `motion/` follows and reads people, `datasets/` makes
sets of pictures, `provenance/` says what was changed; `farm/` is a shot on several machines; `training/` makes models
and is never imported by serving; `commands/` runs in the process of whoever types, `desk/` is a page in the browser.
The files here are what two of these rooms have in common.
May import `shared`; must not import maya, Qt or `ae_bridge`.
"""
