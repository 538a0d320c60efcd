"""From a path below a trusted folder to an open file, without ever leaving the folder.

Each component is opened relative to the one before it, so nobody who can write into the folder gains anything by
exchanging directories and links while we look. Only with Options FollowSymLinks the system resolves the whole path.
"""

from __future__ import annotations

import enum
import errno
import os
import stat

_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_SEARCH = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


class Symlinks(enum.IntEnum):
    """Which symbolic links below the folder are followed: Options without, with SymLinksIfOwnerMatch, with
    FollowSymLinks."""

    NONE = enum.auto()
    IF_OWNER_MATCHES = enum.auto()
    FOLLOW = enum.auto()


class LinkRefusedError(PermissionError):
    """The path leads over a symbolic link that Options do not allow to follow."""

    def __init__(self, name: str) -> None:
        super().__init__(errno.ELOOP, "symbolic link not allowed, or owner differs from its target's", name)


def tidied(filename: str) -> str:
    """The name of a file with one slash between its parts, none of them ".", so that sections about directories see
    what will be opened. Parts ".." stay: nobody opens them."""
    if "//" not in filename and "/./" not in filename:
        return filename
    *folders, last = filename.split("/")
    return "/".join(["", *(name for name in folders if name not in ("", ".")), last])


def below(folder: str, filename: str) -> tuple[str, str]:
    """The trusted folder and the path below it for `open_below`; from the root on if `filename` is elsewhere."""
    if filename == folder:
        return folder, ""
    prefix = folder if folder.endswith("/") else f"{folder}/"
    return (folder, filename[len(prefix) :]) if filename.startswith(prefix) else ("/", filename)


def open_below(folder: str, path: str, symlinks: Symlinks) -> int:
    """A descriptor of what `path` names below `folder`: a file to read, or a directory.

    `path` is relative, even with a leading "/"; with a trailing "/" it must be a directory. An empty one is `folder`
    itself, which may then be a file. Links on the way to `folder` are the administrator's, and followed.

    Raises LinkRefusedError, any other OSError as the system has it, ValueError for names that no file can have.
    """
    names = path.split("/")
    if ".." in names:
        raise FileNotFoundError(errno.ENOENT, "path climbs out of its folder", path)
    flags = _SEARCH if path.endswith("/") else _READ
    if symlinks is Symlinks.FOLLOW:
        return os.open(f"{folder}/{path}" if path else folder, flags)
    return _walk(folder, [name for name in names if name and name != "."], flags, symlinks)


def _walk(folder: str, names: list[str], flags: int, symlinks: Symlinks) -> int:
    if not names:
        return os.open(folder, flags)
    directory = os.open(folder, _SEARCH)
    for name in names[:-1]:
        directory = _descend(directory, name, _SEARCH, symlinks)
    return _descend(directory, names[-1], flags, symlinks)


def _descend(directory: int, name: str, flags: int, symlinks: Symlinks) -> int:
    """Open `name` in `directory`, and close `directory`."""
    try:
        return _open_in(directory, name, flags, symlinks)
    finally:
        os.close(directory)


def _open_in(directory: int, name: str, flags: int, symlinks: Symlinks) -> int:
    try:
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=directory)
    except OSError as error:
        # open(2): a link as the last component gives ELOOP, or ENOTDIR together with O_DIRECTORY.
        if error.errno not in (errno.ELOOP, errno.ENOTDIR):
            raise
        link = os.lstat(name, dir_fd=directory)
        if not stat.S_ISLNK(link.st_mode):
            raise
    if symlinks is not Symlinks.IF_OWNER_MATCHES:
        raise LinkRefusedError(name)
    return _open_owned(directory, name, flags, link.st_uid)


def _open_owned(directory: int, name: str, flags: int, owner: int) -> int:
    """Follow the link `name` if what it leads to belongs to `owner`; looking after opening leaves no time to cheat."""
    fd = os.open(name, flags, dir_fd=directory)
    if os.fstat(fd).st_uid != owner:
        os.close(fd)
        raise LinkRefusedError(name)
    return fd
