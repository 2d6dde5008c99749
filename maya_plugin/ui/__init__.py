"""The panel: Qt widgets that talk to a `Services` object and to plain data of `core`.

May import Qt (through `qt`, nowhere else directly), `maya_plugin.core` and `shared`'s Maya-safe part; no maya, no
sockets. Runs under PySide2 5.15 (Python 3.9) and PySide6.
"""
