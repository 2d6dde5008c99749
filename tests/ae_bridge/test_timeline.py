"""Deliveries as a timeline, read back by OpenTimelineIO's own library."""

import wave
from dataclasses import replace
from pathlib import Path
from urllib.request import url2pathname

import pytest

from ae_bridge.others.blender import write_blender
from ae_bridge.others.nuke import write_nuke
from ae_bridge.others.stack import read_comp
from ae_bridge.others.timeline import write_timeline
from shared.delivery import DeliveryAudio, Matte, SoundFile, read_delivery, write_delivery
from shared.errors import InputRefused, MissingInput
from shared.uids import sound_uids
from tests.ae_bridge.deliveries import (
    UID,
    deliver,
    film,
    from_below_zero,
    handles,
    layer,
    matte,
    ntsc,
    odd_names,
    shot,
    stills,
)
from tests.conftest import semrender

otio = pytest.importorskip("opentimelineio", reason="opentimelineio has no build for this Python")


def read(*deliveries, out, notes=()):
    assert write_timeline([read_comp(one) for one in deliveries], out) == list(notes)
    return otio.adapters.read_from_file(str(out))


def items(track):
    return [(item.name, *(int(one.value) for one in (item.source_range.start_time, item.duration()))) for item in track]


def file_of(clip, number=0):
    """The file of the medium's picture `number`."""
    medium = clip.media_reference
    url = medium.target_url if hasattr(medium, "target_url") else medium.target_url_for_image_number(number)
    assert url.startswith("file:///")
    return Path(url2pathname(url.removeprefix("file://")))


def with_sound(delivery, start, frames):
    """A sound of so many frames (24 a second) that begins with frame `start`."""
    file = delivery.parent / "audio" / "sh.wav"
    file.parent.mkdir()
    with wave.open(str(file), "wb") as opened:
        opened.setparams((1, 2, 48000, 0, "NONE", ""))
        opened.writeframes(bytes(2 * 2000 * frames))
    layer, files = sound_uids(UID)
    footage = SoundFile(files, "sh.wav", "audio/sh.wav", 48000, 1, 16, 2000 * frames, start)
    write_delivery(replace(read_delivery(delivery), audio=(DeliveryAudio(layer, "sound", footage),)), delivery.parent)
    return delivery


def test_layers_are_tracks_and_shots_stand_one_after_another(tmp_path):
    first = with_sound(film(tmp_path / "a"), 1000, 3)
    second = stills(tmp_path / "b")
    said = "a timeline knows no mattes, modes and opacities; they are in its metadata"
    untold = [f"SQ010_SH020, layer environment: {said}"]
    found = read(first, second, out=tmp_path / "cut.otio", notes=untold)
    assert found.name == "cut" and found.global_start_time == otio.opentime.RationalTime(0, 24)
    one, two, sound = found.tracks
    assert [(track.name, track.kind) for track in found.tracks] == [("V1", "Video"), ("V2", "Video"), ("A1", "Audio")]
    assert items(one) == [("SQ010_SH020 environment", 1001, 3), ("SQ010_SH020 backdrop", 0, 3)]
    assert items(two) == [("SQ010_SH020 train", 1001, 3), ("SQ010_SH020 train", 1001, 3)]
    assert items(sound) == [("sound", 1, 2), ("", 0, 1), ("", 0, 3)]  # of the sound's own time
    late = read(with_sound(film(tmp_path / "late"), 1002, 1), out=tmp_path / "late.otio", notes=untold)
    assert items(late.tracks[2]) == [("", 0, 1), ("sound", 0, 1), ("", 0, 1)], "in sync"
    assert one[0].metadata["semrender"]["blend"] == "SCREEN" and one[0].metadata["semrender"]["opacity"] == 62.5
    assert [file_of(two[0], n).name for n in range(3)] == [f"train.{n}.png" for n in range(1001, 1004)]
    assert all(file_of(item).is_file() for track in found.tracks for item in track if item.name)


def test_frames_and_rates_of_one_shot(tmp_path):
    found = read(handles(tmp_path / "h"), out=tmp_path / "h.otio")
    rate = 24000 / 1001
    assert found.global_start_time == otio.opentime.RationalTime(1009, rate)
    tracks = [items(track) for track in found.tracks]  # from the bottom up
    assert tracks == [
        [("SQ010_SH020 renumbered", 1, 8)],
        [("SQ010_SH020 short", 1009, 2), ("", 0, 6)],
        [("", 0, 3), ("SQ010_SH020 late", 1012, 5)],
        [("SQ010_SH020 both", 1009, 8)],
    ]
    both = found.tracks[3][0]
    assert both.media_reference.available_range.start_time.value == 1001
    assert both.media_reference.frame_for_time(both.source_range.start_time) == 1009
    below = read(from_below_zero(tmp_path / "z"), out=tmp_path / "z.otio")
    assert below.global_start_time.value == -5 and items(below.tracks[0]) == [("SQ010_SH020 train", 0, 8)]


def test_takes_are_other_media_of_the_clip(tmp_path):
    for name in ("sh", "sh_take002", "sh_take003", "sh_take004"):
        film(tmp_path / name)
    (tmp_path / "sh_take003" / "delivery.json").write_text("{")
    (tmp_path / "sh_take004" / "delivery.json").unlink()
    out = tmp_path / "a.otio"
    notes = write_timeline([read_comp(tmp_path / "sh_take002")], out)
    assert notes[0].startswith("the take sh_take003 is left out: ") and len(notes) == 2
    clip = otio.adapters.read_from_file(str(out)).tracks[1][0]
    assert clip.active_media_reference_key == "DEFAULT_MEDIA"
    media = clip.media_references()
    assert sorted(media) == ["DEFAULT_MEDIA", "original"]
    assert media["DEFAULT_MEDIA"].target_url_base.endswith("/sh_take002/painting/train/")
    assert media["original"].target_url_base.endswith("/sh/painting/train/")


def test_a_take_of_fewer_frames_is_no_other_medium(tmp_path):
    (film(tmp_path / "sh").parent / "movie.mp4").touch()
    short = range(1001, 1003)
    deliver(tmp_path / "sh_take002", shot(short), layer(tmp_path / "sh_take002", "train", short))
    (tmp_path / "sh_take002" / "movie.mp4").touch()
    for movies in (False, True):
        out = tmp_path / f"{movies}.otio"
        write_timeline([read_comp(tmp_path / "sh")], out, movies)
        clip = otio.adapters.read_from_file(str(out)).tracks[-1][0]
        assert list(clip.media_references()) == ["DEFAULT_MEDIA"]


def test_what_cuts_a_layer_is_in_its_metadata(tmp_path):
    train, tree = layer(tmp_path, "train", range(2)), matte(tmp_path, "tree", range(2), 1)
    train = replace(train, matte=Matte(tree.uid, "ALPHA_INVERTED"))
    out = tmp_path / "a.otio"
    write_timeline([read_comp(deliver(tmp_path, shot(range(2)), train, tree))], out)
    clip = otio.adapters.read_from_file(str(out)).tracks[0][0]
    assert clip.metadata["semrender"]["matte"] == {"uid": tree.uid, "type": "ALPHA_INVERTED"}


def test_a_shot_without_a_picture_is_told(tmp_path):
    off = layer(tmp_path, "train", range(2), enabled=False)
    comp = read_comp(deliver(tmp_path, shot(range(2)), off))
    said = ["SQ010_SH020: no painted layer is switched on, so the picture is empty"]
    assert write_timeline([comp], tmp_path / "a.otio") == write_nuke(comp, tmp_path / "a.nk") == said
    assert write_blender(comp, tmp_path / "a.py") == said


def test_names_that_no_url_has_and_rates_that_differ(tmp_path):
    odd = odd_names(tmp_path / "odd")
    out = tmp_path / "odd.otio"
    done = semrender("timeline", odd, "--out", out)
    assert done.returncode == 0 and done.stdout.strip() == str(out)
    found = otio.adapters.read_from_file(str(out))
    assert all(file_of(track[0], n).is_file() for track in found.tracks for n in range(3))
    with pytest.raises(InputRefused, match=r"23\.976 frames a second, .* has 24"):
        write_timeline([read_comp(odd), read_comp(ntsc(tmp_path / "ntsc"))], tmp_path / "b.otio")


def test_movies_for_programs_that_read_no_sequences_in_a_timeline(tmp_path):
    for name in ("sh", "sh_take002"):
        (film(tmp_path / name).parent / "movie.mp4").touch()
    comp = read_comp(tmp_path / "sh")
    out = tmp_path / "a.otio"
    assert write_timeline([comp, comp], out, movies=True) == []
    [track] = otio.adapters.read_from_file(str(out)).tracks
    assert items(track) == [("SQ010_SH020", 0, 3)] * 2
    assert [file_of(clip) for clip in track] == [tmp_path / "sh" / "movie.mp4"] * 2
    assert track[0].media_references()["take002"].target_url.endswith("/sh_take002/movie.mp4")
    (tmp_path / "sh" / "movie.mp4").unlink()
    with pytest.raises(MissingInput, match="it has no movie"):
        write_timeline([comp], tmp_path / "b.otio", movies=True)
