"""Joints of people, from files and from results of the panel, into the scene; and out of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from maya_plugin.core import people
from maya_plugin.core.contract import Wishes
from maya_plugin.core.people import Document
from maya_plugin.ui.class_actions import JSON_FILES, ClassActions
from maya_plugin.ui.jobs_page import JobsPage
from maya_plugin.ui.paint_page import PaintPage
from maya_plugin.ui.people_dialog import PeopleDialog
from maya_plugin.ui.work import Work
from shared.errors import InputRefused
from shared.wording import counted


class PeopleActions:
    def __init__(self, work: Work, classes: ClassActions, page: PaintPage, jobs: JobsPage) -> None:
        self._work, self._host, self._services = work, work.host, work.services
        self._page, self._jobs = page, jobs
        classes.offer("Import &joints…", self.choose)
        classes.offer("Export j&oints…", self.export)
        jobs.bring_in.connect(lambda folder: work.do(lambda: self.of_result(folder)))

    def choose(self) -> None:
        file = self._services.file_to_open(self._page, "Joints of people: a tracks file or a poses file", JSON_FILES)
        if file:
            self._bring_in([people.read(Path(file))])

    def of_result(self, folder: str) -> None:
        """Whoever a painting found in its clip."""
        found = [people.read(file) for file in people.delivered(Path(folder))]
        if not found:
            raise InputRefused("there are no joints of people in it", file=folder)
        self._bring_in(found)

    def export(self) -> None:
        file = self._services.file_to_save(self._page, "Joints as a tracks file", JSON_FILES)
        if file:
            changed = self._host.export_joints(file, self._page.choices().camera)
            self._work.note(f"{counted(changed.members, 'joint was', 'joints were')} written.")

    def _bring_in(self, documents: Sequence[Document]) -> None:
        scene, document, wishes = self._host.scene(), documents[0], Wishes()
        rate = (scene.fps_num, scene.fps_den)
        if PeopleDialog.is_needed(documents, rate):
            dialog = PeopleDialog(documents, rate, self._host.cameras(), self._page)
            if not self._services.run_dialog(dialog):
                return
            document, wishes = dialog.document(), dialog.wishes()
        changed = self._host.import_joints(str(document.file), wishes)
        notes = "".join(f" {note[0].upper()}{note[1:]}." for note in changed.notes)
        self._work.note(f"{counted(changed.members, 'joint has its keys', 'joints have their keys')}.{notes}")
