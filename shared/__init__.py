"""What two rooms use: label sets, pass decoding, shot and delivery descriptions, protocol, client.

May import numpy, cv2, OpenEXR, Pillow, fileseq, zmq, msgpack; never torch, Qt, maya or SQLite. The modules
errors, places, label_set, label_code, shot, delivery, protocol and client are Maya-safe: Python 3.9,
standard library, zmq and msgpack only.
"""
