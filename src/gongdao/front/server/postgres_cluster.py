"""Make the data of a new embedded PostgreSQL: whole, or not at all.

Everything is made in ``cluster.new-…`` and renamed when it is complete: after a start that was cut
off the next one begins anew, beside what may still be writing there. The role of the pages owns its
database and is no superuser; the superuser's password is thrown away at once.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from gongdao.core.durable import sync_folder
from gongdao.core.errors import ServerError
from gongdao.core.language import gettext as _
from gongdao.front.server.postgres_binaries import PLAIN_ENVIRONMENT, Binaries
from gongdao.front.server.private_files import write_private
from gongdao.front.server.server_user import ServerUser

NAME = "gongdao"
"""The role of the pages, and the database it owns."""
_PATIENCE = 300
"""Seconds that making the data may take, on a slow disk."""


def make_cluster(*, home: Path, binaries: Binaries, user: ServerUser, durable: bool) -> None:
    """Make ``home/cluster`` and ``home/password``; raise ServerError if it cannot be made."""
    for old in home.glob("cluster.new-*"):
        shutil.rmtree(old, ignore_errors=True)  # what still writes there ends soon; next time
    new = Path(tempfile.mkdtemp(dir=home, prefix="cluster.new-"))
    user.hand_over(new)
    password = secrets.token_urlsafe(24)
    write_private(home / "password", password)
    _initialize(new, binaries, user, durable=durable)
    _make_role(new, binaries, user, password, durable=durable)
    new.rename(home / "cluster")
    if durable:
        sync_folder(home)


def _initialize(new: Path, binaries: Binaries, user: ServerUser, *, durable: bool) -> None:
    with tempfile.TemporaryFile() as password:
        password.write(secrets.token_urlsafe(24).encode())
        password.flush()
        password.seek(0)
        if user.uid is not None and user.gid is not None:
            os.fchown(password.fileno(), user.uid, user.gid)
        command = [
            binaries.path("initdb"),
            f"--pgdata={user.data_path(new)}",
            "--username=postgres",
            f"--pwfile=/dev/fd/{password.fileno()}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--data-checksums",
            "--no-instructions",
            *(() if durable else ("--no-sync",)),
        ]
        _run(command, new, user, handles=(password.fileno(),))


def _make_role(
    new: Path, binaries: Binaries, user: ServerUser, password: str, *, durable: bool
) -> None:
    """In single-user mode: no server listens before there is a password."""
    command = [binaries.path("postgres"), "--single", "-D", user.data_path(new)]
    options = ["exit_on_error=on", "log_min_error_statement=panic", "log_checkpoints=off"]
    for option in (*options, f"fsync={'on' if durable else 'off'}"):
        command += ["-c", option]
    words = (
        f"CREATE ROLE {NAME} LOGIN CREATEDB PASSWORD '{password}';\n"
        f"CREATE DATABASE {NAME} OWNER {NAME};\n"
    )
    _run([*command, "postgres"], new, user, words=words)


def _run(
    command: Sequence[str],
    folder: Path,
    user: ServerUser,
    *,
    words: str = "",
    handles: Sequence[int] = (),
) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env=PLAIN_ENVIRONMENT,
        input=words,
        capture_output=True,
        text=True,
        user=user.uid,
        group=user.gid,
        extra_groups=user.groups,
        pass_fds=handles,
        umask=0o077,
        timeout=_PATIENCE,
        check=False,
    )
    if done.returncode:
        reason = " ".join(done.stderr.split())[-500:]
        raise ServerError(_("自带的数据库建不起来：{reason}").format(reason=reason))
