"""The inference server: broker, workers, models.

`broker` (one process, never torch, never an image) hands tasks to `worker` processes, one per device; a
worker decodes strictly, paints with a model from `models/` and writes with `outputs`. `cards` describes
models without torch, `carry` brings the classes of any label set to them, `take` keeps what was delivered.
`training/` makes models and is never imported by serving.
May import `shared` and torch; must not import maya, Qt or `ae_bridge`.
"""
