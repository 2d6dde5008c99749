"""The pages of the panel, each on what it is told and on what it tells; the host is the one in memory."""

from pathlib import Path

import pytest

from maya_plugin.core.cards import read_models
from maya_plugin.ui import dialogs
from maya_plugin.ui.class_list import ROW
from maya_plugin.ui.qt import Qt, QtWidgets
from shared.errors import InputRefused
from shared.label_set import load_label_set
from tests.maya_plugin.in_qt import desk

try:
    from PySide6 import QtTest
except ImportError:
    from PySide2 import QtTest

COUNTRYSIDE = Path(__file__).parents[3] / "inference_server" / "models" / "weights" / "countryside" / "card.json"
Key = Qt.Key


def models():
    return read_models(
        {"models": [desk.read_json(COUNTRYSIDE)], "broken": {"old": "no card"}, "default": "countryside"}
    )


def names(panel):
    model = panel.classes.model
    return [model.index(i).data() for i in range(model.rowCount())]


def coco(name):
    return load_label_set("coco_stuff").find(name).id


def said(panel):
    return panel.messages.words.text() if panel.messages.isVisibleTo(panel) else ""


def press_keys(widget, text):
    QtTest.QTest.keyClicks(widget, text)


def test_search_finds_names_and_aliases_best_first(panel):
    page = panel.classes
    page.search.setText("tree")
    assert names(panel)[0] == "tree" and "street sign" in names(panel)
    page.search.setText("sky")
    assert names(panel)[0] == "sky-other"
    page.search.setText("xyzzy")
    assert names(panel) == [] and page.current() is None
    page.search.setText("")
    assert len(names(panel)) == len(load_label_set("coco_stuff").labels)


def test_typing_a_name_and_enter_assigns_to_what_is_selected(panel):
    page = panel.classes
    panel.host.pick("|train|*")
    desk.spin(100)
    press_keys(page.search, "train")
    QtTest.QTest.keyClick(page.search, Key.Key_Return)
    assert set(panel.host.classes) == {"|train|loco", "|train|wagon_1", "|train|wagon_2"}
    assert page.model.index(0).data(ROW).objects == 3
    page.search.clear()
    page.views.setCurrentIndex(1)
    assert names(panel) == ["train"]
    page.views.setCurrentIndex(2)
    assert names(panel) == ["train"]
    assert panel.host.settings().panel["recent"] == [coco("train")]
    assert [name for name, _ in panel.host.undo].count("Assign train") == 1


def test_the_arrow_keys_and_enter_assign_too(panel):
    panel.host.pick("|set|meadow")
    desk.spin(100)
    panel.classes.search.setText("grass")
    panel.classes.list.setFocus()
    QtTest.QTest.keyClick(panel.classes.list, Key.Key_Return)
    assert panel.host.classes == {"|set|meadow": coco("grass")}


def test_without_a_selection_nothing_is_assigned_and_the_panel_says_why(panel):
    panel.classes.search.setText("tree")
    assert not panel.classes._assign_button.isEnabled()
    panel.classes.search.returnPressed.emit()
    assert panel.host.classes == {} and "Nothing is selected" in said(panel)


def test_members_are_selected_and_taken_off(panel):
    page = panel.classes
    panel.host.pick("*pine*")
    desk.spin(100)
    page.assign.emit(coco("tree"))
    panel.host.pick("|set|sky_dome")
    desk.spin(100)
    page.search.setText("tree")
    page._members.click()
    desk.spin(100)
    assert len(panel.host.selected) == 9 and "and 6 more" in page._selection.text()
    page._remove.click()
    assert panel.host.classes == {}


def test_what_has_no_class_is_counted_and_selected(panel):
    page = panel.classes
    assert page._without.text() == "18 things have no class"
    page._select_without.click()
    assert len(panel.host.selected) == 18
    page.assign.emit(coco("tree"))
    assert page._without.text() == "Everything has a class" and not page._suggest.isEnabled()


def test_classes_the_model_never_saw_say_what_is_painted_instead(panel):
    panel._told(models())
    rows = {panel.classes.model.index(i).data(ROW).name: panel.classes.model.index(i).data(ROW) for i in range(182)}
    assert rows["tree"].remark == ""
    assert rows["dog"].remark.startswith("painted as ")
    assert "never shown" in panel.classes.model.index(0).data(Qt.ItemDataRole.ToolTipRole)


def test_another_label_set_is_kept_in_the_scene_and_is_painted_by_every_model(panel):
    panel._told(models())
    assert panel.paint.card().name == "countryside"
    box = panel.classes.label_set
    box.setCurrentIndex(box.findData("ade20k"))
    box.activated.emit(box.currentIndex())
    assert panel.host.settings().label_set == "ade20k" and "wall" in names(panel)
    assert panel.paint.card().name == "countryside" and "classes of coco_stuff" in panel.paint.model.currentText()
    remarks = [panel.classes.model.index(i).data(ROW).remark for i in range(100)]
    assert not any("painted as" in one for one in remarks), "the card's ids are of another set"


def test_a_class_of_another_set_is_shown_as_missing(panel):
    panel.host.classes = {"|set|meadow": 4000}
    panel.load()
    assert names(panel)[0] == "class 4000"
    assert panel.classes.model.index(0).data(ROW).remark == "not in coco_stuff"


def test_suggestions_are_assigned_only_where_they_stay_ticked(tmp_path):
    def only_trains(dialog):
        for item, one in dialog._entries:
            if one.name != "train":
                item.setCheckState(0, Qt.CheckState.Unchecked)
        return True

    with desk.panel_on(tmp_path, run_dialog=only_trains) as panel:
        panel.classes._suggest.click()
        assert set(panel.host.classes.values()) == {coco("train")}
        assert "things have a class now" in said(panel)
        assert sum(name == "assign" for name, _ in panel.host.undo) == 1


def test_by_name_and_by_table(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("name,class\nrockMat,mountain\nwater*,river\n")

    def typed(dialog):
        assert not dialog.ok.isEnabled()
        dialog.pattern.setText("wagon_?")
        assert dialog.count.text() == "2 of 18 things, such as wagon_1"
        return True

    with desk.panel_on(tmp_path, run_dialog=typed, file_to_open=lambda *_: str(table)) as panel:
        panel.classes.search.setText("train")
        panel.class_actions.by_name()
        assert panel.host.classes == {"|train|wagon_1": coco("train"), "|train|wagon_2": coco("train")}
        panel.class_actions.by_table()
        assert panel.host.classes["|set|brook"] == coco("river")


def test_classes_go_to_a_file_and_come_back(tmp_path):
    file = str(tmp_path / "classes.json")
    with desk.panel_on(tmp_path, file_to_open=lambda *_: file, file_to_save=lambda *_: file) as panel:
        panel.host.classes = {"|set|meadow": coco("grass")}
        panel.class_actions.export()
        panel.host.classes = {}
        panel.class_actions.bring_in()
        assert panel.host.classes == {"|set|meadow": coco("grass")}


def test_policies_and_the_rest_are_kept_in_the_scene(tmp_path):
    def choose(dialog):
        assert isinstance(dialog, dialogs.PolicyDialog)
        boxes = dialog.findChildren(QtWidgets.QComboBox)
        boxes[0].setCurrentIndex(boxes[0].findData("solid"))
        return True

    with desk.panel_on(tmp_path, run_dialog=choose) as panel:
        panel.class_actions.policies()
        assert panel.host.settings().policies["cards"] == "solid"
        panel.classes.search.setText("grass")
        panel.class_actions.rest(False)
        assert panel.host.settings().rest == "grass"
        panel.class_actions.rest(True)
        assert panel.host.settings().rest == ""


def test_an_error_says_place_cause_and_remedy_and_its_button_mends_it(panel):
    error = InputRefused(
        "876 pixels are no class",
        file="/a/b/c/d/label.0012.png",
        layer="trees & <co>",
        frame=12,
        cause="The edges between classes are blended",
        remedy="Switch it off",
    )
    panel.work.report(error)
    text = said(panel)
    assert "876 pixels are no class (layer trees &amp; &lt;co&gt;, frame 12)" in text
    assert "edges between classes are blended." in text and "…/c/d/label.0012.png" in text
    panel.messages.button.click()
    assert panel.host.fixed == ["edges"] and said(panel) == ""


def test_an_unforeseen_failure_is_words_and_not_a_traceback(panel):
    panel.host.select_class = lambda class_id: 1 / 0
    panel.classes.select_members.emit(1)
    assert "Something unforeseen happened" in said(panel) and "Traceback" not in said(panel)


@pytest.mark.parametrize("page", ["classes", "paint", "jobs"])
def test_every_control_can_be_reached_by_the_keyboard_and_has_a_name(panel, page):
    own = getattr(panel, page)
    panel.pages.setCurrentWidget(own)
    kinds = (QtWidgets.QAbstractButton, QtWidgets.QComboBox, QtWidgets.QLineEdit, QtWidgets.QAbstractItemView)
    for kind in kinds:
        found = [(control, control.parent()) for control in own.findChildren(kind)]  # PySide6 6.5 drops both or none
        for control, parent in found:
            if control.objectName().startswith("qt_") or isinstance(parent, QtWidgets.QComboBox):
                continue
            if not control.isVisibleTo(own) or isinstance(parent, (QtWidgets.QLineEdit, QtWidgets.QSpinBox)):
                continue
            if parent.metaObject().className() == "QComboBoxPrivateContainer":
                continue
            assert control.focusPolicy() & Qt.FocusPolicy.TabFocus or control.focusProxy(), control
            named = getattr(control, "text", lambda: "")() or control.accessibleName() or control.toolTip()
            named = named or getattr(control, "placeholderText", lambda: "")()
            assert named, control


def test_shortcuts_are_the_panels_only_while_it_has_the_focus(panel):
    window = QtWidgets.QWidget()
    column = QtWidgets.QVBoxLayout(window)
    other = QtWidgets.QLineEdit()
    column.addWidget(other)
    column.addWidget(panel)
    window.show()
    window.activateWindow()
    panel.classes.list.setFocus()
    desk.spin(50)
    QtTest.QTest.keyClick(panel.classes.list, Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert panel.pages.currentWidget() is panel.paint
    other.setFocus()
    desk.spin(20)
    QtTest.QTest.keyClick(other, Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert panel.pages.currentWidget() is panel.paint
    texts = [button.text() for button in panel.findChildren(QtWidgets.QAbstractButton)]
    assert not [text for text in texts if "&" in text], "a mnemonic would take a key of the host's menus"
    panel.setParent(None)


def test_leaving_twice_is_harmless_and_nothing_listens_afterwards(panel):
    panel.leave()
    panel.leave()
    assert panel.host.tellers == []
