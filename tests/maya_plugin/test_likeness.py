"""Consent and sound on their way from the panel's request into shot.json, through Maya's host and its batch."""

from pathlib import Path

import pytest

from maya_plugin.core import likeness
from maya_plugin.core.contract import ShotRequest, Sound
from shared.consent import BASES
from shared.errors import InputRefused
from shared.shot import read_shot
from tests.maya_plugin.conftest import maya_programs, request

CONSENT = {"basis": "written-release", "who": "Eileen", "purpose": "a test", "reference": "file 12"}


def test_every_ground_is_offered_and_asks_for_what_it_needs():
    assert set(likeness.GROUNDS) == set(BASES)
    for basis in BASES:
        needed = [name for name, (_, grounds) in likeness.FIELDS.items() if basis in grounds]
        whole = {"basis": basis, **dict.fromkeys(needed, "said")}
        likeness.check("Face", whole)
        for name in needed:
            with pytest.raises(InputRefused):
                likeness.check("Face", {key: value for key, value in whole.items() if key != name})
    with pytest.raises(InputRefused, match="nobody says on what ground"):
        likeness.check("Face", {})


def test_the_shot_says_on_what_ground_and_what_is_heard(host, shot, tmp_path):
    voice = tmp_path / "voice.wav"
    voice.touch()
    asked = request(shot, tmp_path, consent=CONSENT, audio=str(voice), audio_start=-3)
    report = host.render_preview(asked)
    made = read_shot(Path(report.shot_file))[0]
    assert [layer.consent.words for layer in made.layers] == ["written-release, Eileen, for a test, file 12"]
    assert Path(made.audio) == voice and made.audio_start == -3
    plain = read_shot(Path(host.render_preview(request(shot, tmp_path)).shot_file))[0]
    assert plain.layers[0].consent is None and plain.audio is None and plain.audio_start is None


def test_a_process_of_its_own_is_told_the_same(host, shot, tmp_path, monkeypatch):
    from maya_plugin import batch

    maya_programs(tmp_path / "maya", monkeypatch)
    asked = request(shot, tmp_path, consent=CONSENT, audio="/show/voice.wav", audio_start=7)
    command = host.prepare_shot(asked)
    told = batch._from_file(Path(command.request_file))
    assert isinstance(told, ShotRequest) and told.consent == CONSENT
    assert (told.audio, told.audio_start) == ("/show/voice.wav", 7)


def test_the_sound_of_the_time_slider(host, scene):
    from maya import cmds

    assert host.sound() is None, "a Maya without windows has no slider"
    scene.hooks["interactive"] = lambda: None
    assert host.sound() is None
    node = cmds.createNode("audio", name="voice", skipSelect=True)
    scene.heard = node
    assert host.sound() is None, "without a file"
    cmds.setAttr("voice.filename", "/show/voice.wav", type="string")
    cmds.setAttr("voice.offset", 1001)
    assert host.sound() == Sound("/show/voice.wav", 1001)
