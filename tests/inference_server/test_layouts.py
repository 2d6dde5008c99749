"""Layouts of joints: one name in all of them, and one as another."""

import numpy as np

from inference_server.motion.bodies import torso_joints
from inference_server.motion.layouts import converted, into, joints_in, sources
from shared.layouts import BLAZEPOSE_33, BODY_25, BONES, COCO_17, H36M_17, HALPE_26, LAYOUTS, OPENPOSE_18, WHOLEBODY_133


def test_layouts_are_those_of_their_authors():
    """OpenPose's order of COCO-17 as rtmlib converts it; Halpe's and COCO-WholeBody's indices of their papers."""
    of_coco = [0, None, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3]
    assert [None if at is None else COCO_17[at] for at in of_coco] == [n if n != "neck" else None for n in OPENPOSE_18]
    assert [HALPE_26[at] for at in (17, 18, 19, 20, 23, 24)] == [
        *("head_top", "neck", "hip", "left_big_toe", "right_small_toe", "left_heel"),
    ]
    assert [BODY_25[at] for at in (1, 2, 7, 8, 9, 14, 15, 18, 19, 24)] == [
        *("neck", "right_shoulder", "left_wrist", "hip", "right_hip", "left_ankle", "right_eye", "left_ear"),
        *("left_big_toe", "right_heel"),
    ]
    assert [WHOLEBODY_133[at] for at in (16, 17, 22, 23, 90, 91, 112)] == [
        *("right_ankle", "left_big_toe", "right_heel", "face_0", "face_67", "left_hand_0", "right_hand_0"),
    ]
    assert [BLAZEPOSE_33.index(name) for name in COCO_17] == [0, 2, 5, 7, 8, *range(11, 17), *range(23, 29)]
    for name, names in LAYOUTS.items():
        assert len({*names}) == len(names) and all({*bone} <= {*names} for bone in BONES.get(name, ()))
    counts = [len(names) for names in LAYOUTS.values()]
    assert len({*counts}) == len(counts)  # a layout is known by how many joints it has


def test_the_torso_is_found_in_every_layout():
    assert torso_joints(33) == [11, 12, 23, 24] and torso_joints(17) == [5, 6, 11, 12] == torso_joints(133)
    assert torso_joints(18) == [5, 2, 11, 8] and torso_joints(25) == [5, 2, 12, 9]


def test_a_layout_goes_into_those_whose_joints_it_has_or_has_between_two():
    assert into("blazepose33") == ("blazepose33", "coco17", "openpose18")
    assert into("coco17") == ("coco17", "openpose18") and into("openpose18") == ("openpose18", "coco17")
    assert set(into("halpe26")) == {"halpe26", "coco17", "openpose18", "body25"}
    assert "halpe26" not in into("wholebody133")  # it has no top of the head
    rng = np.random.default_rng(0)
    places, sure = rng.random((2, 5, 17, 2)), rng.random((2, 5, 17))
    states = rng.integers(0, 4, (2, 5, 17)).astype(np.int8)
    there, as_sure, as_states = joints_in("openpose18", "coco17", places, sure, states)
    assert (there[..., 2:, :] == places[..., [6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3], :]).all()
    assert (
        np.allclose(there[..., 1, :], places[..., 5:7, :].mean(-2))
        and (as_sure[..., 1] == sure[..., 5:7].min(-1)).all()
    )
    assert as_states.dtype == np.int8 and (as_states[..., 1] == states[..., 5:7].max(-1)).all()


def test_joints_that_a_network_lifts_are_there_in_every_layout():
    """The order of Human3.6M, from Halpe's joints as MotionBERT takes them."""
    places = np.arange(26.0)[:, None]
    wanted = [19, 12, 14, 16, 11, 13, 15, 18.5, 18, 0, 17, 5, 7, 9, 6, 8, 10]
    assert converted(places, HALPE_26, H36M_17, np.mean)[:, 0].tolist() == wanted
    for name, names in LAYOUTS.items():
        assert name == "free" or all(sources(joint, names) for joint in H36M_17)
    coco = converted(np.arange(17.0)[:, None], COCO_17, H36M_17, np.mean)[:, 0]
    assert coco[[0, 7, 8, 9, 10]].tolist() == [11.5, (11.5 + 5.5) / 2, 5.5, 0, 1.5]
