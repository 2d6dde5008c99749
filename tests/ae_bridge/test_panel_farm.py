"""What the panel says of a painting that several machines paint, in the strict fake, with a real server behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_host import Node
from painting_panel import Painting
from panel_steps import LIST, SEED

from ae_bridge import inbox
from shared.client import Client
from shared.delivery import read_delivery
from tests.inference_server.farm.coordinators import Farm
from tests.inference_server.servers import job_of, running_server


@pytest.fixture
def server(state_folder: Path, add_sleep_model: Any) -> Iterator[Client]:
    add_sleep_model()
    with running_server() as client:
        yield client


def test_a_painting_on_two_machines_is_one_painting(
    node: Node, server: Client, colour_frames: Any, tmp_path: Path
) -> None:
    """Nothing is asked otherwise than of one machine; what is told never goes back, and names who has left."""
    job = job_of(colour_frames(first=1001, count=20), tmp_path / "sh", "stand-in")
    assert list(server.watch(server.submit(job)))[-1]["event"] == "done"
    inbox.drop(tmp_path / "sh")
    session = Painting(node)
    farm = Farm(server)
    farm.meet("own", "two")
    session.click("Repaint", "Connect")
    session.type(SEED, "7")
    session.click("Paint")
    first, second = farm.take("own"), farm.take("two")

    def said() -> str:
        session.see()
        session.run(f"ui.press({LIST!r})")
        return session.status

    assert said() == "Painting: 0 of 20 frames on 2 machines"
    farm.told(second, "two", 3)
    assert said().startswith("Painting: 3 of 20 frames on 2 machines, about ")
    farm.paint(first, "own")
    assert said().startswith("Painting: 11 of 20 frames on 1 machine, about ")
    farm.meet("own")
    assert said().endswith("Machine two has left; its 12 frames are painted by others")
    assert said().startswith("Painting: 11 of 20 frames")
    farm.paint(farm.take("own"), "own")
    session.until("Painted")
    assert read_delivery(tmp_path / "sh_take002").layers[0].provenance.seed == 7
