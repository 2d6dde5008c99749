"""What some models need beside the passes: on what ground a face is changed, and the sound that a mouth follows."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from maya_plugin.core.cards import read_models
from maya_plugin.core.contract import BatchCommand, Sound
from tests.maya_plugin.in_qt import desk

COMMAND = BatchCommand(("maya",), {}, "request.json", "maya.log", "It takes a licence", "events.jsonl")
FACE = {
    "name": "face",
    "title": "Face",
    "licence": "free",
    "options": [],
    "inputs": {"picture": {"needed": True}, "audio": {"needed": True}},
    "makes": {"kind": "pictures", "likeness": True},
}
PLAIN = {**FACE, "name": "plain", "title": "Plain", "inputs": {"picture": {"needed": True}}, "makes": {}}


@pytest.fixture
def panel(tmp_path):
    with desk.panel_on(tmp_path) as made:
        made.pages.setCurrentWidget(made.paint)
        show_models(made)
        made.host.heard = Sound("/show/voice.wav", 5)
        yield made


def show_models(panel):
    panel._told(read_models({"models": [FACE, PLAIN], "broken": {}, "default": "face"}))


def said(panel):
    return panel.messages.words.text() if panel.messages.isVisibleTo(panel) else ""


def asked(panel, monkeypatch, button="frame_button"):
    """The request that a press makes; None where it is refused."""
    found = []
    monkeypatch.setattr(panel.host, "render_preview", lambda request: found.append(request))
    monkeypatch.setattr(panel.host, "prepare_shot", lambda request: found.append(request) or COMMAND)
    monkeypatch.setattr(panel.services, "confirm", lambda *_: False)
    panel.host.pick("*")
    panel.class_actions.assign(1)
    panel.messages.hide()
    getattr(panel.paint, button).click()
    desk.spin(120)
    return found[0] if found else None


def choose(page, name):
    page.consent.basis.setCurrentIndex(page.consent.basis.findData(name))


def shown(page):
    return [name for name, edit in page.consent.said.items() if edit.isVisibleTo(page)]


@pytest.mark.parametrize("button", ["frame_button", "shot_button", "farm_button"])
def test_a_face_is_not_changed_until_somebody_says_on_what_ground(panel, monkeypatch, button):
    page = panel.paint
    assert page.consent.isVisibleTo(page) and page.consent.consent() == {} and shown(page) == []
    assert asked(panel, monkeypatch, button) is None, "before anything is rendered"
    assert "Face changes somebody&#x27;s face, and nobody says on what ground" in said(panel).replace("'", "&#x27;")
    choose(page, "written-release")
    assert shown(page) == ["who", "purpose", "reference"]
    larger = panel.fontMetrics().height() / 14
    assert panel.minimumSizeHint().width() <= 400 * larger, "as narrow as the channel box"
    page.consent.said["who"].setText("Eileen")
    assert asked(panel, monkeypatch, button) is None and "“What for” is empty" in said(panel)
    page.consent.said["purpose"].setText("a test")
    assert asked(panel, monkeypatch, button) is None and "“Where the release is” is empty" in said(panel)
    page.consent.said["reference"].setText("file 12")
    told = {"basis": "written-release", "who": "Eileen", "purpose": "a test", "reference": "file 12"}
    request = asked(panel, monkeypatch, button)
    assert request.consent == told and request.picture and request.audio == "/show/voice.wav"
    choose(page, "own-likeness")
    assert shown(page) == ["who", "purpose"]
    assert "reference" not in asked(panel, monkeypatch, button).consent, "what is not asked for is not said"
    choose(page, "synthetic-or-fictional")
    assert shown(page) == [] and asked(panel, monkeypatch, button).consent == {"basis": "synthetic-or-fictional"}


def test_what_was_said_is_kept_with_the_scene_and_only_for_models_that_need_it(panel, monkeypatch):
    page = panel.paint
    choose(page, "own-likeness")
    page.consent.said["who"].setText("me")
    panel.paint_actions._keep(page.choices())
    json.dumps(dict(panel.host.remembered()))
    with desk.panel_on(None, host=panel.host) as other:
        show_models(other)
        assert other.paint.consent.consent() == {"basis": "own-likeness", "who": "me"}
        other.paint.model.setCurrentIndex(other.paint.model.findData("plain"))
        other.paint.model.activated.emit(other.paint.model.currentIndex())
        assert not other.paint.consent.isVisibleTo(other.paint) and not other.paint.sound.isVisibleTo(other.paint)
        request = asked(other, monkeypatch)
        assert request.consent == {} and request.audio == "" and request.model == "plain"


def test_the_sound_is_that_of_the_time_slider_or_a_file(panel, monkeypatch):
    page = panel.paint
    choose(page, "synthetic-or-fictional")
    request = asked(panel, monkeypatch, "shot_button")
    assert (request.audio, request.audio_start) == ("/show/voice.wav", 5)
    panel.services.file_to_open = lambda *_: "/show/dub.wav"
    page.choose_sound.emit()
    panel.host.present = replace(panel.host.present, slider=(1001, 1010))
    panel._look_again()
    request = asked(panel, monkeypatch, "shot_button")
    assert (request.audio, request.audio_start) == ("/show/dub.wav", 1001)
    page.sound.file.clear()
    panel.host.heard = None
    assert asked(panel, monkeypatch) is None and "needs a sound" in said(panel)


def test_words_of_the_grounds_are_those_of_the_desk():
    """One product asks in one way."""
    from maya_plugin.core.likeness import FIELDS, GROUNDS

    text = (Path(__file__).parents[3] / "inference_server" / "desk" / "static" / "js" / "words.js").read_text("utf-8")
    for words in (*GROUNDS.values(), *(title for title, _ in FIELDS.values())):
        assert words.lower() in text.lower(), words
