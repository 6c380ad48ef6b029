"""Why the log does not go on. It then signs nothing, and everything else keeps working.

LogRefused              the log stands still; says what to do
├── LogRolledBack       the database is older than what was signed
├── LogForked           the database holds another history than what was signed
├── LogHeadMissing      what was signed last is not known on this machine
└── LogKeyUnfit         the signing key is missing, or of another log
HeadMoved               somebody else signed meanwhile; start afresh
LogQueueFull            the log stands still and too much waits; nothing was appended
KeyChanged              from here on another key signs; start afresh with it
"""

from __future__ import annotations

from gongdao.core.errors import GongdaoError
from gongdao.core.language import gettext as _


class LogRefused(GongdaoError):
    """The log stands still until a person did something; ``str()`` says what."""

    code = "log_refused"
    status = 503


class LogRolledBack(LogRefused):
    """The database has fewer leaves than a checkpoint that was signed: a backup was restored."""

    code = "log_rolled_back"

    def __init__(self, *, size: int, signed: int) -> None:
        self.size, self.signed = size, signed
        super().__init__(
            _(
                "数据库里的日志只有 {size} 条，而已经签过 {signed} 条的检查点：数据库比日志旧。"
                "没有签名，日志停着；新的记录会排队，不会丢。"
                "请运行 gongdao log replay，用已公布的文件把缺的补回来。"
            ).format(size=size, signed=signed)
        )


class LogForked(LogRefused):
    """The database's leaves do not lead to a checkpoint that was signed. ``notes`` are the signed
    notes that contradict each other or the database, to be shown whole."""

    code = "log_forked"

    def __init__(self, *, size: int, notes: tuple[str, ...] = ()) -> None:
        self.size, self.notes = size, notes
        super().__init__(
            _(
                "数据库里前 {size} 条记录，和已经签过的检查点对不上：这是另一段历史。"
                "没有签名，日志停着。请恢复一份更早的备份，再运行 gongdao log replay。"
            ).format(size=size)
        )


class LogHeadMissing(LogRefused):
    """The database holds signed checkpoints, but this machine does not know the newest one."""

    code = "log_head_missing"

    def __init__(self, path: str) -> None:
        super().__init__(
            _(
                "日志签过检查点，但这台机器上没有 {path}，不知道最后签到哪里。"
                "没有签名，日志停着。请把原来机器上的这个文件放回来；"
                "找不回来，就运行 gongdao log replay，用已公布的文件接上。"
            ).format(path=path)
        )


class LogKeyUnfit(LogRefused):
    """The signing key is missing although the log was begun, or it is the key of another log."""

    code = "log_key_unfit"


class HeadMoved(GongdaoError):
    """The signed head is not the one we continued: another process signed. Nothing was written."""

    code = "log_head_moved"
    status = 503

    def __init__(self) -> None:
        super().__init__(_("日志在别处签过新的检查点，这里重新开始。"))


class KeyChanged(GongdaoError):
    """The log has announced another key, and its last checkpoint with the old one is signed."""

    code = "log_key_changed"
    status = 503

    def __init__(self, size: int) -> None:
        super().__init__(
            _("日志到第 {size} 条为止用旧密钥签名，从下一条起换用新密钥。").format(size=size)
        )


class LogQueueFull(GongdaoError):
    """The log stands still, and as many leaves wait as may: nothing was appended, and nothing of
    the verb that wanted to happened."""

    code = "log_queue_full"
    status = 503

    def __init__(self) -> None:
        super().__init__(
            _(
                "公开日志停着，排队的记录太多，这一步现在不能做。什么都没有改动，请过一会儿再试；"
                "如果是本站管理员，请看 gongdao log status。"
            )
        )


class LogBusy(GongdaoError):
    """A sequencer is at work on this database, so that nobody else may write the log."""

    code = "log_busy"
    status = 503

    def __init__(self) -> None:
        super().__init__(
            _("日志正在正常运行，没有要补的。如果确实要补，请先停掉 gongdao serve 或 worker。")
        )


class LeafNotCovered(GongdaoError):
    """No checkpoint covers that leaf: it was never appended, or is still waiting."""

    code = "leaf_not_covered"
    status = 404

    def __init__(self) -> None:
        super().__init__(_("公开日志里还没有这条记录。刚记下的，请过几秒再试。"))
