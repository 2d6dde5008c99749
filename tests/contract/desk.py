"""What nobody here knows of Maya's desk: preferences, shelves, trust, windows."""

from __future__ import annotations

from typing import Any

from maya import cmds

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
