"""The Maya side: classes on objects, label-pass rendering, panel, shelf, installer.

Not built yet. May import the Maya-safe part of `shared` (errors, places, label_set, label_code, shot, delivery,
protocol, client), maya, Qt, zmq and msgpack; runs on Python 3.9.
"""
