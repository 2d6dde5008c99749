"""What Maya runs when it restores the panel at its start: it loads the plug-in and never fails.

Maya runs it as it kept it, whatever has become of the plug-in; what stays empty is filled by the shelf button.
"""

from __future__ import annotations

import logging

from maya_plugin.host import plugin


def fill() -> None:
    """Fill the control that Maya has just made."""
    try:
        plugin.load()
        from maya_plugin import interactive

        interactive.fill()
    except Exception as error:  # Maya's start goes on
        logging.getLogger("semrender").warning("the panel was not restored: %s", error)
