"""maya.cmds of the fake, what has to do with windows and preferences: panels, dialogs, shelves, modules, plug-ins."""

from __future__ import annotations

from maya import windows
from maya.scene import NO, SCENE

answers: list[str] = []  # what the artist will answer to dialogs, first first
dialogs: list[str] = []  # what dialogs said
messages: list[str] = []  # what the viewport said


def confirmDialog(*, title, message, button, defaultButton="", cancelButton="", dismissString=""):
    dialogs.append(message)
    return answers.pop(0) if answers else dismissString or button[0]


def inViewMessage(*, assistMessage, position, fade):
    messages.append(assistMessage)


def internalVar(*, userAppDir):
    return SCENE.app_dir


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
    if layout and name in windows.shelves:
        del windows.shelves[name]
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
    requiredPlugin=NO,
    checksPlugins=NO,
    initialWidth=NO,
    initialHeight=NO,
    minimumWidth=NO,
):
    if query:
        return name in windows.controls
    if edit:
        if name not in windows.controls:
            raise RuntimeError(f"Object '{name}' not found.")
        windows.controls[name].raised += 1
        return name
    if name in windows.controls:
        raise RuntimeError(f"Object's name '{name}' is not unique.")
    if checksPlugins and requiredPlugin not in SCENE.plugins:
        raise RuntimeError(f"Plug-in {requiredPlugin} is not loaded")
    windows.controls[name] = windows.Control(label, uiScript, closeCommand)
    windows.fill(name, initialWidth, initialHeight)
    return name


def shelfLayout(name, /, *, query=NO, exists=NO, childArray=NO, parent=NO):
    if query and exists:
        return name in windows.shelves
    if query:
        return list(windows.shelves[name]) or None
    if name in windows.shelves:
        raise RuntimeError(f"Object's name '{name}' is not unique.")
    assert parent == windows.TOP
    windows.shelves[name] = {}
    windows.front[0] = name
    return name


def shelfTabLayout(name, /, *, selectTab, query=NO, edit=NO):
    if name != windows.TOP:
        raise RuntimeError(f"Object '{name}' not found.")
    if query:
        return windows.front[0]
    if selectTab not in windows.shelves:
        raise RuntimeError(f"{selectTab} is no shelf")
    windows.front[0] = selectTab
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
        return windows.button(name)["docTag"]
    if edit:
        found = windows.button(name)
        if found is None:
            raise RuntimeError(f"Object '{name}' not found.")
        found.update(command=command, image1=image1)
        return name
    made = f"shelfButton{sum(map(len, windows.shelves.values())) + 1}"
    own = {"label": label, "annotation": annotation, "image1": image1, "sourceType": sourceType, "docTag": docTag}
    windows.shelves[parent][made] = {**own, "command": command, "style": style, "noDefaultPopup": noDefaultPopup}
    return f"{parent}|{made}"
