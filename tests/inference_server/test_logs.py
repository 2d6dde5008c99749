"""What the logs say of a night, that every line is JSON, and who may read them."""

import json
import os
import stat

import pytest

from shared.servers import private_server
from tests.inference_server.servers import job_of, running_server


def lines(file):
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def said(file):
    return [line["what"] for line in lines(file)]


def test_the_log_of_a_server_tells_the_night(state_folder, add_sleep_model, add_gated_model, colour_frames, tmp_path):
    model, labels = add_sleep_model(), colour_frames(count=3)
    with running_server() as client:
        done = client.submit(job_of(labels, tmp_path / "done", model))
        list(client.watch(done))
        whole = (labels / "shot.1002.png").read_bytes()
        (labels / "shot.1002.png").write_bytes(whole[:60])
        failed = client.submit(job_of(labels, tmp_path / "failed", model))
        list(client.watch(failed))
        (labels / "shot.1002.png").write_bytes(whole)
        held = client.submit(job_of(labels, tmp_path / "held", add_gated_model("gated")))
        client.ask("pause", held)
        client.ask("resume", held)
        client.cancel(held)
    told = said(state_folder / "logs" / "server.log")
    assert "serves on tcp://127.0.0.1" in told[0] and "device cpu" in told[0]
    assert str(state_folder) in told[1]
    assert f"job {done} is done: painted 3, kept 0, copied 0, total 3" in told
    assert any(line.startswith(f"job {failed} is failed: ") and "shot.1002.png" in line for line in told)
    assert any(line.startswith(f"job {held} is cancelled") for line in told)
    assert told[-1] == "it has ended"
    assert [line["what"] for line in lines(state_folder / "logs" / "server.log") if line["level"] == "error"] == []
    painted = [line for line in said(state_folder / "logs" / "worker-cpu.log") if f"job {done}" in line]
    painted = [line for line in painted if "its picture took" in line]
    assert len(painted) == 3 and all("frame 100" in line and line.endswith(" s") for line in painted)


def test_private_servers_share_a_log_that_is_json_and_grows(state_folder, monkeypatch):
    file = state_folder / "logs" / "private-server.log"
    with private_server("test", "cpu"):
        first = len(lines(file))
        assert first
    with private_server("test", "cpu"):
        assert len(lines(file)) > first


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_the_state_folder_is_its_owners_alone_whatever_the_umask(state_folder):
    state_folder.chmod(0o777)  # as the version before made it
    before = os.umask(0)
    try:
        with private_server("test", "cpu"):
            for found in [state_folder, *state_folder.rglob("*")]:
                mode = stat.S_IMODE(found.stat().st_mode)
                assert mode == (0o700 if found.is_dir() else 0o600), found
    finally:
        os.umask(before)
