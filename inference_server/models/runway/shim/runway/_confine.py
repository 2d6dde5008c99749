"""A process takes from itself what a model has no need of: the network, and all files but those named.

Linux alone: Landlock (files, since 5.13; signals, since 6.12) and seccomp (system calls), which need no rights and
cannot be undone, not even by what the process starts. Python 3.6, standard library.
linux/landlock.h, linux/seccomp.h, linux/filter.h.
"""

import ctypes
import os
import platform
import struct
import sys
from typing import Any, Dict, Iterable

NO_NEW_PRIVS, DEATH_SIGNAL, SUBREAPER, KILL = 38, 1, 36, 9  # of prctl
CAPABILITIES = 0x20080522  # version 3 of their header
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION = 1  # a flag: say which version there is
READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read a file, list a folder
WRITE_FILE, TRUNCATE, DEVICE = 1 << 1, 1 << 14, 1 << 15
OF_FILES = 1 << 0 | WRITE_FILE | 1 << 2 | TRUNCATE | DEVICE
HANDLED = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}  # since version
SIGNALS_AND_SOCKETS = 3  # since version 6: those of other processes

ALLOWED, REFUSED = 0x7FFF0000, 0x00050000 | 1  # EPERM
ALL_THREADS = 1
MACHINES = {  # its number, that of `seccomp`, and of: socket, ptrace, process_vm_readv and writev, io_uring_setup
    "x86_64": (0xC000003E, 317, (41, 101, 310, 311, 425)),
    "aarch64": (0xC00000B7, 277, (198, 117, 270, 271, 425)),
}
X32 = 0x40000000  # system calls of another kind on x86_64

SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc", "/opt", "/nix", "/proc", "/sys", "/var/cache")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "kfd")
DEVICE_FOLDERS = ("dri", "shm")


def able() -> Dict[str, bool]:
    """What this system can take away: "files", "network"."""
    if not sys.platform.startswith("linux") or platform.machine() not in MACHINES:
        return {"files": False, "network": False}
    filters = "/proc/sys/kernel/seccomp/actions_avail"
    return {"files": _landlock() > 0, "network": os.path.exists(filters)}


def confine(readable: Iterable[str], writable: Iterable[str], network: bool) -> Dict[str, bool]:
    """Take away all files but these and the system's, and the network unless it is granted; says what was done.

    Before the first thread is started. A file that is not there is passed over.
    """
    done = {"files": False, "network": False}
    if not sys.platform.startswith("linux"):
        return done
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.capset(struct.pack("Ii", CAPABILITIES, 0), bytes(24))  # of an administrator's session: none are kept
    done["files"] = _only(libc, [*SYSTEM, *readable], writable)
    if not network:
        done["network"] = _no_sockets(libc)
    return done


def end_with_parent() -> None:
    """Be killed when the process that started this one is no more; children's children become this one's."""
    if sys.platform.startswith("linux"):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(DEATH_SIGNAL, KILL, 0, 0, 0)
        libc.prctl(SUBREAPER, 1, 0, 0, 0)


def _landlock() -> int:
    """Its version, below 1 where there is none."""
    found = ctypes.CDLL(None, use_errno=True).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION)
    return int(found)


def _only(libc: Any, readable: Iterable[str], writable: Iterable[str]) -> bool:
    version = _landlock()
    if version < 1:
        return False
    handled = HANDLED[max(one for one in HANDLED if one <= version)]
    scoped = SIGNALS_AND_SOCKETS if version >= 6 else 0
    wanted = struct.pack("QQQ", handled, 0, scoped)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    rules = libc.syscall(CREATE_RULESET, wanted, ctypes.c_size_t(len(wanted)), 0)
    if rules < 0:
        return False
    allowed = dict.fromkeys(readable, READ)
    allowed.update({"/dev/" + name: READ | WRITE_FILE | DEVICE for name in DEVICES})
    if os.path.isdir("/dev"):
        allowed.update({"/dev/" + name: READ | WRITE_FILE | DEVICE for name in os.listdir("/dev") if "nvidia" in name})
    allowed.update({"/dev/" + name: handled for name in DEVICE_FOLDERS})
    allowed.update(dict.fromkeys(writable, handled))
    for path, rights in allowed.items():
        _allow(libc, rules, path, rights & handled)
    done = libc.syscall(RESTRICT_SELF, rules, 0) == 0
    os.close(rules)
    return bool(done)


def _allow(libc: Any, rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):
        rights &= OF_FILES
    libc.syscall(ADD_RULE, rules, 1, struct.pack("=Qi", rights, place), 0)
    os.close(place)


def _no_sockets(libc: Any) -> bool:
    """Refuse `socket` (pairs between a process and its children are another call) and what leads around it."""
    machine = MACHINES.get(platform.machine())
    if machine is None:
        return False
    number, call, refused = machine
    count = len(refused)
    steps = [
        (0x20, 0, 0, 4),  # load the machine's number
        (0x15, 0, count + 3, number),  # another: refused
        (0x20, 0, 0, 0),  # load the call's
        (0x35, count + 1, 0, X32),  # above or equal: refused
    ]
    steps += [(0x15, count - place, 0, one) for place, one in enumerate(refused)]
    steps += [(0x06, 0, 0, ALLOWED), (0x06, 0, 0, REFUSED)]
    filters = b"".join(struct.pack("HBBI", *step) for step in steps)
    memory = ctypes.create_string_buffer(filters, len(filters))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(memory))
    return bool(libc.syscall(call, 1, ALL_THREADS, program) == 0)
