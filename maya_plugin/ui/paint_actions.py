"""What happens on the pages of painting and of jobs: requests to the host, orders to the session, results on show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from maya_plugin.core import farm, jobs, likeness, painted, passes, results, sun
from maya_plugin.core.contract import ARNOLD, VIEWPORT, BatchCommand, Played, Scene, ShotRequest, Sound
from maya_plugin.core.jobs import Job, Order, new_id
from maya_plugin.core.news import Problem, Project
from maya_plugin.ui.findings_dialog import FindingsDialog
from maya_plugin.ui.jobs_page import JobsPage
from maya_plugin.ui.paint_page import PASSES, Choices, PaintPage
from maya_plugin.ui.qt import Qt, QtCore, QtWidgets
from maya_plugin.ui.showing import PREVIEW, Showing
from maya_plugin.ui.work import Work
from shared.delivery import FILE_NAME as DELIVERY
from shared.delivery import read_delivery
from shared.errors import InputRefused, MissingInput, SemrenderError
from shared.wording import counted

SOUNDS = "Sounds (*.wav *.aif *.aiff *.mp3 *.m4a *.flac *.ogg *.mp4 *.mov);;All files (*)"
PICTURES = "Pictures (*.png *.jpg *.jpeg *.exr *.tif *.tiff *.tga *.webp);;All files (*)"
MOST_FINDINGS = 6  # told before a render; the list has all
HURRY = 50  # the priority of a frame that somebody waits for
FIRST_PAINT_MS = 30  # so that the words are on the screen before Maya renders


class PaintActions:
    """Args: turn_to: shows a page of the panel."""

    def __init__(self, work: Work, page: PaintPage, list_page: JobsPage, turn_to: Callable[[QtWidgets.QWidget], None]):
        self._work, self._host, self._page, self._list = work, work.host, page, list_page
        self._services, self._session, self._turn_to = work.services, work.services.session, turn_to
        self.findings = FindingsDialog(
            lambda: work.do(self._host.findings),
            lambda members: work.do(lambda: self._host.select(members)),
            lambda name: work.do(lambda: self._host.fix(name)),
            page,
        )
        self._showing = Showing(page, lambda job: setattr(self, "_shown", job))
        self._jobs: dict[str, Job] = {}
        self._renderers: dict[str, str] = {}  # of the passes of a job, to explain a refusal
        self._shown = ""  # the job whose picture is on show
        self._awaited = ""  # the job whose picture will be shown when it is there
        page.paint_frame.connect(lambda: work.do(self.paint_frame))
        page.render_shot.connect(lambda: work.do(self.render_shot))
        page.choose_reference.connect(lambda: work.do(self.choose_reference))
        page.choose_sound.connect(lambda: work.do(self.choose_sound))
        page.sun.asked.connect(lambda: work.do(self.show_sun))
        page.choose_folder.connect(lambda: work.do(self.choose_folder))
        page.place_picture.connect(lambda: work.do(self.place_picture))
        page.remove_picture.connect(lambda: work.do(lambda: self._host.remove_picture(page.choices().camera)))
        page.open_folder.connect(lambda: work.do(lambda: self.open_folder(self._shown)))
        page.project_picture.connect(lambda: work.do(self.project_picture))
        page.unproject_picture.connect(lambda: work.do(self.unproject_picture))
        page.farm_job.connect(lambda: work.do(self.farm_job))
        page.check_scene.connect(lambda: work.do(self.check_scene))
        page.play.connect(lambda: work.do(lambda: self._showing.play(self._job(self._shown))))
        list_page.pause.connect(self._session.pause)
        list_page.resume.connect(self._session.resume)
        list_page.cancel.connect(self._session.cancel)
        list_page.show_result.connect(lambda job: work.do(lambda: self.show_result(job)))
        list_page.open_folder.connect(lambda job: work.do(lambda: self.open_folder(job)))
        list_page.send.connect(lambda job: work.do(lambda: self.send(job)))

    # What the artist wants

    def paint_frame(self) -> None:
        """Render this frame's labels in Maya, then hand them over; the panel says so before Maya is busy."""
        scene, chosen = self._host.scene(), self._page.choices()
        places = results.of_frame(scene, chosen.camera_name, scene.frame, chosen.folder, chosen.shot)
        self._check(chosen, places)
        request = self._request(scene, chosen, places.passes, scene.frame)
        self._page.show_busy(f"Maya renders the passes of frame {scene.frame} …")
        QtWidgets.QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        order = Order(
            new_id(),
            f"{chosen.shot or scene.shot}, frame {scene.frame}",
            str(places.painted),
            jobs.FRAME,
            chosen.camera,
            "png",
            HURRY,
        )
        QtCore.QTimer.singleShot(FIRST_PAINT_MS, lambda: self._render_frame(request, order, chosen))

    def render_shot(self) -> None:
        """Have a process of Maya render the range on a copy of the scene; it is handed over when it is there."""
        prepared = self._prepare_shot("Render shot", "Render")
        if prepared is None:
            return
        order, command, chosen, _ = prepared
        self._renderers[order.id] = chosen.renderer
        self._awaited = order.id
        self._session.render(order, command)
        self._turn_to(self._list)

    def farm_job(self) -> None:
        """Write the same as a job for a farm; nothing is started."""
        prepared = self._prepare_shot("Job for a farm", "Write it")
        if prepared is None:
            return
        order, command, _, passes_folder = prepared
        file = farm.write(order, command, passes_folder)
        words = (
            f"{file.name} in {file.parent} is the job: two steps, passes and painting. Submit its folder to your farm"
        )
        self._work.note(f"{words}.", "Open folder", lambda: self._open(file.parent))

    def _prepare_shot(self, title: str, yes: str) -> tuple[Order, BatchCommand, Choices, Path] | None:
        """The saved copy and what renders it, its passes' folder; None where a finding stops it or the artist does."""
        scene, chosen = self._host.scene(), self._page.choices()
        places = results.of_shot(scene, chosen.camera_name, chosen.folder, chosen.shot)
        self._check(chosen, places)
        found = self._host.findings()
        if any(one.stops for one in found):
            self.check_scene()
            return None
        command = self._host.prepare_shot(self._request(scene, chosen, places.passes))
        frames = chosen.last - chosen.first + 1
        shot = chosen.shot or scene.shot
        words = f"{frames} frames of {shot} will be rendered into\n{places.passes}\n\n{command.licence}"
        if found:
            words += "\n\nCheck scene says:\n" + "\n".join(f"• {one.words}" for one in found[:MOST_FINDINGS])
        if not self._services.confirm(self._page, title, words, yes):
            return None
        self._keep(chosen)
        name = f"{shot}, {chosen.first}–{chosen.last}"
        order = Order(new_id(), name, str(places.painted), jobs.SHOT, chosen.camera, chosen.format)
        return order, command, chosen, places.passes

    def paint_shot(self, order: Order, shot_file: str) -> None:
        """Have a shot painted whose passes are there."""
        self._check_free(order.out)
        self._awaited = order.id
        self._session.paint(order, shot_file)
        self._turn_to(self._list)

    def consent(self, chosen: Choices) -> Mapping[str, str]:
        """On what ground a face is changed, empty for a model that changes none. Raises InputRefused."""
        card = self._page.card()
        if card is None or not card.likeness:
            return {}
        likeness.check(card.title, chosen.consent)
        return chosen.consent

    def check_scene(self) -> None:
        """Show the list of what a render would lack; it stays open beside the work."""
        self.findings.look_again()
        self.findings.show()
        self.findings.raise_()

    def show_sun(self) -> sun.Sun | None:
        """The sun of the scene, shown on the page, where a model is told of it."""
        chosen = self._page.choices()
        if not chosen.camera or not self._page.sun.of_scene():
            return None
        found = self._host.sun(chosen.first)
        if found is None:
            self._page.sun.show_sun("", {})
        else:
            angles = sun.of_scene(found, self._host.heading(chosen.camera, chosen.first))
            self._page.sun.show_sun(found.name, angles)
        return found

    def choose_reference(self) -> None:
        file = self._services.file_to_open(self._page, "The picture whose look is taken over", PICTURES)
        if file:
            self._page.reference.setText(file)

    def choose_sound(self) -> None:
        file = self._services.file_to_open(self._page, "The sound that the model follows", SOUNDS)
        if file:
            self._page.sound.file.setText(file)

    def choose_folder(self) -> None:
        folder = self._services.folder_to_choose(self._page, "Folder for the results")
        if folder:
            self._page.results.folder.setText(folder)

    def show_result(self, identity: str) -> None:
        job = self._job(identity)
        if job.error is not None:
            self._work.report(job.error, self._renderers.get(job.id, ""))
            return
        if job.state == "failed":
            self._session.explain(job)
            return
        if not (Path(job.out) / PREVIEW).is_file():
            raise MissingInput("the painting is not there any more", file=job.out, remedy="Paint it again")
        self._on_show(job)
        self._turn_to(self._page)

    def open_folder(self, identity: str) -> None:
        job = self._job(identity)
        if not Path(job.out).is_dir():
            raise MissingInput("there is no such folder yet", file=job.out, remedy="Wait until something is painted")
        self._open(Path(job.out))

    def send(self, identity: str) -> None:
        """Lay a delivery out for After Effects."""
        job = self._job(identity)
        delivery = Path(job.out) / DELIVERY
        if not delivery.is_file():
            raise MissingInput("there is no delivery", file=delivery, remedy="Wait until the job is done")
        self._work.note("Laying the layers out for After Effects …")
        self._session.make_project(str(delivery))

    def send_latest(self) -> None:
        """The shelf's button: the newest painted shot, else the newest painting at all."""
        done = [job for job in self._jobs.values() if job.state == "done"]
        done.sort(key=lambda job: job.kind == jobs.FRAME)
        if not done:
            raise InputRefused("nothing was painted yet", remedy="Press Render shot, and send it when it is done")
        self.send(done[0].id)

    def place_picture(self) -> None:
        """The lowest painted layer, as the picture behind everything, on the camera it was rendered from."""
        job = self._job(self._shown)
        delivery = read_delivery(Path(job.out))
        layers = [layer for layer in delivery.layers if layer.role == "painting"]
        if not layers:
            raise InputRefused("the delivery has no painted layer", file=job.out)
        chosen = layers[-1]
        footage, camera = chosen.footage, job.camera or self._page.choices().camera
        still = not footage.sequence or footage.first == footage.last
        played = None if still else Played(footage.first, footage.last, footage.start_frame)
        told = self._host.place_picture(str(Path(job.out) / footage.path), camera, played, footage.color)
        more = f" It is the layer {chosen.name}, the lowest of {len(layers)}." if len(layers) > 1 else ""
        more += f" {told}." if told else ""
        self._work.note(f"The painting is on an image plane, seen through the view transform; here it is as is.{more}")

    def project_picture(self) -> None:
        """The lowest painted layer on the frame that stands in the scene, thrown onto the selection."""
        job, scene = self._job(self._shown), self._host.scene()
        delivery = read_delivery(Path(job.out))
        found = painted.frames(delivery, Path(job.out))
        first, last = delivery.shot.first, delivery.shot.last
        if not found:
            raise InputRefused("the painted layers are EXR, which is not projected", remedy="Paint the frame as PNG")
        frame = min(max(scene.frame, first), last)
        files = found[frame - first]
        if not files:
            raise InputRefused("nothing is painted on this frame", file=job.out, frame=frame, remedy="Paint it first")
        camera = job.camera or self._page.choices().camera
        count = self._host.project_picture(str(files[0]), camera, frame, self._host.selection())
        self._work.note(f"Frame {frame} of the painting is projected onto {counted(count, 'thing', 'things')}.")

    def unproject_picture(self) -> None:
        count = self._host.unproject_pictures()
        self._work.note(f"{counted(count, 'projection was', 'projections were')} taken off.")

    # What the session tells

    def show_jobs(self, found: tuple[Job, ...]) -> None:
        self._jobs = {job.id: job for job in found}
        self._list.show_jobs(found)
        moving = next((job for job in found if job.id == self._awaited), None)
        if moving is None:
            return
        self._page.show_busy("" if moving.ended else jobs.words(moving))
        if moving.ended:
            self._awaited = ""
        if moving.state == "done":
            self._on_show(moving)

    def show_problem(self, problem: Problem) -> None:
        self._work.report(problem.error, self._renderers.get(problem.job, ""))

    def show_project(self, project: Project) -> None:
        notes = "".join(f" {note.rstrip('.')}." for note in project.notes)
        words = f"{project.path.name} lies beside the painting.{notes}"
        self._work.note(words, "Open in After Effects", lambda: self._open_project(project.path))

    # Inside

    def _open(self, folder: Path) -> None:
        if not self._services.open_path(str(folder)):
            raise SemrenderError("the folder cannot be shown here", file=folder)

    def _render_frame(self, request: ShotRequest, order: Order, chosen: Choices) -> None:
        try:
            report = self._work.do(lambda: self._host.render_preview(request))
        finally:
            QtWidgets.QApplication.restoreOverrideCursor()
            self._page.show_busy("")
        if report is None:
            return
        self._work.do(lambda: self._keep(chosen))
        words = [f"{number} × {what}" for what, number in report.counts.items()] + list(report.notes)
        told = ["In the label pass: " + "; ".join(word.rstrip(".") for word in words) + "."] if words else []
        card = self._page.card()
        lacks = passes.left_out(request, {} if card is None else card.inputs, chosen.extra)
        if lacks:
            named = " and ".join(PASSES[one].lower() for one in lacks)
            by_arnold = " By Arnold this frame has normals and depth." if "normal" in lacks or "depth" in lacks else ""
            told.append(f"It is painted without {named}, which a rendered shot has.{by_arnold}")
        if told:
            self._work.note(" ".join(told))
        self._renderers[order.id] = VIEWPORT
        self._awaited = order.id
        self._session.paint(order, report.shot_file)

    def _check(self, chosen: Choices, places: results.Places) -> None:
        if not chosen.layers:
            raise InputRefused("no layer is ticked", remedy="Tick at least one render layer")
        if not chosen.camera:
            raise InputRefused("the scene has no camera to render from", remedy="Make one, or show a hidden one")
        self.consent(chosen)
        self._check_free(str(places.painted))
        results.make(places.passes)

    def _check_free(self, out: str) -> None:
        if any(job.out == out and not job.ended for job in self._jobs.values()):
            raise InputRefused(
                "the same frames are still being painted", file=out, remedy="Wait, or cancel it on the page Jobs"
            )

    def _request(self, scene: Scene, chosen: Choices, folder: Path, frame: int | None = None) -> ShotRequest:
        """For the range that is chosen, or for a frame of the open scene."""
        smaller, card = chosen.divide > 1, self._page.card()
        sound = self._host.sound() if card is not None and "audio" in card.inputs else None
        if chosen.audio:
            sound = Sound(chosen.audio, chosen.first)
        request = ShotRequest(
            folder=str(folder),
            camera=chosen.camera,
            first=chosen.first if frame is None else frame,
            last=chosen.last if frame is None else frame,
            layers=chosen.layers,
            renderer=chosen.renderer,
            extra=tuple(one for one in chosen.extra if frame is None or one != passes.SHADING),
            width=max(1, scene.width // chosen.divide) if smaller else None,
            height=max(1, scene.height // chosen.divide) if smaller else None,
            model=chosen.model,
            options=chosen.options,
            seed=chosen.seed,
            hold=chosen.hold,
            reference=chosen.reference,
            audio=sound.file if sound is not None else "",
            audio_start=sound.start if sound is not None else 0,
            consent=self.consent(chosen),
            name=chosen.shot or scene.shot,
        )
        if card is None:
            return request
        if sun.takes(chosen.options):
            request = replace(request, options=self._lit(chosen, request.first))
        guides = passes.GUIDES if frame is None or chosen.renderer == ARNOLD else passes.DRAWN
        return passes.fed(request, card.title, card.inputs, guides)

    def _lit(self, chosen: Choices, first: int) -> Mapping[str, Any]:
        """The options with the sun for a shot that begins at `first`; the page's count from the first of its frames."""
        looks = self._host.heading(chosen.camera, first)
        found = self.show_sun() if chosen.sun_of_scene else None
        if found is not None:
            return {**chosen.options, **sun.of_scene(found, looks)}
        return sun.by_hand(chosen.options, self._host.heading(chosen.camera, chosen.first), looks)

    def _keep(self, chosen: Choices) -> None:
        kept = asdict(chosen)
        for of_the_moment in ("first", "last", "camera_name"):
            del kept[of_the_moment]
        self._host.remember({**kept, "layers": list(chosen.layers), "extra": list(chosen.extra)})

    def _on_show(self, job: Job) -> None:
        self._shown = job.id
        self._showing.show(job)
        self._page.show_result_buttons(True)

    def _job(self, identity: str) -> Job:
        if identity not in self._jobs:
            raise InputRefused("there is no painting to do this with", remedy="Paint a frame first")
        return self._jobs[identity]

    def _open_project(self, path: Path) -> None:
        if not self._services.open_path(str(path)):
            self._work.report(SemrenderError("no program here opens it", file=path, remedy="Open it in After Effects"))
