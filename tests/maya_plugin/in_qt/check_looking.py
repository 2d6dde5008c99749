"""Looking at what was painted, and at what a render would lack: strip, comparison, flip-book, findings."""

import json
from pathlib import Path

import pytest

from maya_plugin.core.jobs import Job
from maya_plugin.ui.flipbook import MEMORY, composite
from maya_plugin.ui.qt import QtGui
from maya_plugin.ui.strip import MOST
from shared.delivery import Delivery, DeliveryLayer, DeliveryShot, Footage, Provenance, write_delivery
from tests.maya_plugin.in_qt import desk
from tests.maya_plugin.in_qt.memory_host import THINGS

RED, BLUE, GREEN, CLEAR = (255, 0, 0, 255), (0, 0, 255, 255), (0, 255, 0, 255), (0, 0, 0, 0)
W, H = 40, 20


def picture(colour, right=None):
    """A picture in one colour, or of two halves."""
    image = QtGui.QImage(W, H, QtGui.QImage.Format.Format_ARGB32)
    image.fill(QtGui.QColor(*colour))
    if right is not None:
        for y in range(H):
            for x in range(W // 2, W):
                image.setPixelColor(x, y, QtGui.QColor(*right))
    return image


def painted(folder, frames=3, seed=7, suffix="png"):
    """A job that is done: two layers, of which the upper one covers the right half in green on the second frame."""
    layers = []
    for name in ("top", "low"):
        for number in range(1001, 1001 + frames):
            file = folder / name / f"shot_{name}.{number}.{suffix}"
            file.parent.mkdir(parents=True, exist_ok=True)
            over = picture(CLEAR, GREEN if number == 1002 else CLEAR)
            (over if name == "top" else picture(RED)).save(str(file), "png")
        footage = Footage(
            f"s/F/{name}", name, f"{name}/shot_{name}.1001.{suffix}", W, H, first=1001, last=1000 + frames
        )
        layers.append(DeliveryLayer(f"s/L/{name}", name, footage, provenance=Provenance("countryside", seed=seed)))
    picture(BLUE, RED).save(str(folder / "preview.png"))
    shot = DeliveryShot("s", "s", W, H, 24, 24, 1, 1001, 1000 + frames, frames)
    write_delivery(Delivery("d", "2026-01-01T00:00:00Z", "test", shot, tuple(layers)), folder)
    return Job(f"{seed:032d}", "valley", str(folder), "shot", "|shotCam|shotCamShape", "done", frames, frames)


@pytest.fixture
def panel(tmp_path):
    desk.application()
    with desk.panel_on(tmp_path) as made:
        made.pages.setCurrentWidget(made.paint)
        yield made


def show(panel, job):
    known = tuple(panel.paint_actions._jobs.values())
    panel.paint_actions.show_jobs((job, *known))
    panel.paint_actions.show_result(job.id)
    count = panel.paint.strip.count() + 1
    desk.wait_for(lambda: panel.paint.strip.count() == count)


def seen(panel, part):
    viewer = panel.paint.viewer
    area, grabbed = viewer._area().toRect(), viewer.grab().toImage()
    scale = grabbed.devicePixelRatio()
    x, y = (area.left() + part * area.width()) * scale, (area.top() + area.height() * 0.45) * scale
    return grabbed.pixelColor(int(x), int(y)).getRgb()


def test_pictures_painted_one_after_the_other_stay_in_the_strip_and_are_compared(panel, tmp_path):
    page = panel.paint
    show(panel, painted(tmp_path / "a", seed=7))
    assert page.strip.isHidden(), "one alone is what the viewer shows"
    show(panel, painted(tmp_path / "b", seed=8))
    desk.spin(30)
    assert (
        page.strip.isVisible() and "seed 8" in page.strip.item(0).toolTip() and "seed 7" in page.strip.item(1).toolTip()
    )
    assert seen(panel, 0.25) == BLUE and seen(panel, 0.75) == RED
    page.strip.menu(page.strip.item(1)).actions()[0].trigger()
    assert page.viewer._captions == ("seed 7, countryside", "seed 8, countryside")
    assert seen(panel, 0.25) == RED, "the other painting stands left of the line"
    page.strip.chosen.emit(page.strip.item(1).data(0x0100))
    assert panel.paint_actions._shown == f"{7:032d}", "folder and image plane follow what is on show"
    page.strip.menu(page.strip.item(1)).actions()[1].trigger()
    assert page.viewer._captions == ("labels", "painting") and seen(panel, 0.25) == BLUE
    for _ in range(MOST + 3):
        page.strip.add(page.strip.item(0).data(0x0100))
    assert page.strip.count() == MOST


def test_a_painted_shot_plays_and_stops(panel, tmp_path):
    show(panel, painted(tmp_path / "a"))
    actions, showing = panel.paint_actions, panel.paint_actions._showing
    shown = []
    showing.flipbook.frame.connect(
        lambda image, position: shown.append((position, image.pixelColor(W - 2, 2).getRgb()))
    )
    panel.paint.play_button.click()
    assert panel.paint.play_button.text() == "Stop"
    desk.wait_for(lambda: len(shown) >= 4)
    assert shown[:4] == [(0, RED), (1, GREEN), (2, RED), (0, RED)], "layers over each other, in a loop"
    panel.paint.play_button.click()
    assert not showing.flipbook.running and panel.paint.play_button.text() == "Play"
    assert panel.paint.viewer._captions == ("labels", "painting") and actions._shown


def test_what_cannot_play_says_why(panel, tmp_path):
    show(panel, painted(tmp_path / "a", frames=1))
    panel.paint.play_button.click()
    assert "One frame was painted" in panel.messages.words.text()
    show(panel, painted(tmp_path / "b", suffix="exr", seed=9))
    (tmp_path / "b" / "movie.mp4").touch()
    panel.paint.play_button.click()
    assert "EXR" in panel.messages.words.text() and "Open movie.mp4" in panel.messages.words.text()


def test_a_long_shot_is_kept_so_small_that_it_fits(tmp_path):
    file = tmp_path / "big.png"
    image = QtGui.QImage(400, 200, QtGui.QImage.Format.Format_ARGB32)
    image.fill(QtGui.QColor(*RED))
    image.save(str(file))
    whole = composite([file], 10)
    small = composite([file], MEMORY // (100 * 50 * 4))
    assert (whole.width(), whole.height()) == (400, 200) and (small.width(), small.height()) == (100, 50)
    assert composite([tmp_path / "gone.png"], 10).isNull()


def test_the_frame_in_the_scene_is_projected_from_the_lowest_layer(panel, tmp_path):
    show(panel, painted(tmp_path / "a"))
    panel.host.pick("|train|*")
    panel.paint.project_picture.emit()
    ((file, camera, frame, members),) = panel.host.projected
    assert Path(file) == tmp_path / "a" / "low" / "shot_low.1001.png" and camera == "|shotCam|shotCamShape"
    assert frame == 1001 and len(members) == 3, "the scene stands before the shot: its first frame"
    assert "onto 3 things" in panel.messages.words.text()
    panel.paint.unproject_picture.emit()
    assert panel.host.projected == [] and "1 projection was" in panel.messages.words.text()


def test_findings_are_selected_and_mended_and_what_stops_a_render_is_shown_instead_of_it(panel):
    asked = []
    panel.services.confirm = lambda *words: asked.append(words)
    panel.host.unloaded = True
    panel.paint.shot_button.click()
    dialog = panel.paint_actions.findings
    assert dialog.isVisible() and not asked and dialog.current().stops
    assert dialog.list.topLevelItem(0).text(0) == "Nothing in the scene has a class"
    dialog.select_button.click()
    assert len(panel.host.selected) == 18 and not dialog.fix_button.isEnabled()
    dialog.list.setCurrentItem(dialog.list.topLevelItem(1))
    assert not dialog.select_button.isEnabled() and dialog.fix_button.text() == "Load them"
    dialog.fix_button.click()
    assert panel.host.fixed == ["load"] and dialog.list.topLevelItemCount() == 1, "it has looked again"
    panel.host.classes = dict.fromkeys((node for node, *_ in THINGS), 2)
    dialog.look_again()
    assert "Nothing is wrong" in dialog.remedy.text() and not dialog.select_button.isEnabled()
    assert not dialog.isModal(), "the artist goes on working beside it"
    dialog.close()
    del panel.host.classes["|line|rails"]
    panel.paint.shot_button.click()
    assert "• 1 thing has no class" in asked[0][2], "what does not stop it is told with the question"


def test_a_job_for_a_farm_is_written_and_nothing_starts(panel, tmp_path):
    panel.host.classes = dict.fromkeys((node for node, *_ in THINGS), 2)
    opened = []
    panel.services.open_path = lambda path: opened.append(path) or True
    panel.paint.farm_button.click()
    file = tmp_path / "semrender" / "valley" / "shotCam" / "shot" / "template.json"
    assert [step["name"] for step in json.loads(file.read_text("utf-8"))["steps"]] == ["Passes", "Paint"]
    assert "Submit its folder" in panel.messages.words.text() and panel.jobs.current() is None
    panel.messages.button.click()
    assert opened == [str(file.parent)]
