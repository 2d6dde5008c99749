"""A walk whose truth is known, as a model would read it, and what skeletons of it are measured by.

`walk_truth.npz` is of the reference clip: 23 points of a rendered body, its camera (which zooms and shakes), when its
feet touch the floor, and what a network reads of it (`read_`, BlazePose as published).
"""

import numpy as np

from inference_server.motion import joints
from inference_server.motion.delivered import tracks_of
from inference_server.motion.solving.people import measured
from inference_server.motion.solving.solve import Ask, solve
from shared.layouts import BLAZEPOSE_33
from shared.tracks import Camera, Tracks
from tests.conftest import ROOT

TRUTH = dict(np.load(ROOT / "tests" / "data" / "pose" / "walk_truth.npz"))
NAMES = [name.replace("big_toe", "foot_index") for name in TRUTH["names"].tolist()]
FIRST, FRAMES = 1001, 48
UPRIGHT = TRUTH["world_points"].astype(float)[..., [0, 2, 1]] * [100, 100, -100]  # centimetres, y up
POINTS = {  # where joints of a skeleton are in the truth
    f"{side}{joint}": f"{side.lower()}_{point}"
    for side in ("Left", "Right")
    for joint, point in (
        ("Arm", "shoulder"),
        ("ForeArm", "elbow"),
        ("Hand", "wrist"),
        ("UpLeg", "hip"),
        ("Leg", "knee"),
        ("Foot", "ankle"),
        ("ToeBase", "foot_index"),
    )
}


def as_prepared(space, places, sure, states=None):
    """As the family pose leaves it, of one person: metres, pixels, 0..1, of all of BLAZEPOSE_33."""
    states = np.where(sure > 0, joints.SEEN, joints.HIDDEN).astype(np.int8) if states is None else states
    about = {"frames": np.arange(FIRST, FIRST + len(space)), "size": np.array([640, 360])}
    read = {"places": places[None], "sure": sure[None], "states": states[None], "space": space[None]}
    return {**about, "layout": np.array("blazepose33"), **read}


def spread(values, fill):
    """(F, 23, ...) of the truth's points as (F, 33, ...)."""
    made = np.full((len(values), len(BLAZEPOSE_33), *values.shape[2:]), fill, float)
    for at, name in enumerate(NAMES):
        if name in BLAZEPOSE_33:
            made[:, BLAZEPOSE_33.index(name)] = values[:, at]
    return made


def true_prepared(camera_points=TRUTH["camera_points"], places=TRUTH["keypoints"]):
    space = spread(
        camera_points - camera_points[:, [NAMES.index(f"{s}_hip") for s in ("left", "right")]].mean(1)[:, None], np.nan
    )
    return as_prepared(space, spread(places, -1), spread(np.ones(space.shape[:1] + (23,)), 0))


def read_prepared():
    image, world = TRUTH["read_image"].astype(float), TRUTH["read_world"].astype(float)
    states = joints.states_of(image[..., :2], image[..., 3], np.ones(FRAMES, bool), (640, 360))
    places = joints.smoothed(image[..., :2], states, "light")
    return as_prepared(world, places, np.where(states == joints.SEEN, image[..., 3], 0), states)


def true_camera():
    """The camera of the truth, whose world is z up and in metres."""
    matrices = []
    for turn, shift in zip(TRUTH["camera_R"], TRUTH["camera_t"], strict=True):
        matrix = np.eye(4)
        matrix[:3, :3] = turn * [[1], [-1], [-1]]
        matrix[3, :3] = -turn.T @ shift
        matrices.append(tuple(matrix.ravel()))
    focal = tuple((TRUTH["camera_f"] * 36 / 640).tolist())
    return Tracks(
        first=FIRST, last=FIRST + 47, width=640, height=360, up="z", centimetres=100.0,
        camera=Camera("shot_cam", tuple(matrices), focal, 36.0),
    )  # fmt: skip


def solved(prepared, camera, **ask):
    tracks = tracks_of(prepared, "blazepose33", "off", 1.0, 0)
    return solve(measured(prepared, 0), tracks, camera, (24, 1), Ask(**ask))


def places_of(person):
    """Forward kinematics of what is in the document, by hand: joint -> (F, 3)."""
    return _posed(person)[0]


def ends_of(person):
    """Where joints end on which none hangs: joint -> (F, 3)."""
    places, ways = _posed(person)
    return {one.name: places[one.name] + ways[one.name] @ np.array(one.end) for one in person.joints if one.end}


def _posed(person):
    made, ways = {}, {}
    for joint in person.joints:
        x, y, z = np.radians(np.broadcast_to(joint.rotation, (person.frames, 3))).T
        zero, one = np.zeros_like(x), np.ones_like(x)
        about_x = np.array([[one, zero, zero], [zero, np.cos(x), -np.sin(x)], [zero, np.sin(x), np.cos(x)]])
        about_y = np.array([[np.cos(y), zero, np.sin(y)], [zero, one, zero], [-np.sin(y), zero, np.cos(y)]])
        about_z = np.array([[np.cos(z), -np.sin(z), zero], [np.sin(z), np.cos(z), zero], [zero, zero, one]])
        own = np.einsum("ijf,jkf,klf->fil", about_z, about_x, about_y)
        if joint.parent is None:
            made[joint.name], ways[joint.name] = np.broadcast_to(person.root, (person.frames, 3)), own
        else:
            made[joint.name] = made[joint.parent] + ways[joint.parent] @ np.array(joint.offset)
            ways[joint.name] = ways[joint.parent] @ own
    return made, ways


def slide(places, side, where):
    """Centimetres a frame that a toe moves between neighbouring frames that are both `where`."""
    moved = np.linalg.norm(np.diff(places[f"{side}ToeBase"], axis=0), axis=1)
    return moved[where[1:] & where[:-1]]


def standing_frames(person, side):
    made = np.zeros(person.frames, bool)
    for first, last in person.contacts.get(f"{side}Foot", ()):
        made[first - person.first : last - person.first + 1] = True
    return made


def jump(person):
    return max(np.abs(np.diff(joint.rotation, axis=0)).max() for joint in person.joints if len(joint.rotation) > 1)


def seen_at(poses):
    """(F, 2): the pixel at which the hips are seen through the document's own camera."""
    root = np.array(poses.people[0].root)
    matrices = np.broadcast_to(np.array(poses.camera.matrix).reshape(-1, 4, 4), (FRAMES, 4, 4))
    local = np.einsum("fij,fj->fi", matrices[:, :3, :3], root - matrices[:, 3, :3])
    focal = np.array(poses.camera.focal) / poses.camera.film * poses.width
    return np.column_stack([320 + focal * local[:, 0] / -local[:, 2], 180 - focal * local[:, 1] / -local[:, 2]])
