"""``python -m gongdao.front.server pages|worker|log|prepare``: one part of a running server.

Started by ``gongdao serve``, ``web`` and ``worker`` alone; not a command for people.
"""

from __future__ import annotations

import argparse
import os
import sys

from gongdao.core.errors import GongdaoError

_ABSENT_S = 30
"""How long a part waits for a database that does not answer at all, before it tries and says so."""


def main(arguments: list[str]) -> int:
    """Run the part that ``arguments`` name; return the exit code."""
    parser = argparse.ArgumentParser(prog="gongdao.front.server")
    parts = parser.add_subparsers(dest="part", required=True)
    pages = parts.add_parser("pages")
    pages.add_argument("--host", required=True)
    pages.add_argument("--application", required=True)
    for name in ("port", "workers", "threads"):
        pages.add_argument(f"--{name}", type=int, required=True)
    worker = parts.add_parser("worker")
    worker.add_argument("--concurrency", type=int, required=True)
    parts.add_parser("log")
    parts.add_parser("prepare")
    given = vars(parser.parse_args(arguments))
    part = given.pop("part")
    try:
        _wait()
        if part == "pages":
            from gongdao.front.server.granian_server import serve_pages

            serve_pages(**given)
        elif part == "worker":
            from gongdao.front.server.django_processes import run_worker

            run_worker(**given)
        elif part == "log":
            from gongdao.front.server.log_part import run_log

            run_log()
        else:
            from gongdao.front.server.django_processes import prepare

            prepare(os.environ["DATABASE_URL"], with_static=True)
    except GongdaoError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _wait() -> None:
    """Until the database takes connections: a part that ended because the database had would end
    again at once, and take the server with it after a few times."""
    from gongdao.front.server.wait_for_database import wait_for_database

    wait_for_database(os.environ["DATABASE_URL"], absent_s=_ABSENT_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
