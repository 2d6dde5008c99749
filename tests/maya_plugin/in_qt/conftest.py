"""A panel on a scene in memory, without a server."""

import pytest

from tests.maya_plugin.in_qt import desk


@pytest.fixture(scope="session", autouse=True)
def app():
    return desk.application()


@pytest.fixture
def panel(tmp_path):
    with desk.panel_on(tmp_path / "project") as made:
        yield made


@pytest.fixture
def server():
    """As after an installation: the panel knows which Python runs the server."""
    desk.know_server(desk.server_python())
