"""What nobody here knows of Maya's desk: preferences, shelves, trust, windows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maya import cmds, mel
from maya.api import OpenMaya

from maya_plugin.core import color_spaces
from maya_plugin.host import callbacks
from tests.contract.asking import check, question


@check
def an_option_of_ours_is_a_text_and_none_is_zero() -> None:
    assert cmds.optionVar(query="semrenderProbe") == 0 and not cmds.optionVar(exists="semrenderProbe")
    cmds.optionVar(stringValue=("semrenderProbe", '{"a": 1}'))
    assert cmds.optionVar(query="semrenderProbe") == '{"a": 1}'
    cmds.optionVar(remove="semrenderProbe")
    assert not cmds.optionVar(exists="semrenderProbe")


@question
def which_maya_this_is() -> dict[str, Any]:
    """Maya LT and Maya Creative are told by their product's name."""
    return {"product": cmds.about(product=True), "version": cmds.about(version=True), "batch": cmds.about(batch=True)}


@question
def colour_spaces_of_paintings() -> dict[str, Any]:
    """The names that are taken, "" where none of the known ones is there, and all that there are."""
    names = cmds.colorManagementPrefs(query=True, inputSpaceNames=True) or []
    return {"taken": {color: color_spaces.named(color, names) for color in color_spaces.NAMES}, "all": list(names)}


@question
def which_news_there_are() -> dict[str, bool]:
    """SetModified would tell of members that were taken out of a set by hand."""
    known = OpenMaya.MEventMessage.getEventNames()
    return {name: name in known for name in callbacks.CHANGES}


@question
def what_maya_keeps_of_shelves() -> dict[str, Any]:
    """Whether tabs and their table agree, and whether a saved shelf has docTag; no name of anybody's shelf is told."""
    top = mel.eval("$semrenderTop = $gShelfTopLevel") if not cmds.about(batch=True) else ""
    tabs = (cmds.shelfTabLayout(top, query=True, childArray=True) or []) if top else []
    rows = [cmds.optionVar(query=f"shelfName{number + 1}") for number in range(len(tabs))]
    files = [file for file in Path(cmds.internalVar(userShelfDir=True)).glob("shelf_*.mel") if file.is_file()]
    tagged = sum("-docTag" in file.read_text("utf-8", "replace") for file in files)
    return {"tabs": len(tabs), "rows agree": rows == tabs, "files": len(files), "with docTag": tagged}


@question
def how_many_locations_are_trusted() -> int:
    """Of the list of secure loading, by which a plug-in is loaded without a question."""
    listed = cmds.optionVar(query="SafeModeAllowedlistPaths") or []
    return 1 if isinstance(listed, str) else len(listed)
