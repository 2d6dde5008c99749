"""Checks of the panel, run by `test_panel.py` in a process of its own per Qt binding: never Qt and cv2 in one process.

Python 3.9; standard library, pytest, Qt, zmq and msgpack only.
"""
