"""The only code of the project that imports maya. Plain data in and out; implements `core.contract.Host`.

May import maya, `maya_plugin.core`, `shared`'s Maya-safe part and the standard library; no Qt. Python 3.9.
"""
