"""Walls around the process that opens strangers' files; standard library only, put up at its start.

A decoder with a hole must find nothing worth taking and no way out: memory and file size are
limited, there are no privileges to gain or use, no network, no other program to start, no process
to look into, and no file to read but the program's own and one folder. What a system does not
offer (macOS, an old kernel, a container that forbids it) is left out; ``confine`` names what stands
there.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_NO_NEW_PRIVS, _SECCOMP, _FILTER = 38, 22, 2
_NEW_USER, _NEW_NET, _THREAD = 0x10000000, 0x40000000, 0x10000
_ARCHES: dict[str, tuple[int, int, tuple[int, ...]]] = {
    # socket, connect, fork, vfork, execve, execveat, ptrace, process_vm_readv/writev,
    # io_uring_setup, pidfd_getfd, bpf, userfaultfd, setns, mount
    "x86_64": (
        0xC000003E,
        56,
        (41, 42, 57, 58, 59, 322, 101, 310, 311, 425, 438, 321, 323, 308, 165),
    ),
    "aarch64": (
        0xC00000B7,
        220,
        (198, 203, 221, 281, 117, 270, 271, 425, 438, 280, 282, 268, 40),
    ),
}
"""Audit number of the architecture, its ``clone``, and the calls that are refused."""

_CLONE3 = 435  # on both: refused as unknown, so that the C library falls back on clone
_OPENED, _READ_FILE, _READ_DIR = 0x1FFF, 1 << 2, 1 << 3
_OWN_FILES = (
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
    "/dev/null",
    "/dev/urandom",
)
_REFUSED = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")


def confine(*, memory_bytes: int, readable: Sequence[Path]) -> tuple[str, ...]:
    """Wall in this process for good; ``readable`` are the folders it may read besides the
    program's own. To be called while it has one thread. Returns the names of the walls that
    stand: limits, privileges, network, files, calls, hook."""
    os.umask(0o077)
    os.nice(10)
    walls = {
        "limits": _limit(memory_bytes),
        "network": _leave_network(),
        "privileges": _drop_privileges(),
        "files": _see_only(readable),
        "calls": _filter_calls(),
    }
    sys.addaudithook(_refuse)
    return (*(name for name, stands in walls.items() if stands), "hook")


def limit_cpu(seconds: int) -> None:
    """Let this process use ``seconds`` of processor time from now on; it is killed after that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _limit(memory_bytes: int) -> bool:
    """Address space; no core file, which would hold what was read; no byte into any file."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    except (ValueError, OSError):
        return False
    return True


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _leave_network() -> bool:
    """Into a network of its own, which has no way out; in a user space of its own where that
    takes a privilege."""
    if sys.platform != "linux":
        return False
    return any(_libc().unshare(flags) == 0 for flags in (_NEW_NET, _NEW_USER | _NEW_NET))


def _drop_privileges() -> bool:
    """No privilege of the superuser any more, and none to be gained by a program."""
    if sys.platform != "linux":
        return False
    header = struct.pack("=Ii", 0x20080522, 0)  # version 3, this process
    dropped = _libc().capset(header, bytes(24)) == 0
    return bool(dropped and _libc().prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)


def _see_only(readable: Sequence[Path]) -> bool:
    """Landlock: read beneath the named paths, nothing else; also no TCP, and no signal to others
    where the kernel knows these."""
    if sys.platform != "linux":
        return False
    libc = _libc()
    version = libc.syscall(444, None, 0, 1)
    if version < 1:
        return False
    later = (version >= 2) << 13 | (version >= 3) << 14 | (version >= 5) << 15
    rules = struct.pack("=QQQ", _OPENED | later, 0b11, 0b11)[
        : 8 + 8 * (version >= 4) + 8 * (version >= 6)
    ]
    ruleset = libc.syscall(444, rules, len(rules), 0)
    if ruleset < 0:
        return False
    try:
        own: list[str | Path] = [*_OWN_FILES, *sys.path, sys.prefix, sys.base_prefix]
        for path in dict.fromkeys(os.path.realpath(p) for p in (*own, *readable) if p):
            _allow(libc, ruleset, path)
        return bool(libc.syscall(446, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _allow(libc: Any, ruleset: int, path: str) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    allowed = _READ_FILE | (_READ_DIR if os.path.isdir(path) else 0)
    libc.syscall(445, ruleset, 1, struct.pack("=Qi", allowed, place), 0)
    os.close(place)


def _filter_calls() -> bool:
    """Seccomp: no socket, no program, no fork, no look into other processes, even for code that
    is not Python."""
    if sys.platform != "linux" or platform.machine() not in _ARCHES:
        return False
    arch, clone, refused = _ARCHES[platform.machine()]
    allow, kill = (0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x80000000)
    deny = (0x06, 0, 0, 0x00050000 | errno.EACCES)
    unknown = (0x06, 0, 0, 0x00050000 | errno.ENOSYS)
    lines: list[tuple[int, int, int, int]] = [
        *((0x20, 0, 0, 4), (0x15, 1, 0, arch), kill),  # another architecture's numbers
        *((0x20, 0, 0, 0), (0x35, 0, 1, 0x40000000), kill),  # the x32 numbers
    ]
    for number in refused:
        lines += [(0x15, 0, 1, number), deny]
    lines += [(0x15, 0, 1, _CLONE3), unknown]
    lines += [(0x15, 0, 3, clone), (0x20, 0, 0, 16), (0x45, 1, 0, _THREAD), deny, allow]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in lines))
    program = struct.pack("@HP", len(lines), ctypes.addressof(code))
    return bool(_libc().prctl(_SECCOMP, _FILTER, program, 0, 0) == 0)


def _refuse(event: str, _arguments: object) -> None:
    if event.startswith(_REFUSED) and event != "socket.gethostname":
        raise PermissionError(errno.EACCES, f"{event} is not for this process")
