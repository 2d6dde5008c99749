"""maya.cmds of the fake, what has to do with windows and preferences: panels, dialogs, shelves, modules, plug-ins."""

from __future__ import annotations

from maya import windows
from maya.scene import NO, SCENE

answers: list[str] = []  # what the artist will answer to dialogs, first first
dialogs: list[str] = []  # what dialogs said
messages: list[str] = []  # what the viewport said
warnings: list[str] = []  # what the command line said in red and violet


def confirmDialog(*, title, message, button, defaultButton="", cancelButton="", dismissString=""):
    dialogs.append(message)
    return answers.pop(0) if answers else dismissString or button[0]


def inViewMessage(*, assistMessage, position, fade):
    messages.append(assistMessage)


def evalDeferred(action, /, *, lowestPriority=NO):
    windows.deferred.append(action)


def internalVar(*, userAppDir=NO, userShelfDir=NO):
    return f"{windows.shelf_folder().as_posix()}/" if userShelfDir else SCENE.app_dir


def loadModule(*, load):
    SCENE.modules.append(load)
    return [load]


def loadPlugin(name, /, *, quiet=NO):
    from maya import plugins

    return plugins.load(name)


def unloadPlugin(name, /):
    from maya import plugins

    return plugins.unload(name)


def pluginInfo(name, /, *, query=NO, loaded=NO, edit=NO, autoload=NO):
    from maya import plugins

    if edit:
        plugins.autoload[plugins.bare(name)] = autoload
        return None
    return plugins.bare(name) in SCENE.plugins


def optionVar(*, exists="", query="", stringValue=NO, intValue=NO, remove="", list=NO):
    """Preferences: they survive every scene, and are none of the undo queue's business [docs optionVar]."""
    have = SCENE.options
    if exists:
        return exists in have
    if query:
        return have.get(query, 0)
    if list:
        return sorted(have)
    if remove:
        return have.pop(remove, None) is not None
    name, value = stringValue or intValue
    have[name] = str(value) if stringValue else int(value)
    return None


def deleteUI(name, /, *, control=NO, layout=NO):
    tab = name.rpartition("|")[2]
    if layout and tab in windows.shelves:
        windows.delete_tab(tab)
    elif control and name in windows.controls:
        windows.close(name, run_script=False)
    else:
        raise RuntimeError(f"Object '{name}' not found.")


def workspaceControl(
    name,
    /,
    *,
    query=NO,
    edit=NO,
    exists=NO,
    restore=NO,
    label=NO,
    retain=NO,
    floating=NO,
    loadImmediately=NO,
    uiScript=NO,
    closeCommand=NO,
    initialWidth=NO,
    initialHeight=NO,
    minimumWidth=NO,
):
    if query:
        return name in windows.controls
    if edit:
        if name not in windows.controls:
            raise RuntimeError(f"Object '{name}' not found.")
        control = windows.controls[name]
        control.raised += 1
        if not control.filled and windows.restores[0] == "hidden":
            windows.deferred.append(lambda: windows.fill(name))  # it is filled once it has been drawn [open]
        return name
    if name in windows.controls:
        raise RuntimeError(f"Object's name '{name}' is not unique.")
    windows.controls[name] = windows.Control(label, uiScript, closeCommand)
    windows.states[name] = (label, uiScript, closeCommand)
    windows.make(name, initialWidth, initialHeight)
    windows.fill(name)
    return name


def workspaceControlState(name, /, *, query=NO, exists=NO, remove=NO):
    if remove:
        del windows.states[name]
        return None
    return name in windows.states


def shelfLayout(name, /, *, query, exists=NO, childArray=NO):
    if exists:
        return name in windows.shelves
    return list(windows.shelves[name]) or None


def shelfTabLayout(name, /, *, selectTab=NO, query=NO, edit=NO, childArray=NO):
    if name != windows.TOP or windows.kiosk[0] or not windows.up[0]:
        raise RuntimeError(f"Object '{name}' not found.")
    if query:
        return (list(windows.shelves) or None) if childArray else windows.front[0]
    if selectTab not in windows.shelves:
        raise RuntimeError(f"{selectTab} is no shelf")
    windows.show_tab(selectTab)
    return name


def shelfButton(
    name="",
    /,
    *,
    query=NO,
    edit=NO,
    exists=NO,
    parent=NO,
    label=NO,
    annotation=NO,
    image1=NO,
    sourceType=NO,
    command=NO,
    style=NO,
    docTag=NO,
    noDefaultPopup=NO,
):
    if query and exists:
        return windows.button(name) is not None
    if query:
        return windows.button(name)["command" if command else "docTag"]
    if edit:
        found = windows.button(name)
        if found is None:
            raise RuntimeError(f"Object '{name}' not found.")
        found.update(command=command, image1=image1, docTag=docTag)
        return name
    made = f"shelfButton{sum(map(len, windows.shelves.values())) + 1}"
    own = {"label": label, "annotation": annotation, "image1": image1, "sourceType": sourceType, "docTag": docTag}
    windows.shelves[parent][made] = {**own, "command": command, "style": style, "noDefaultPopup": noDefaultPopup}
    return f"{parent}|{made}"
