"""A folder in which prefork-ssl-cert and openssl work on files, each called by one line."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("prefork-ssl-cert")


class Desk:
    """Runs programs in `folder`; variables of the environment can be set for all calls that follow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # A deprecated API, of Python or of a library, is a failure.
        self.variables = {"PYTHONWARNINGS": "error"}

    def copy(self, folder: Path) -> Desk:
        """A desk in another folder, with the same files and variables."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        desk = Desk(folder)
        desk.variables |= self.variables
        return desk

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def cert(self, line: str, given: str = "") -> str:
        """Run prefork-ssl-cert, which must succeed without a word on standard error; return what it prints."""
        result = self.run(line, given)
        assert (result.returncode, result.stderr) == (0, ""), result
        return result.stdout

    def run(self, line: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run prefork-ssl-cert, whatever comes of it."""
        return self._run([str(PROGRAM), *shlex.split(line)], given)

    def refused(self, line: str, given: str = "") -> str:
        """Run prefork-ssl-cert, which must say in one line why not and leave every file alone; return the reason."""
        before = self._contents()
        result = self.run(line, given)
        assert result.returncode == 1, result
        assert self._contents() == before
        (reason,) = result.stderr.splitlines()
        assert reason.startswith("prefork-ssl-cert: ")
        return reason.removeprefix("prefork-ssl-cert: ")

    def openssl(self, line: str, given: str = "", *, status: int = 0) -> str:
        """Run openssl, which must end with `status`; return what it prints, errors included."""
        result = self._run(["openssl", *shlex.split(line)], given)
        assert result.returncode == status, result
        return result.stdout + result.stderr

    def fingerprint(self, name: str, options: str = "") -> str:
        """The SHA-256 fingerprint of a certificate as openssl computes it."""
        return (
            self.openssl(f"x509 -in {name} -noout -fingerprint -sha256 {options}").partition("=")[2].strip()
        )

    def _run(self, command: list[str], given: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | self.variables,
            input=given,
            capture_output=True,
            text=True,
            timeout=30,
            # No terminal: a program that asked for one would wait for ever.
            start_new_session=True,
            check=False,
        )

    def _contents(self) -> dict[Path, bytes | str]:
        return {
            path: str(path.readlink()) if path.is_symlink() else path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_symlink() or path.is_file()
        }
