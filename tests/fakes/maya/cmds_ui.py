"""maya.cmds of the fake, what has to do with windows and preferences: panels, dialogs, shelves, modules, plug-ins."""

from __future__ import annotations

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
