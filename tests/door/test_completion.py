"""The scripts of `semrender completion`, run by the shells that are here."""

import os
import shutil
import subprocess

import pytest

from semrender.commands import COMMANDS
from semrender.completion import SHELLS
from tests.conftest import semrender


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """Writes what `semrender completion` prints for a shell, once."""
    folder = tmp_path_factory.mktemp("completion")

    def of(shell):
        file = folder / shell
        if not file.exists():
            done = semrender("completion", shell)
            assert done.returncode == 0, done.stderr
            file.write_text(done.stdout, "utf-8")
        return file

    return of


BASH = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shtab_semrender; printf "%s\n" "${COMPREPLY[@]}"'
FISH = "source $SCRIPT; complete -C $LINE"  # its own options would be taken out of the words


def completed(shell, script, words, folder):
    """What a shell offers at the end of the words."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    command = [shell, "-c", BASH, str(script(shell)), *words] if shell == "bash" else [shell, "-c", FISH]
    environment = {**os.environ, "SCRIPT": str(script(shell)), "LINE": " ".join(words)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=True)
    return {line.partition("\t")[0].rstrip("/") for line in done.stdout.splitlines()}


@pytest.mark.parametrize("shell", ["bash", "fish"])
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("re", {"render"}),
        ("jobs wa", {"watch"}),
        ("render --ho", {"--hold"}),
        ("render --hold st", {"strong"}),
        ("schema del", {"delivery"}),
        ("completion f", {"fish"}),
        ("render sh", {"shot.json"}),
        ("render --out pa", {"painted"}),
    ],
)
def test_commands_options_values_and_files_are_completed(shell, script, typed, offered, tmp_path):
    (tmp_path / "shot.json").touch()
    (tmp_path / "painted").mkdir()
    (tmp_path / "pages").touch()
    assert completed(shell, script, ["semrender", *typed.split()], tmp_path) == offered


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_is_offered_every_command_and_reads_its_script(script, shell):
    text = script(shell).read_text("utf-8")
    assert all(name in text for names in COMMANDS.values() for name in names)
    assert "==SUPPRESS==" not in text
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    subprocess.run([shell, "-n", str(script(shell))], check=True)
