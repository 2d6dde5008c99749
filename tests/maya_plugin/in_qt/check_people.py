"""People from the panel: a file, the result of a job, what is asked before, and the way out again."""

import json

import pytest

from maya_plugin.core import timing
from maya_plugin.core.contract import Changed, Wishes
from maya_plugin.core.jobs import Job
from shared.poses import Bone, Poses, Skeleton, write_poses
from shared.tracks import Camera
from tests.maya_plugin.in_qt import desk

STILL = (1.0, 0, 0, 0, 0, 1.0, 0, 0, 0, 0, 1.0, 0, 0, 0, 0, 1.0)


def said(panel):
    return panel.messages.words.text() if panel.messages.isVisibleTo(panel) else ""


@pytest.fixture
def panel(tmp_path):
    with desk.panel_on(tmp_path) as made:
        made.pages.setCurrentWidget(made.jobs)
        yield made


def joints(folder, name="dance.joints.json", fps=24):
    """A tracks file beside a shot of a rate."""
    folder.mkdir(parents=True, exist_ok=True)
    person = {"id": 1, "joints": {"head": [[1, 2, 1]], "hip": [[1, 5, 1]]}}
    head = {"format": 1, "first": 1, "last": 2, "width": 10, "height": 10}
    (folder / name).write_text(json.dumps({**head, "people": [person]}))
    layer = {"name": "all", "labels": "l.####.png"}
    (folder / "shot.json").write_text(json.dumps({"name": "s", "fps": fps, "first": 1, "last": 2, "layers": [layer]}))
    return folder / name


def poses(folder, name="dance.poses.json", fps=24, space="floor"):
    folder.mkdir(parents=True, exist_ok=True)
    hips = Bone(name="Hips", offset=(0.0, 0.0, 0.0), rotation=((0.0, 0.0, 0.0),))
    one = Skeleton(id=1, first=1, last=2, root=((0.0, 90.0, 0.0),), joints=(hips,))
    camera = Camera(name="c", matrix=(STILL,), focal=(35.0,), film=36.0)
    made = Poses(1, 2, fps, 10, 10, camera, (one,), space=space)
    write_poses(folder / name, made)
    return folder / name


def delivery(folder, *tracks, skeletons=None):
    """A painting's folder, as far as it says what is in it."""
    shot = {"uid": "s1", "name": "s", "width": 10, "height": 10, "fps": 24, "fps_num": 24, "fps_den": 1, "first": 1}
    made = {
        "schema": "semrender.delivery",
        "schema_version": 1,
        "generator": "t",
        "delivery_id": "d1",
        "created": "2026-01-01T00:00:00Z",
        "shot": {**shot, "last": 2, "frames": 2, "version": 1},
        "layers": [],
        "tracks": [
            {"name": "t", "path": f"tracks/{file.name}", "comp": f"tracks/{file.stem}.comp.json"} for file in tracks
        ],
    }
    if skeletons is not None:
        made["poses"] = [{"name": "dance", "path": f"poses/{skeletons.name}", "usd": "poses/dance.usda", "bvh": []}]
    (folder / "delivery.json").write_text(json.dumps(made))


def answer(panel, change=lambda dialog: None, accept=True):
    shown = []

    def run(dialog):
        shown.append(dialog)
        dialog.show()
        desk.spin(20)
        change(dialog)
        dialog.hide()
        return accept and dialog.ok.isEnabled()

    panel.services.run_dialog = run
    return shown


def test_joints_of_the_scenes_rate_come_in_without_a_question(panel, tmp_path):
    file = joints(tmp_path / "clip")
    panel.services.file_to_open = lambda *_: str(file)
    shown = answer(panel)
    panel.work.do(panel.people.choose)
    assert panel.host.brought == [(str(file), Wishes())] and not shown
    assert said(panel) == "2 joints have their keys. One is never seen."


def test_another_rate_is_asked_about_and_nothing_is_chosen_for_the_artist(panel, tmp_path):
    file = joints(tmp_path / "clip", fps=25)
    panel.services.file_to_open = lambda *_: str(file)
    (shown,) = (answer(panel),)
    panel.work.do(panel.people.choose)
    assert panel.host.brought == [] and not shown[0].ok.isEnabled()
    assert shown[0]._times.title() == "It has 25 frames a second, the scene 24" and shown[0]._times.isVisibleTo(
        shown[0]
    )
    assert not shown[0]._space.isVisibleTo(shown[0])
    assert "Set the scene to 25 frames" in shown[0].ways[timing.UNIT].text()
    answer(panel, lambda dialog: dialog.ways[timing.FRAMES].setChecked(True))
    panel.work.do(panel.people.choose)
    assert panel.host.brought == [(str(file), Wishes(time="frames"))]


def test_skeletons_ask_for_camera_axes_and_pose(panel, tmp_path):
    file = poses(tmp_path / "clip")
    panel.services.file_to_open = lambda *_: str(file)

    def choose(dialog):
        assert dialog._space.isVisibleTo(dialog) and not dialog._times.isVisibleTo(dialog)
        assert dialog.camera.itemText(0).startswith("On a floor")
        dialog.lens.setChecked(True)
        assert dialog.wishes().lens
        dialog.camera.setCurrentIndex(1)
        assert not dialog.lens.isChecked() and not dialog.lens.isEnabled(), "it would stand elsewhere"
        dialog.orient.setCurrentIndex(1)
        dialog.characterize.setChecked(True)
        assert dialog.stance.isChecked() and not dialog.stance.isEnabled(), "a character is defined on the T-pose"

    panel.host.import_joints = lambda *asked: panel.host.brought.append(asked) or Changed(1)
    answer(panel, choose)
    panel.work.do(panel.people.choose)
    assert panel.host.brought == [(str(file), Wishes("", "|shotCam|shotCamShape", "bone", True, characterize=True))]
    assert said(panel) == "1 joint has its keys."
    answer(panel, accept=False)
    panel.work.do(panel.people.choose)
    assert len(panel.host.brought) == 1


def test_a_job_with_people_has_a_button_and_others_have_none(panel, tmp_path):
    out, bare = tmp_path / "painted", tmp_path / "bare"
    first, second = joints(out / "tracks"), poses(out / "poses")
    delivery(out, first, skeletons=second)
    bare.mkdir()
    delivery(bare)
    done = Job("a" * 32, "dance", str(out), state="done")
    panel.jobs.show_jobs((done, Job("b" * 32, "bare", str(bare), state="done")))
    panel.jobs.choose(done.id)
    assert panel.jobs._people.isVisibleTo(panel.jobs)
    panel.jobs.choose("b" * 32)
    assert not panel.jobs._people.isVisibleTo(panel.jobs)
    panel.jobs.choose(done.id)
    seen = answer(panel, lambda dialog: dialog.what.setCurrentIndex(1))
    panel.jobs._people.click()
    assert [seen[0].what.itemText(n) for n in range(2)] == [
        "dance.poses.json: 1 person, skeletons in space, frames 1 to 2",
        "dance.joints.json: 1 person, joints in the picture, frames 1 to 2",
    ]
    assert panel.host.brought == [(str(first), Wishes())] and second.is_file()


def test_joints_go_out_as_the_chosen_camera_sees_them(panel, tmp_path):
    panel.services.file_to_save = lambda *_: str(tmp_path / "out.json")
    panel.work.do(panel.people.export)
    assert (tmp_path / "out.json").read_text() == panel.paint.choices().camera
    assert said(panel) == "3 joints were written."
