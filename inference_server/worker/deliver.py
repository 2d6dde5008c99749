"""The end of a job: empty mattes where a class is absent, delivery.json, previews.

What is delivered is read from the finished files' own headers, so a delivery never claims a frame that is not
there: every layer of the shot that is complete on disk belongs to it, also one painted by an earlier job.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from inference_server.crash_points import reach
from inference_server.worker import fence, outputs, sealing
from inference_server.worker.guides import deliver_guides
from inference_server.worker.joints import deliver_curves
from inference_server.worker.movie import bring_movie
from inference_server.worker.patches import NAME as PATCH
from inference_server.worker.patches import fill_patches, is_patch
from inference_server.worker.plan import LayerPlan, Plan, make_layer_plan
from inference_server.worker.preview import Pixels, shows, write_previews
from inference_server.worker.provenance import look
from inference_server.worker.sayings import deliver_sayings, marks
from inference_server.worker.skeletons import deliver_skeletons
from inference_server.worker.sounding import deliver_sound
from inference_server.worker.tracking import deliver_tracks
from inference_server.worker.writing import write_matte
from shared import VERSION, delivery, uids
from shared.consent import notice_of
from shared.delivery import DeliveryLayer, DeliveryShot, Footage
from shared.errors import DiskFull, SemrenderError
from shared.label_set import LabelSet, load_label_set
from shared.rates import fps_literal
from shared.sequences import frames_text
from shared.shot import ShotLayer
from shared.takes import SETTINGS, delivery_in, differences, look_of
from shared.values import Value

MATTE_LABEL = 14  # label colours of After Effects: 14 cyan for mattes, 9 green for paintings
PAINTING_LABEL = 9

Metadata = dict[str, Any]
Audio = tuple[delivery.DeliveryAudio, ...]


class Finished(Value):
    """A layer that is complete on disk over the delivered frames."""

    layer: ShotLayer
    headers: dict[int, Metadata]  # by frame
    label_set: LabelSet

    @property
    def first(self) -> Metadata:
        return next(iter(self.headers.values()))

    @property
    def classes(self) -> list[int]:
        return sorted({identity for header in self.headers.values() for identity in header["mattes"]})


def deliver(plan: Plan, ready: Mapping[int, Pixels]) -> dict[str, Any]:
    """Write mattes, delivery.json and previews of the job's output folder; returns their names and notes.

    ready: pictures of the animation, of this job's layers, that the worker made on the way.

    Frames with gaps between them get previews but no delivery: After Effects must never see a hole.
    """
    notes = []
    if plan.out != plan.asked:
        _bring_other_layers(plan)
    frames, layers = _complete(plan)
    _agree(plan, layers)
    shown = [finished.layer.name for finished in layers]
    whole = replace(plan, layers={name: plan.layers.get(name) or make_layer_plan(plan, name) for name in shown})
    for own in whole.layers.values():
        sealing.complete(whole, own, frames)
    made: dict[str, Any] = {}
    audio: Audio = ()
    if frames == list(range(frames[0], frames[-1] + 1)):
        for finished in layers:
            _fill_mattes(plan, finished)
            if is_patch(finished.first):
                fill_patches(plan, finished.layer.name, finished.headers)
        made["delivery"], audio, more = _write(plan, frames, layers, list(whole.layers.values()))
        notes += more
        notes += [
            f"layer {finished.layer.name}: frames {_frames_of(parts)} were painted otherwise than the rest"
            for finished in layers
            if (parts := _parts(finished))
        ]
        notes += [words for finished in layers if (words := _devices(finished))]
    else:
        notes.append(f"frames {frames_text(frames)} have gaps, so no delivery.json and no comp were written")
    reach("worker in the middle of delivery")
    same = list(whole.layers) == list(plan.layers)
    now = shows(whole, frames, {one.layer.name: [header["key"] for header in one.headers.values()] for one in layers})
    picture, animation = write_previews(whole, frames, now, plan.out, ready if same else {})
    made["preview"] = picture.name
    if animation is not None:
        made["animation"] = animation.name
    for one in layers:
        notes += deliver_sayings(plan, one.layer.name, one.headers)
    if "delivery" in made:
        made.update(_film(whole, frames, now, audio, notes))
    outputs.sweep(plan.out)
    outputs.settle(plan.out)
    return {**made, "notes": notes}


def is_whole(plan: Plan) -> bool:
    """Every frame of the shot is delivered: a range that one machine of a farm painted is no news for anybody."""
    return delivery.read_delivery(plan.out).shot.frames == len(plan.shot.frames)


def _film(plan: Plan, frames: list[int], shown: str, audio: Audio, notes: list[str]) -> dict[str, Any]:
    """{"movie"} where one was asked for. The paintings are there: that no movie can be made of them is a note."""
    try:
        path = bring_movie(plan, frames, shown, plan.out, audio)
    except DiskFull:
        raise
    except SemrenderError as error:
        notes.append(f"no movie was written: {error}")
        return {}
    return {} if path is None else {"movie": path.name}


def _complete(plan: Plan) -> tuple[list[int], list[Finished]]:
    """The frames to deliver and the layers that have them all; the whole shot where it is there."""
    for frames in (list(plan.shot.frames), list(plan.frames)):
        layers = []
        for layer in plan.shot.layers:
            headers = _headers(plan, layer.name, frames)
            if headers is not None:
                label_set = load_label_set(layer.label_set or plan.shot.label_set)
                layers.append(Finished(layer, headers, label_set))
        if set(plan.layers) <= {finished.layer.name for finished in layers}:
            return frames, layers
    raise SemrenderError(
        "painted frames have gone from the output folder", file=plan.out, remedy="Run the same command again"
    )


def _agree(plan: Plan, layers: list[Finished]) -> None:
    """The job's own frames are in its look: whoever else painted here did so in the same. Raises SemrenderError."""
    for finished in layers:
        own = plan.layers.get(finished.layer.name)
        if own is None:
            continue
        now = look_of(look(plan, own))
        for frame in plan.frames:
            if frame in finished.headers and (why := differences(now, look_of(finished.headers[frame]))):
                raise SemrenderError(
                    f"another job painted over this frame in another look ({', '.join(why)})",
                    file=plan.picture_path(finished.layer.name, frame),
                    layer=finished.layer.name,
                    frame=frame,
                    remedy="Run the same command again; without --overwrite every look gets a folder of its own",
                )


def _bring_other_layers(plan: Plan) -> None:
    """A take has the whole stack: layers that the job does not paint come from the folder that was asked for."""
    for layer in plan.shot.layers:
        headers = {} if layer.name in plan.layers else _headers(replace(plan, out=plan.asked), layer.name, plan.frames)
        for frame, header in (headers or {}).items():
            label_set = load_label_set(layer.label_set or plan.shot.label_set)
            names = [label_set.by_id(identity).name for identity in header["mattes"]]
            files = [plan.matte_path(layer.name, name, frame) for name in names]
            for file in (*files, plan.picture_path(layer.name, frame)):
                source = plan.asked / file.relative_to(plan.out)
                if not file.exists() and source.is_file():
                    file.parent.mkdir(parents=True, exist_ok=True)
                    outputs.place(file, source.read_bytes())


def _headers(plan: Plan, layer: str, frames: Iterable[int]) -> dict[int, Metadata] | None:
    """The headers of a layer's frames in the job's folder; None where one is not finished."""
    headers: dict[int, Metadata] = {}
    for frame in frames:
        header = outputs.read_metadata(plan.picture_path(layer, frame))
        if header is None or header.get("shot") != plan.shot.name:
            return None
        headers[frame] = header
    return headers


def _fill_mattes(plan: Plan, finished: Finished) -> None:
    """A matte sequence has every frame: where the class is absent the matte is empty."""
    for identity in finished.classes:
        name = finished.label_set.by_id(identity).name
        for frame, header in finished.headers.items():
            found = outputs.read_metadata(plan.matte_path(finished.layer.name, name, frame))
            if found is None or found.get("key") != header["key"]:
                width, height = header["size"]
                empty = np.zeros((height, width), np.float32)
                write_matte(plan, finished.layer.name, name, frame, header, empty)


def _write(
    plan: Plan, frames: list[int], layers: list[Finished], owns: list[LayerPlan]
) -> tuple[str, Audio, list[str]]:
    """Write delivery.json with what lies beside the pictures; its name, the sound, and notes. owns: of the layers."""
    names = (plan.shot.project, plan.shot.sequence, plan.shot.name)
    uid = uids.shot_uid(*(name for name in names if name is not None))
    width, height = layers[0].first["size"]
    before = delivery_in(plan.out)
    shot = DeliveryShot(
        uid=uid,
        name=plan.shot.name,
        width=width,
        height=height,
        fps=fps_literal(plan.shot.fps_num, plan.shot.fps_den),
        fps_num=plan.shot.fps_num,
        fps_den=plan.shot.fps_den,
        first=frames[0],
        last=frames[-1],
        frames=len(frames),
        pixel_aspect=plan.pixel_aspect,
    )
    joints, told = deliver_curves(plan, owns)
    tracks, hashes, notes = deliver_tracks(plan.shot, plan.base, plan.roots, shot, plan.out, joints)
    notes += told
    poses, more, words = deliver_skeletons(plan, owns, joints)
    hashes, notes = [*hashes, *more], [*notes, *words]
    audio, said = deliver_sound(plan.shot, plan.base, plan.roots, uid, plan.out)
    hashes += [one.footage.sha256 for one in audio]
    guides, more, words = deliver_guides(plan, owns, shot)
    hashes, notes = [*hashes, *more], [*notes, *said, *words]
    keys = [header["key"] for finished in layers for header in finished.headers.values()]
    content = hashlib.sha256("".join([*keys, *hashes]).encode()).hexdigest()[:12]
    version = 1 if before is None else before.shot.version + (not before.delivery_id.endswith(content))
    shot = replace(shot, version=version)
    made = datetime.now(UTC)
    now = delivery.Delivery(
        delivery_id=f"{made:%Y-%m-%dT%H-%M-%SZ}_{content}",
        created=made.isoformat(timespec="seconds"),
        generator=f"semrender {VERSION}",
        shot=shot,
        layers=(
            *(_painting(plan, shot, finished) for finished in layers),
            *(_class_matte(plan, shot, finished, i) for finished in layers for i in finished.classes),
            *(
                _matte(plan, shot, finished, delivery.MatteClass(0, PATCH))
                for finished in layers
                if is_patch(finished.first)
            ),
            *(replace(one, footage=replace(one.footage, version=version)) for one in guides),
        ),
        project=delivery.Project(bits_per_channel=16 if plan.format == "png" else 32),
        tracks=tracks,
        poses=poses,
        audio=delivery.of_version(audio, version),
        notices=_notices(uid, layers),
    )
    if before is not None and before.delivery_id.endswith(content):
        same = replace(now, delivery_id=before.delivery_id, created=before.created, generator=before.generator)
        if same == before:  # nothing was made: the file, and the project made of it, stay as they are
            return delivery.FILE_NAME, audio, notes
    fence.pass_or_leave()
    return delivery.write_delivery(now, plan.out).name, audio, notes


def _notices(shot: str, layers: list[Finished]) -> tuple[delivery.DeliveryNotice, ...]:
    """The visible label that the comp can show; none where nobody's face was changed or made."""
    kinds = {header.get("synthetic", "") for one in layers for header in one.headers.values()}
    text = notice_of(kinds)
    return (delivery.DeliveryNotice(uids.notice_uid(shot), "label", text),) if text else ()


def _footage(plan: Plan, shot: DeliveryShot, uid: str, name: str, paths: list[Path], **more: Any) -> Footage:
    return Footage(
        uid=uid,
        name=name,
        path=paths[0].relative_to(plan.out).as_posix(),
        width=shot.width,
        height=shot.height,
        first=plan.file_number(shot.first),
        last=plan.file_number(shot.last),
        start=shot.first,
        padding=4,
        pixel_aspect=shot.pixel_aspect,
        version=shot.version,
        sha1_first=hashlib.sha1(paths[0].read_bytes(), usedforsecurity=False).hexdigest(),
        **more,
    )


def _painting(plan: Plan, shot: DeliveryShot, finished: Finished) -> DeliveryLayer:
    layer, header = finished.layer, finished.first
    exr = header["format"] != "png"
    color = {"png": "sRGB", "exr": "linear Rec.709", "exr-acescg": "ACEScg"}[header["format"]]
    footage = _footage(
        plan,
        shot,
        uids.footage_uid(shot.uid, layer.name, "painting"),
        plan.stem(layer.name),
        [plan.picture_path(layer.name, frame) for frame in finished.headers],
        alpha="PREMULTIPLIED" if exr else "STRAIGHT",
        color=color,
    )
    return DeliveryLayer(
        uid=uids.layer_uid(shot.uid, layer.name, "painting"),
        name=layer.name,
        footage=footage,
        role="painting",
        label=PAINTING_LABEL,
        blend=layer.blend,
        opacity=layer.opacity,
        provenance=_provenance(header),
        parts=_parts(finished),
        markers=marks(plan, layer.name, finished.headers),
    )


def _class_matte(plan: Plan, shot: DeliveryShot, finished: Finished, identity: int) -> DeliveryLayer:
    label = finished.label_set.by_id(identity)
    palette = next(iter(finished.label_set.palettes.values()))
    return _matte(plan, shot, finished, delivery.MatteClass(label.id, label.name, palette.colors[label.id]))


def _matte(plan: Plan, shot: DeliveryShot, finished: Finished, of: delivery.MatteClass) -> DeliveryLayer:
    layer = finished.layer
    footage = _footage(
        plan,
        shot,
        uids.footage_uid(shot.uid, layer.name, "matte", of.name),
        f"{plan.stem(layer.name)}_{of.name}",
        [plan.matte_path(layer.name, of.name, frame) for frame in finished.headers],
        alpha="STRAIGHT",
        data=True,
    )
    return DeliveryLayer(
        uid=uids.layer_uid(shot.uid, layer.name, "matte", of.name),
        name=f"m_{layer.name}_{of.name}",
        footage=footage,
        role="matte",
        label=MATTE_LABEL,
        enabled=False,
        shy=True,
        class_=of,
        provenance=_provenance(finished.first),
    )


def _provenance(header: Metadata) -> delivery.Provenance:
    return delivery.Provenance(
        model=header["model"]["name"],
        model_hash=header["model"]["hash"],
        model_licence=header["model"]["licence"],
        label_set=header["label_set"]["name"],
        label_set_hash=header["label_set"]["hash"],
        seed=header["seed"],
        options={name: str(value) for name, value in header["options"].items()},
        **{name: header[name] for name in (*SETTINGS, "synthetic", "consent", "watermark") if name in header},
    )


def _devices(finished: Finished) -> str:
    """In words, where machines of several kinds painted a layer; empty where one kind did."""
    found: dict[str, list[int]] = {}
    for frame, header in finished.headers.items():
        found.setdefault(header.get("device") or "an unknown device", []).append(frame)
    if len(found) < 2:
        return ""
    told = "; ".join(f"{device}: {frames_text(frames)}" for device, frames in found.items())
    return f"layer {finished.layer.name} was painted on several devices, whose last bits may differ ({told})"


def _frames_of(parts: Iterable[delivery.Part]) -> str:
    return frames_text(frame for part in parts for frame in range(part.first, part.last + 1))


def _parts(finished: Finished) -> tuple[delivery.Part, ...]:
    """Runs of frames that were painted otherwise than the first."""
    whole = look_of(finished.first)
    runs: list[delivery.Part] = []
    for frame, header in finished.headers.items():
        if not differences(whole, look_of(header)):
            continue
        provenance = _provenance(header)
        if runs and runs[-1].last == frame - 1 and runs[-1].provenance == provenance:
            runs[-1] = replace(runs[-1], last=frame)
        else:
            runs.append(delivery.Part(frame, frame, provenance))
    return tuple(runs)
