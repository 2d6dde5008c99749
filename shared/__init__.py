"""What two rooms use: label sets, pass decoding, shot and delivery descriptions, protocol, client.

`command` is what every room's commands have in common. May import numpy, cv2, OpenEXR, OpenImageIO, Pillow, fileseq,
zmq, msgpack; never torch, Qt, maya or SQLite. What Maya imports of it is listed in pyproject.toml and is
Maya-safe: Python 3.9, standard library, zmq and msgpack only.
"""
