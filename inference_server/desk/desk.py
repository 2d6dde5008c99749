"""What the routes of one desk share."""

from __future__ import annotations

from inference_server.desk.feed import Feed
from inference_server.desk.link import Link
from inference_server.desk.opened import Opened
from inference_server.desk.thumbs import Thumbs
from shared.passes.clip_pass import close_clips


class Desk:
    """link and feed: to the server; opened: the paths that the user opened; thumbs: small pictures."""

    def __init__(self) -> None:
        self.link = Link()
        self.feed = Feed(self.link)
        self.opened = Opened()
        self.thumbs = Thumbs()

    def close(self) -> None:
        self.feed.close()
        self.feed.join(5.0)
        self.link.close()
        close_clips()
