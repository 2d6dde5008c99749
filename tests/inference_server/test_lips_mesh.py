"""The mesh of a face: the points that MediaPipe reads."""

import math

import cv2
import numpy as np
import pytest
from PIL import Image

from inference_server.datasets.detector import Detector
from inference_server.models.faces import mesh
from inference_server.motion.bodies import Region
from tests.conftest import ROOT

ASTRONAUT = ROOT / "tests" / "data" / "faces" / "astronaut.jpg"


@pytest.fixture(scope="module")
def reader():
    return mesh.FaceMesh("cpu")


def test_the_same_points_as_mediapipe(reader, data_folder):
    folder = data_folder / "pose_reference"
    wanted = np.load(folder / "astronaut_blazepose.npz")
    picture = np.asarray(Image.open(folder / "astronaut.png").convert("RGB"))
    (found,) = reader.search(picture)
    left, top, wide, high = wanted["face_box"]
    assert np.abs(np.array(found.box) - (left, top, left + wide, top + high)).max() < 0.1
    assert np.abs(found.points - wanted["face_points"]).max() < 0.1
    made = reader.read(picture, found.region)
    assert np.abs(made.points - wanted["face_mesh"][:, :2]).max() < 0.05 and made.sure > 0.999
    assert np.abs(made.depth - wanted["face_mesh"][:, 2]).max() < 0.05


def test_a_face_is_read_where_it_is_however_it_is_turned(reader):
    picture = np.asarray(Image.open(ASTRONAUT).convert("RGB"))
    (found,) = reader.search(picture)
    upright = reader.read(picture, found.region)
    five = np.array(Detector().faces(picture)[0].points)
    named = [upright.points[[33, 133]].mean(0), upright.points[[362, 263]].mean(0), upright.points[1]]
    named += [upright.points[61], upright.points[291]]
    assert np.abs(np.array(named) - five).max() < 0.06 * found.region.side
    middle = (found.region.x, found.region.y)
    way = cv2.getRotationMatrix2D(middle, 30, 1.0)
    turned = cv2.warpAffine(picture, way, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    other = reader.search(turned)[0]
    assert abs(other.region.angle - found.region.angle + math.radians(30)) < 0.1
    back = np.hstack([upright.points, np.ones((mesh.POINTS, 1))]) @ way.T
    assert np.abs(reader.read(turned, other.region).points - back).mean() < 0.02 * found.region.side
    part = reader.search(picture, Region(*middle, 2 * found.region.side, 0.3))[0]
    assert np.abs(part.points - found.points).max() < 0.04 * found.region.side


def test_where_no_face_is_nobody_is_sure(reader):
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3)).astype(np.uint8)
    assert reader.search(noise) == [] and reader.read(noise, Region(150, 100, 120, 0.0)).sure < 0.5
