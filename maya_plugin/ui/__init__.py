"""The panel: Qt widgets that talk to a `Services` object and to plain data of `core`.

May import Qt (through `qt`, nowhere else directly), `maya_plugin.core` and `shared`'s Maya-safe part; no maya, no
sockets. Runs under PySide2 5.15 (Python 3.9) and PySide6. Docked, the panel is part of the host's main window: no
mnemonics, and shortcuts only while the panel has the focus, or they would take the host's own keys.
"""
