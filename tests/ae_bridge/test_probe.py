"""The probe that a person runs in After Effects: it asks everything, and whatever happens leaves what it has found."""

from __future__ import annotations

from collections.abc import Callable

from fake_host import AfterEffects

from ae_bridge.build import PROBE, bundle

REPORT = "/desk/semrender_probe_report.txt"
Open = Callable[..., AfterEffects]


def probed(after_effects: Open, **options: object) -> AfterEffects:
    host = after_effects(mayTouchFiles=True, plugins=["scriptui", "desk"], **options)
    host.last = host.node.ask(op="run", code=bundle(PROBE), input=None, actor="script")
    return host


def test_every_question_is_answered_and_the_list_of_effects_is_read_once(after_effects: Open) -> None:
    host = probed(after_effects)
    lines = host.run("host.text(input)", REPORT).splitlines()
    assert len(lines) > 20 and not any("NO ANSWER" in line for line in lines)
    answers = dict(line.split(": ", 1) for line in lines if ": " in line)
    assert answers["a project with comments is saved"] == "true"
    assert answers["effects with Cryptomatte or EXtractoR in a name"].endswith(": Cryptomatte")
    wipe = answers["a matte that hangs on the layer it cuts; Linear Wipe and its first two values"]
    assert wipe == "true, ADBE Linear Wipe-0001, ADBE Linear Wipe-0002"
    assert answers["a second selection in a list of many is added"] == "2"
    wide = answers["where a layer is that hangs on a null in a comp of pixels 2 to 1, with its position at 10, 10"]
    assert wide == "1; 5,10", "the null has square pixels of its own"
    assert any(answer.startswith("2, 0, ") and "; 1, 0.29" in answer for answer in answers.values())
    assert answers["seconds that a refused socket takes"].endswith("open: false")
    assert host.run("host.frozen()") == 41 + 2, "the list of effects, and the socket"
    assert "on the desktop" in host.run("host.said()")
    items = host.dump()["items"]
    assert {item["comment"] for item in items} >= {"comment of a comp", "comment of a folder", "comment of footage"}


def test_what_never_answers_is_named_in_the_report(after_effects: Open) -> None:
    """What is on the disk while After Effects makes its list of effects: were it to hang there, that is the report."""
    host = probed(after_effects)
    found = host.run("host.textMeanwhile(input)", REPORT).splitlines()
    whole = host.run("host.text(input)", REPORT).splitlines()
    assert found[-1] == "effects with Cryptomatte or EXtractoR in a name: NO ANSWER CAME"
    assert found[:-1] == whole[: len(found) - 1]


def test_without_the_preference_it_says_so_and_asks_nothing(after_effects: Open) -> None:
    host = probed(after_effects, preferences={"write": False})
    assert "Allow Scripts to Write Files" in host.run("host.said()")
    assert host.dump()["items"] == []
