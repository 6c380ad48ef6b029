"""As whom PostgreSQL runs: it refuses to run as root, so root hands it to another user."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from gongdao.core.errors import ServerError
from gongdao.core.language import gettext as _

_NAMES = ("postgres", "nobody")


@dataclass(frozen=True)
class ServerUser:
    """The user whom the server's processes become; ``uid`` None stays who we are."""

    uid: int | None = None
    gid: int | None = None

    @property
    def groups(self) -> list[int] | None:
        """The further groups of the processes: none, where they become somebody else."""
        return None if self.uid is None else []

    def data_path(self, folder: Path) -> str:
        """How a process that was started *in* ``folder`` names it.

        After root has become somebody else, the folders above may be closed to that user. What a
        process stands in stays open to it, and Linux has a name for that.
        """
        return str(folder) if self.uid is None else "/proc/self/cwd"

    def hand_over(self, folder: Path) -> None:
        """Make the user the owner of ``folder`` and of everything in it."""
        if self.uid is None or self.gid is None:
            return
        for root, names, files in os.walk(folder):
            for one in (root, *(os.path.join(root, name) for name in (*names, *files))):
                os.lchown(one, self.uid, self.gid)


def choose_user(cluster: Path) -> ServerUser:
    """As whom to run the server whose data lie, or will lie, in ``cluster``.

    Not root: as who we are. Root: as the owner of the data, else as ``postgres``, else as
    ``nobody``. Raise ServerError where root cannot do that.
    """
    if os.geteuid() != 0:
        return ServerUser()
    if not Path("/proc/self/cwd").exists():
        raise ServerError(_("这个系统上不能以 root 启动自带的数据库，请换普通用户启动。"))
    if cluster.is_dir() and (owner := cluster.stat()).st_uid != 0:
        return ServerUser(owner.st_uid, owner.st_gid)
    import pwd

    for name in _NAMES:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(found.pw_uid, found.pw_gid)
    raise ServerError(_("没有 postgres 或 nobody 用户，root 无法启动自带的数据库。"))
