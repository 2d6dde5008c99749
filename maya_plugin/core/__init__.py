"""What the plug-in knows without Maya: rules, names, plans, words. Pure functions on plain data.

`contract` is what the user interface may ask of the host. May import `shared`'s Maya-safe part and the standard
library; no maya, no Qt. Runs on Python 3.9.
"""
