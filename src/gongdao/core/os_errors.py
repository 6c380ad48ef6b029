"""What the operating system refuses, said in the language in use."""

from __future__ import annotations

import errno

from gongdao.core.language import gettext as _


def os_reason(error: OSError) -> str:
    """Why ``error`` came about, without the file name; the system's own words where we have
    none."""
    reasons = {
        errno.EACCES: _("没有权限"),
        errno.EPERM: _("没有权限"),
        errno.EROFS: _("这里是只读的"),
        errno.ENOENT: _("没有这个文件"),
        errno.ENOTDIR: _("不是文件夹"),
        errno.EISDIR: _("是文件夹，不是文件"),
        errno.EEXIST: _("已经存在"),
        errno.ENOSPC: _("磁盘已满"),
        errno.ENAMETOOLONG: _("文件名太长"),
    }
    return reasons.get(error.errno or 0, error.strerror or str(error))
