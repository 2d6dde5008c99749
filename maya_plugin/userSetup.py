"""Maya runs this at its start, with everybody else's: it loads the plug-in in a Maya with a window, when that is up.

SEMRENDER_AUTOLOAD=0 in the environment keeps it from doing so; the Plug-in Manager then loads it.
"""

from __future__ import annotations


def load_semrender() -> None:
    import os

    from maya import cmds

    if cmds.about(batch=True) or os.environ.get("SEMRENDER_AUTOLOAD") == "0":
        return

    def load() -> None:  # names out here are those of all user setups together
        try:
            if not cmds.pluginInfo("semrender_plugin", query=True, loaded=True):
                cmds.loadPlugin("semrender_plugin")
        except Exception as error:  # whatever is wrong with us, Maya's start goes on
            print(f"semrender was not loaded: {error}")

    cmds.evalDeferred(load, lowestPriority=True)


try:
    load_semrender()
except Exception as error:
    print(f"semrender was not loaded: {error}")
del load_semrender
