"""Files that a running server hands out for a while: the answers to ACME's http-01 (RFC 8555 8.3)."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from prefork_ssl.certificates.errors import CertificateError


@contextmanager
def serving(root: Path, url_path: str, text: str) -> Iterator[None]:
    """Have `text` under `url_path` below the directory `root`, and take away afterwards what was made for it.

    Raises:
        CertificateError: there is no such directory.
        OSError: it cannot be written.
    """
    if not root.is_dir():
        raise CertificateError(f"the webroot {root} is not a directory")
    path = root / url_path.lstrip("/")
    with ExitStack() as cleanup:
        for parent in reversed(path.relative_to(root).parents[:-1]):
            _make_directory(root / parent, cleanup)
        cleanup.callback(path.unlink, missing_ok=True)
        path.write_text(text)
        # The server's workers may run as another user, whatever the umask of this one.
        path.chmod(0o644)
        yield


def _make_directory(path: Path, cleanup: ExitStack) -> None:
    if not path.is_dir():
        path.mkdir()
        cleanup.callback(_remove_if_empty, path)
        path.chmod(0o755)


def _remove_if_empty(path: Path) -> None:
    # Somebody else's answers may have come in meanwhile.
    with suppress(OSError):
        path.rmdir()
