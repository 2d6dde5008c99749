"""`semrender desk`."""

from __future__ import annotations

import argparse
from typing import Any

TUNNEL = """from another machine the desk is reached through SSH alone. Run `semrender desk --no-browser` here, there
  ssh -L 8727:127.0.0.1:8727 you@this-machine
then open the address that was printed here in the browser there (8727, or the port that the address says)"""


def add_commands(commands: Any) -> None:
    desk = commands.add_parser(
        "desk",
        help="a page in the browser: try, paint, watch and look",
        epilog=TUNNEL,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    desk.add_argument("--port", type=int, help="on 127.0.0.1 (default: 8727, or any free one)")
    desk.add_argument("--no-browser", action="store_true", help="only say the address")
    desk.add_argument("--beside-server", action="store_true", help=argparse.SUPPRESS)
    desk.set_defaults(run=run_desk)


def run_desk(arguments: argparse.Namespace) -> int:
    """Where no server runs, one is started with the desk beside it: Ctrl-C ends both."""
    from inference_server.desk import serving
    from shared.servers import find_server

    if not arguments.beside_server:
        there = serving.running()
        if there is not None:
            print(f"the desk is open already: {there}", flush=True)
            if not arguments.no_browser:
                serving.browse(there)
            return 0
        server = find_server("desk")
        if server is None:
            words = ["serve", "--desk", *(["--desk-browser"] if not arguments.no_browser else [])]
            return int(
                arguments.command([*words, *([] if arguments.port is None else [f"--desk-port={arguments.port}"])])
            )
        server.close()
    desk = serving.Serving(arguments.port)
    if arguments.beside_server:
        desk.stop_with_parent()
    print(f"the desk: {desk.address}", flush=True)
    if not arguments.no_browser:
        serving.browse(desk.address)
    desk.run()
    return 0
