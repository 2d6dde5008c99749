"""Some faults of the campaign, one of its saboteurs, and a few thousand damaged messages, with the other tests."""

import os
import sys

import pytest

from tests.faults import campaign, faults
from tests.faults.fuzz import fuzz
from tests.faults.world import Broken, sabotaged, write_labels

FRAMES = 40
CHOSEN = [*faults.CRASHES, *list(faults.OTHERS)[:3], "client killed while watching", "bits flipped on the line"]
CHOSEN += ["full disk", "clock jumps", "power cut"]

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kills, mounts and /proc of Linux")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Label frames and the same job without faults."""
    folder = tmp_path_factory.mktemp("faults")
    before = os.environ.get("SEMRENDER_HOME", "")
    labels = write_labels(folder / "labels", FRAMES)
    reference = campaign.make_reference(folder, labels, FRAMES)
    os.environ["SEMRENDER_HOME"] = before
    return labels, reference


@pytest.mark.parametrize("name", CHOSEN)
def test_every_promise_is_kept(name, prepared, tmp_path):
    labels, reference = prepared
    try:
        campaign.run_one(name, 7, tmp_path, labels, reference, FRAMES)
    except faults.Skipped as why:
        pytest.skip(f"NOT TESTED: {why}")


def test_the_campaign_notices_an_answer_before_the_commit(prepared, tmp_path):
    labels, reference = prepared
    fault, *change = campaign.SABOTAGES["a client is answered before the commit"]
    tree = sabotaged(tmp_path / "tree", *change)
    noticed = []
    for seed in range(8):  # the kill has to fall between the answer and the commit
        try:
            campaign.run_one(fault, seed, tmp_path, labels, reference, FRAMES, tree)
        except Broken as error:
            noticed.append(str(error))
            break
    assert noticed and "does not know that job" in noticed[0]


def test_damaged_messages_are_answered_and_the_server_lives():
    found = fuzz(3000, seed=2)
    assert found["well-formed"] > 1500 and found["unforeseen"] == 0 and found["worker deaths"] == 0
    assert found["MiB at most"] < found["MiB at start"] + 100


def test_the_list_holds_what_the_campaign_runs():
    assert len(CHOSEN) == len(set(CHOSEN)) == 21 and set(CHOSEN) <= set(faults.ALL)
