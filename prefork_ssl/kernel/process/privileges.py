"""Who the workers are: User, Group, and the right to leave a core file.

The master may stay root, to bind ports and to open logs and keys on a reload. A worker never is, unless the
configuration says so in so many words.
"""

from __future__ import annotations

import ctypes
import grp
import os
import pwd
import resource
import signal
from dataclasses import dataclass
from typing import Any

from prefork_ssl.config.directives import Directive, Settings
from prefork_ssl.config.errors import ConfigError, Problem
from prefork_ssl.kernel.directives import CORE_DUMP_DIRECTORY, GROUP, USER

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4


@dataclass(frozen=True, slots=True)
class Identity:
    """What a worker becomes. `groups` are the supplementary groups."""

    uid: int
    gid: int
    groups: tuple[int, ...]


def worker_identity(settings: Settings) -> Identity | None:
    """Who the workers are to be; None if the master is not root, and cannot choose.

    Raises ConfigError if User or Group names nobody, or if the workers would be root without being told so.
    """
    if os.geteuid() != 0:
        return None
    name = settings[USER]
    if not name:
        hint = "write User www-data, or another user made for this, or User root if you insist"
        raise _refusal(settings, USER, "User is missing, and the workers must not be root", hint)
    user = _user(settings, name)
    if user.pw_uid == 0 and name != "root":
        raise _refusal(settings, USER, f"User {name} is root", "write User root if you insist")
    gid = _group(settings, settings[GROUP]) if settings[GROUP] else user.pw_gid
    groups = os.getgrouplist(user.pw_name, gid) if user.pw_name else [gid]
    return Identity(user.pw_uid, gid, tuple(groups))


def become(identity: Identity) -> None:
    """Give up root for good. Raises OSError."""
    os.setgroups(identity.groups)
    os.setresgid(identity.gid, identity.gid, identity.gid)
    os.setresuid(identity.uid, identity.uid, identity.uid)


def end_with_parent() -> None:
    """Let this process be killed when the one that started it ends. To be called after `become`, which undoes it.
    Raises OSError."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def allow_core_dumps(settings: Settings) -> None:
    """Let a crash of this process leave a core file in CoreDumpDirectory, if there is one; the kernel forbids it to who
    gave up root, because of what is still in memory: here, private keys.

    Raises ConfigError if this user cannot enter that directory."""
    directory = settings[CORE_DUMP_DIRECTORY]
    if directory is None:
        return
    try:
        os.chdir(directory)
    except OSError as error:
        message = f"CoreDumpDirectory {directory}: {error.strerror}"
        raise _refusal(settings, CORE_DUMP_DIRECTORY, message, "let the workers' User enter it") from None
    _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    _prctl(_PR_SET_DUMPABLE, 1)


def _user(settings: Settings, name: str) -> pwd.struct_passwd:
    try:
        return _user_by_number(name[1:]) if name.startswith("#") else pwd.getpwnam(name)
    except (KeyError, ValueError):
        hint = f"make it (useradd --system {name}) or name another"
        raise _refusal(settings, USER, f"User {name}: there is no such user", hint) from None


def _user_by_number(digits: str) -> pwd.struct_passwd:
    """The user's entry; one without a name if the number has none."""
    uid = int(digits)
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return pwd.struct_passwd(("", "x", uid, uid, "", "/", ""))


def _group(settings: Settings, name: str) -> int:
    try:
        return int(name[1:]) if name.startswith("#") else grp.getgrnam(name).gr_gid
    except (KeyError, ValueError):
        hint = f"make it (groupadd --system {name}) or name another"
        raise _refusal(settings, GROUP, f"Group {name}: there is no such group", hint) from None


def _refusal(settings: Settings, directive: Directive[Any], message: str, hint: str) -> ConfigError:
    return ConfigError([Problem(message, settings.origin(directive), hint)])


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
