"""CA certificates and CRLs out of files and hashed directories, read by the master.

OpenSSL would look into a hashed directory when a client comes, in the worker and as its user. Here the directory is
read when a generation is prepared: what is wrong with it is told then, and what it holds cannot change unnoticed.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from prefork_ssl.modules.ssl.keys.file_pool import NamedFile, Stamp
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.keys.key_files import Certificates, Locked, Unreadable, certificates_in
from prefork_ssl.modules.ssl.verification.crl_files import RevocationLists, crls_in

T = TypeVar("T")

# Bytes; large CAs have CRLs of tens of megabytes.
LARGEST_FILE = 1 << 28

_CHECK_PATH = "check the path, and that it is readable for the user who starts the server"
_CA_LINK, _CRL_LINK = re.compile(r"[0-9a-f]{8}\.[0-9]+"), re.compile(r"[0-9a-f]{8}\.r[0-9]+")


class Shelf:
    """What was read for one generation. Hosts that name the same file share what is in it.

    What goes wrong is appended to `findings`. `stamps` has every file and directory, as it was when it was read.
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.stamps: dict[Path, Stamp] = {}
        self._certificates: dict[Path, Certificates] = {}
        self._crls: dict[Path, RevocationLists] = {}

    def certificates(self, named: NamedFile) -> Certificates:
        """Those of a file; none if it cannot be read."""
        return self._file(named, self._certificates, _unlocked_certificates)

    def crls(self, named: NamedFile) -> RevocationLists:
        """Those of a file; none if it cannot be read."""
        return self._file(named, self._crls, crls_in)

    def certificates_in_directory(self, named: NamedFile) -> Certificates:
        """Those that the links of a hashed directory lead to."""
        return self._directory(named, _CA_LINK, self.certificates)

    def crls_in_directory(self, named: NamedFile) -> RevocationLists:
        """Those that the links of a hashed directory lead to."""
        return self._directory(named, _CRL_LINK, self.crls)

    def _file(
        self, named: NamedFile, known: dict[Path, tuple[T, ...]], parse: Callable[[bytes], tuple[T, ...]]
    ) -> tuple[T, ...]:
        if named.path not in known:
            known[named.path] = ()
            try:
                known[named.path] = parse(self._contents(named.path))
            except OSError as error:
                self.findings.append(named.problem(f"cannot be read: {error.strerror}", _CHECK_PATH))
            except Unreadable as error:
                self.findings.append(named.problem(str(error), error.hint))
        return known[named.path]

    def _contents(self, path: Path) -> bytes:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise Unreadable(
                "is a directory", "directories are named by the directive whose name ends with Path"
            )
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
            raise Unreadable("is no file of certificates or CRLs", "check the path")
        self.stamps[path] = Stamp.of(status)
        return path.read_bytes()

    def _directory(
        self, named: NamedFile, link: re.Pattern[str], read: Callable[[NamedFile], tuple[T, ...]]
    ) -> tuple[T, ...]:
        try:
            names = sorted(path.name for path in named.path.iterdir())
            self.stamps[named.path] = Stamp.of(named.path.stat())
        except OSError as error:
            self.findings.append(named.problem(f"cannot be read: {error.strerror}", _CHECK_PATH))
            return ()
        linked = [name for name in names if link.fullmatch(name)]
        if not linked:
            self.findings.append(_without_links(named, names))
        files = (NamedFile(named.path / name, named.directive, named.where) for name in linked)
        return tuple(item for file in files for item in read(file))


def _unlocked_certificates(data: bytes) -> Certificates:
    found = certificates_in(data)
    if isinstance(found, Locked):
        raise Unreadable("is encrypted", "name the CA certificates in PEM: they are no secret")
    return found


def _without_links(named: NamedFile, names: Iterable[str]) -> Finding:
    message = f"{named.path} has no files with the names that are looked for, such as 0a1b2c3d.0"
    hint = (
        f"make them: prefork-ssl-cert rehash {named.path}"
        if any(names)
        else "put certificates into it, and rehash"
    )
    return Finding("warning", named.directive, named.where, message, hint)
