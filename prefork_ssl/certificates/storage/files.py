"""Writing files so that a reader sees the old contents or the new, never half of either.

A file is written beside its destination under a temporary name, forced to disk and then moved into place.
Keys are 0600 from the first byte: the mode is given when the temporary file is created, not mended afterwards.
"""

import os
import secrets
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from prefork_ssl.certificates.errors import CertificateError

PRIVATE = 0o600
PUBLIC = 0o644


@dataclass(frozen=True)
class Output:
    """A file to be written: where, what, with which mode (before the umask), and may it replace one."""

    path: Path
    data: bytes
    mode: int
    force: bool


def publish(*outputs: Output) -> None:
    """Write all `outputs`, or none: nothing is moved into place before everything is on disk.

    A destination that is a symbolic link keeps being one; the file it points to is replaced.

    Raises:
        CertificateError: a destination exists without `force`, is no regular file, or is named twice.
        OSError: a directory cannot be written.
    """
    _refuse_duplicates(outputs)
    with ExitStack() as undo:
        staged = [(_stage(output, undo), output) for output in outputs]
        for temporary, output in staged:
            _move_into_place(temporary, output, undo)
        undo.pop_all()


def require_writable(path: Path, *, force: bool) -> None:
    """Refuse early what `publish` would refuse later, before a person types a pass phrase or a CA is asked.

    Raises:
        CertificateError: `path` exists without `force`, is no regular file, or its directory cannot be written.
    """
    if path.exists() and not path.is_file():
        raise CertificateError(f"{path} is not a regular file")
    if os.path.lexists(path) and not force:
        raise CertificateError(f"{path} exists; --force overwrites it")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise CertificateError(f"cannot write {path}: there is no directory {path.parent}")
    if not os.access(folder, os.W_OK):
        raise CertificateError(f"cannot write {path}: its directory is closed to you")


def _refuse_duplicates(outputs: tuple[Output, ...]) -> None:
    seen: set[Path] = set()
    for output in outputs:
        destination = output.path.resolve()
        if destination in seen:
            raise CertificateError(f"{output.path} is named for two outputs")
        seen.add(destination)


def _stage(output: Output, undo: ExitStack) -> Path:
    require_writable(output.path, force=output.force)
    destination = output.path.resolve()
    temporary = destination.with_name(f".{destination.name[:200]}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, output.mode)
    except OSError as error:
        raise CertificateError(f"cannot write {output.path}: {error.strerror}") from error
    undo.callback(_remove, temporary)
    with os.fdopen(descriptor, "wb") as file:
        file.write(output.data)
        file.flush()
        os.fsync(descriptor)
    return temporary


def _move_into_place(temporary: Path, output: Output, undo: ExitStack) -> None:
    destination = output.path.resolve()
    if output.force:
        temporary.replace(destination)
        return
    # A link, unlike a rename, fails if somebody else made the destination in the meantime.
    try:
        destination.hardlink_to(temporary)
    except FileExistsError as error:
        raise CertificateError(f"{output.path} exists; --force overwrites it") from error
    undo.callback(_remove, destination)
    temporary.unlink()


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
