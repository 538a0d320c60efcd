"""Keys that are made at the first call and used again at the next."""

from dataclasses import dataclass
from pathlib import Path

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.storage import files, reading
from prefork_ssl.certificates.terminal.passphrases import Source


@dataclass(frozen=True)
class KeptKey:
    """A key, and the file that is to be written if the key is new."""

    key: keys.PrivateKey
    outputs: list[files.Output]


def existing_or_new(
    path: Path, source: Source, *, kind: str = "ec", bits: int | None = None, protected_by: Source
) -> KeptKey:
    """The key in `path`, or a new one to be written there.

    Args:
        path: of the key.
        source: the pass phrase of an existing key.
        kind: of a new key, as `keys.generate` takes it.
        bits: of a new key.
        protected_by: the pass phrase for a new key.

    Raises:
        CertificateError: the file holds no usable key, the pass phrase is wrong, or there is no key of that size.
        OSError: the file cannot be read.
    """
    if path.exists():
        return KeptKey(reading.signing_key(path, source), [])
    key = keys.generate(kind, bits)
    pem = keys.to_pem(key, protected_by.new(str(path)))
    return KeptKey(key, [files.Output(path, pem, files.PRIVATE, force=False)])
