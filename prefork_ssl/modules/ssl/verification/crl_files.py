"""What CRL files hold: PEM, DER, base64 without armour."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from prefork_ssl.modules.ssl.keys.key_files import Unreadable, der_in, pem_blocks

RevocationLists = tuple[x509.CertificateRevocationList, ...]

_LABEL = "X509 CRL"


def crls_in(data: bytes) -> RevocationLists:
    """The CRLs of a file, in its order.

    Raises:
        Unreadable: there is none, or one of them is damaged.
    """
    if blocks := pem_blocks(data):
        wanted = [block.text for block in blocks if block.label == _LABEL]
        if not wanted:
            raise Unreadable(
                f"holds {blocks[0].label}, not X509 CRL", "name the file that the CA publishes as its CRL"
            )
        return tuple(_parsed(x509.load_pem_x509_crl, text, number) for number, text in enumerate(wanted, 1))
    return (_parsed(x509.load_der_x509_crl, der_in(data), 1),)


def _parsed(load: object, data: bytes, number: int) -> x509.CertificateRevocationList:
    try:
        crl: x509.CertificateRevocationList = load(data)  # type: ignore[operator]
        _ = crl.issuer, crl.next_update_utc  # parsed when first looked at
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unreadable(
            f"holds a damaged or unsupported CRL (number {number} in the file): {error}",
            "openssl crl -noout -text shows what is wrong; get it again",
        ) from error
    return crl
