"""What a machine does with a run of blocks, in this process: it paints it, tells of it, and refuses what it cannot."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from inference_server.farm.errand import errand
from shared import places
from shared.client import Client
from shared.errors import FramesFailed, InputRefused, Interrupted, MachineRefused
from tests.conftest import semrender
from tests.inference_server.farm.conftest import chunk_of, files, paintings, spoil
from tests.inference_server.servers import wait_for


def test_a_run_is_painted_as_a_render_paints_it(resident, machine, farm_shot, tmp_path):
    shot, said = farm_shot(count=12, first=1009, hold="strong"), []
    chunk = chunk_of(resident, shot, tmp_path / "out")
    counts = errand(chunk, machine("one"), resident.connection, lambda done: said.append(done) or True)
    assert counts == {"painted": 12, "kept": 0, "copied": 0} and said == sorted(said)
    semrender("render", shot, "--out", tmp_path / "whole", "--no-aep", "--movie", "none")
    whole = files(tmp_path / "whole")
    assert {name: whole[name] for name in files(tmp_path / "out")} == files(tmp_path / "out")
    again = errand(chunk, machine("two"), resident.connection, lambda _: True)
    assert again == {"painted": 0, "kept": 12, "copied": 0}


@pytest.mark.parametrize("travels", [False, True], ids=["one disk", "sent"])
def test_passes_that_are_damaged_or_gone_fail_their_pictures_alone_by_name_and_the_counts_come_along(
    resident, machine, farm_shot, tmp_path, travels
):
    shot = farm_shot(count=20)
    file = {frame: shot.parent / "all" / f"label.{frame}.png" for frame in (1001, 1003, 1005, 1007, 1009)}
    spoil(file[1003])
    chunk = chunk_of(resident, shot, tmp_path / "out")
    # After the job was looked at; the first frame of the run, too:
    file[1001].write_bytes(file[1001].read_bytes()[:-40])
    Image.open(file[1005]).resize((32, 18), Image.Resampling.NEAREST).save(file[1005])
    file[1007].unlink()
    file[1009].unlink()  # of another run
    home, maps = tmp_path / "one", [f"{tmp_path}=/not/here"] if travels else []
    with pytest.raises(FramesFailed) as failed:
        errand(chunk, machine("one"), resident.connection, lambda _: True, maps=maps, machine="one", home=home)
    assert failed.value.counts == {"painted": 4, "kept": 0, "copied": 0}
    told = {error.frame: error for error in failed.value.errors}
    assert sorted(told) == [1001, 1003, 1005, 1007] and {error.layer for error in told.values()} == {"all"}
    assert all(isinstance(error, InputRefused) for error in told.values()), "no second machine tries"
    assert [told[frame].file for frame in (1001, 1003, 1005)] == [str(file[frame]) for frame in (1001, 1003, 1005)]
    assert "is 32x18" in told[1005].what and "lacks 1 of 1 frame: 1007" in told[1007].what
    assert told[1007].remedy == "Render them"
    assert str(tmp_path / "out") in failed.value.remedy and "4 of 8 frames failed" in failed.value.what
    assert len(files(tmp_path / "out")) == 4


def test_what_is_made_of_a_damaged_pass_has_failed_and_the_rest_of_the_run_is_counted(
    resident, machine, farm_shot, tmp_path
):
    shot = farm_shot(count=24, first=1009, hold="gentle")
    chunk = chunk_of(resident, shot, tmp_path / "out")
    spoil(shot.parent / "all" / f"label.{chunk['frames'][-1]}.png")
    with pytest.raises(FramesFailed) as failed:
        errand(chunk, machine("one"), resident.connection, lambda _: True)
    assert failed.value.counts is not None
    there = failed.value.counts["painted"]
    assert 0 < there < chunk["pictures"] and there == len(list((tmp_path / "out" / "all").glob("*.png")))
    (error,) = failed.value.errors
    assert error.frame == chunk["frames"][-1]
    whole = semrender("render", shot, "--out", tmp_path / "whole", "--no-aep", "--movie", "none")
    assert whole.returncode == 4 and str(error) in whole.stderr
    failing = 24 - len(list((tmp_path / "whole" / "all").glob("*.png")))
    assert f"{failing} of 24 frames failed" in whole.stderr


def test_what_is_not_wanted_any_more_is_stopped_at_the_machine(resident, machine, farm_shot, add_sleep_model, tmp_path):
    shot = farm_shot(model="gated")
    add_sleep_model("gated", config={"seconds": 0, "gate": True})
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "gate").write_text("3")
    chunk, server = chunk_of(resident, shot, tmp_path / "out", model="gated"), machine("one")
    with pytest.raises(Interrupted):
        errand(chunk, server, resident.connection, lambda done: done < 3)
    (tmp_path / "one" / "gate").unlink()
    wait_for(lambda: not any(worker["tasks"] for worker in server.client.hello("test")["workers"]))
    assert 3 <= len(files(tmp_path / "out")) < 8
    counts = errand(chunk, server, resident.connection, lambda _: True)
    assert counts["kept"] >= 3 and counts["kept"] + counts["painted"] == 8


@pytest.mark.parametrize("hold", ["off", "strong"])
def test_two_machines_with_one_run_meet_and_paint_nothing_twice_but_what_is_in_hand(
    hold, resident, machine, farm_shot, add_sleep_model, tmp_path
):
    shot = farm_shot(count=12, first=1009, model="gated", hold=hold)
    add_sleep_model("gated", config={"seconds": 0, "gate": True, "tally": True})
    chunk = chunk_of(resident, shot, tmp_path / "out", model="gated")
    assert not chunk["backwards"]
    one, two, gate = machine("one"), machine("two"), tmp_path / "one" / "gate"
    gate.write_text("5")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(errand, chunk, one, resident.connection, lambda _: True)
        wait_for(lambda: paintings(gate.parent) == 6)
        errand({**chunk, "backwards": True}, two, resident.connection, lambda _: True)
        gate.unlink()
        counts = first.result()
    assert paintings(gate.parent) == 6 and counts["kept"] >= 6, "what it had decoded the other one has painted"
    assert paintings(tmp_path / "two") == 12 - 5
    written = sorted((tmp_path / "out" / "all").glob("*.png"), key=lambda file: file.stat().st_mtime_ns)
    assert hold == "strong" or "1020" in f"{written[5:7]}", "from its last frame on"


def test_a_run_of_an_urgent_job_is_urgent_at_the_machine_too(resident, machine, farm_shot, add_sleep_model, tmp_path):
    shot, server, seen = farm_shot(model="gated"), machine("one"), []
    add_sleep_model("gated", config={"seconds": 0, "gate": True})
    gate = tmp_path / "one" / "gate"
    gate.write_text("0")

    def tell(_):
        seen.extend(job["priority"] for job in Client(places.read_json(gate.with_name("connection.json"))).jobs())
        if seen:
            gate.unlink(missing_ok=True)
        return True

    errand(
        {**chunk_of(resident, shot, tmp_path / "out", model="gated"), "priority": 7}, server, resident.connection, tell
    )
    assert set(seen) == {7}


@pytest.mark.parametrize(
    "change, words",
    [
        ({"version": "0.0.7"}, "one runs semrender .*, the job was made with 0.0.7"),
        ({"python": "3.7"}, "one runs Python .*, the job was made with 3.7"),
        ({"build": "another"}, "one runs another build of semrender .* than the job was made with"),
    ],
)
def test_a_machine_that_is_otherwise_refuses_in_words(resident, machine, farm_shot, tmp_path, change, words):
    chunk = chunk_of(resident, farm_shot(), tmp_path / "out")
    with pytest.raises(MachineRefused, match=words):
        errand({**chunk, **change}, machine("one"), resident.connection, lambda _: True, machine="one")


def test_a_folder_that_is_another_one_here_is_mapped(resident, machine, farm_shot, tmp_path):
    shot = farm_shot()
    chunk = chunk_of(resident, shot, tmp_path / "out")
    there = {**chunk, "base": "/mnt/show/shot", "out": "/mnt/show/out"}
    counts = errand(there, machine("one"), resident.connection, lambda _: True, maps=[f"/mnt/show={tmp_path}"])
    assert counts["painted"] == 8 and len(files(tmp_path / "out")) == 8
