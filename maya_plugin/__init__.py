"""The Maya side: classes on objects, label-pass rendering, panel, shelf, installer.

Three rings: `core` (no maya, no Qt), `host` (the only one that imports maya), `ui` (Qt only, talks to `core.contract`).
`semrender_plugin.py` is what Maya loads. May import the Maya-safe part of `shared` (pyproject.toml lists it),
maya, Qt, zmq and msgpack; runs on Python 3.9. `cli` and `build` run outside Maya.
"""

VERSION = "0.1.0"
