"""A dozen of the farm's faults with the other tests, on machines that are plain processes on one network."""

import os
import random
import sys

import pytest

from tests.faults import farm_campaign, farm_faults
from tests.faults.farm_campaign import job_of, make_reference, run_one
from tests.faults.machines import Farm
from tests.faults.world import Broken, write_labels

FRAMES, MACHINES = 96, 3
LONG = ("all machines", "server with the ledger")  # as the first machine's end, and longer
CHOSEN = [name for name in farm_faults.ALL if not (name in LONG or "link" in name or "40 s" in name)]

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kills, mounts and /proc of Linux")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A farm, a job, and the folder of the same job without a farm."""
    folder = tmp_path_factory.mktemp("farm_faults")
    before = os.environ.get("SEMRENDER_HOME", "")
    job = job_of(write_labels(folder / "labels", FRAMES), folder / "out", FRAMES, "gentle", 1)
    farm = Farm(folder / "machines", MACHINES, networks=False, seconds=0.01)
    try:
        yield farm, job, make_reference(folder, farm.first.home / "models", job)
    finally:
        farm.close()
        os.environ["SEMRENDER_HOME"] = before


@pytest.mark.parametrize("name", CHOSEN)
def test_every_promise_of_a_farm_is_kept(name, prepared):
    farm, job, reference = prepared
    os.environ["SEMRENDER_HOME"] = str(farm.first.home)
    try:
        run_one(name, 7, farm, job, reference, 0.0)
    except farm_faults.Skipped as why:
        pytest.skip(f"NOT TESTED: {why}")


def test_the_campaign_notices_what_is_painted_again_and_what_differs(prepared):
    farm, job, reference = prepared
    os.environ["SEMRENDER_HOME"] = str(farm.first.home)
    changed = next(reference.rglob("*.png"))
    whole = changed.read_bytes()
    changed.write_bytes(whole + b"\0")
    try:
        with pytest.raises(Broken, match="1 files differ"):
            run_one("nothing", 7, farm, job, reference, 0.0)
    finally:
        changed.write_bytes(whole)


def test_what_may_be_painted_again_is_counted_by_what_the_job_says():
    def event(state, machine, first=83, last=86):
        return {"event": "chunk", "body": {"blocks": [first, last], "machine": machine, "state": state}}

    events = [event("started", "one"), event("started", "two", 87, 87), event("lost", "one"), event("started", "two")]
    assert farm_faults.begun([*events, {"event": "done", "body": {}}]) == {(83, 86): 2, (87, 87): 1}

    def ends(hold, frames, per):
        return farm_faults.shared_ends({"shot": {"first": 1001, "last": 1000 + frames, "hold": hold}, "per": per})

    assert ends("gentle", 24, 1) == {1001: 2, 1008: 1, 1020: 1}, "the first one in all three runs"
    assert ends("strong", 400, 4).total() == 18, "the end of a block beside it, too"


def test_a_run_that_two_machines_painted_side_by_side_is_a_broken_promise(prepared):
    farm, job, _ = prepared
    trial = farm_faults.Trial(farm, random.Random(7), job, 0.0)
    both = [f"{frame:064x}:{frame}" for frame in range(1057, 1069)]  # block 88
    trial.painted = lambda machine: both if machine in farm.machines[:2] else []
    trial.again = 100
    with pytest.raises(Broken, match="12 frames of blocks 88-88 were painted twice, 7 may be"):
        trial._count({(88, 88): 1})
    assert trial._count({(88, 88): 2})["twice"] == 12


def test_the_list_holds_what_the_campaign_runs():
    assert len(CHOSEN) == 12 and sum(farm_campaign.times(name) for name in farm_faults.ALL) == 41
