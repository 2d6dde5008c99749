"""What docs/farm.md tells people to type, typed: the loop, the array of Slurm, the index of Kubernetes."""

import os
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT, semrender
from tests.inference_server.farm.conftest import farm, files

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these are shell scripts")
PAGE = (ROOT / "docs" / "farm.md").read_text()


def block(containing):
    (found,) = [text for text in re.findall(r"```\w*\n(.*?)```", PAGE, re.DOTALL) if containing in text]
    return found


@pytest.fixture
def shell(tmp_path, farm_shot):
    """Runs a script beside a shot of three runs, with `semrender` in its path; returns its exit code and words."""
    shot = farm_shot(count=26)
    folder = shot.parent
    (folder / "blocks.txt").write_text(farm("blocks", shot, "--per", "1").stdout)
    program = tmp_path / "bin" / "semrender"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m semrender "$@"\n')
    program.chmod(0o755)

    def run(script, **environment):
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        inside = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **environment}
        done = subprocess.run(
            ["bash", "-c", script], cwd=folder, env=inside, capture_output=True, text=True, timeout=300
        )
        return done.returncode, done.stdout + done.stderr

    run.folder = folder
    return run


def is_whole(folder, tmp_path):
    farm("deliver", folder / "shot.json", "--out", folder / "painted" / "sh", "--progress", "none", "--wait", "0")
    semrender("render", folder / "shot.json", "--out", tmp_path / "whole")
    return files(folder / "painted" / "sh") == files(tmp_path / "whole")


def test_the_loop_with_a_server_that_stays(shell, tmp_path):
    script = (
        block("for blocks in")
        .replace("/tmp/sem", str(tmp_path / "sem"))
        .replace("/mnt/models", "$SEMRENDER_HOME/models")
    )
    code, said = shell(script.replace("enter ", "enter --device cpu ", 1))
    assert code == 0 and "the server has ended" in said, said
    assert is_whole(shell.folder, tmp_path)


def test_the_array_of_slurm(shell, tmp_path, resident):
    script = block("#SBATCH --array")
    for index in (3, 1, 2):
        code, said = shell(script, SLURM_ARRAY_TASK_ID=str(index))
        assert code == 0, said
    assert is_whole(shell.folder, tmp_path)


def test_the_index_of_kubernetes_and_an_index_that_is_given_up(shell, tmp_path, resident):
    text = " ".join(re.search(r"args: \['(.*?)'\]", block("completionMode: Indexed"), re.DOTALL)[1].split())
    script = text.replace("/show/", f"{shell.folder}/")
    for index in range(3):
        code, said = shell(script, JOB_COMPLETION_INDEX=str(index))
        assert code == 0, said
    assert is_whole(shell.folder, tmp_path)
    (shell.folder / "all" / "label.1001.png").write_bytes(b"no picture")
    code, said = shell(script, JOB_COMPLETION_INDEX="0")
    assert code == 3 and "values: [2, 3]" in PAGE, said
