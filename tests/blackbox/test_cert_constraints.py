"""Name constraints: what we would sign, openssl verifies; what openssl would refuse, we do not sign."""

import datetime
import ipaddress
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from prefork_ssl.certificates.naming import constraints

pytestmark = pytest.mark.needs("openssl")

KEY = ec.generate_private_key(ec.SECP256R1())
CA = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "the CA")])

DOMAINS = st.sampled_from(["a.test", "b.a.test", "c.b.a.test", "xa.test", "A.TEST", "test", "b.test"])
DNS = st.builds(x509.DNSName, DOMAINS)
WILDCARDS = st.builds(lambda domain: x509.DNSName("*." + domain), DOMAINS)
MAILBOXES = st.builds(
    lambda local, domain: x509.RFC822Name(f"{local}@{domain}"), st.sampled_from(["me", "Me", "you"]), DOMAINS
)
ADDRESSES = st.sampled_from(["10.0.0.1", "10.1.0.1", "192.168.0.1", "2001:db8::1", "2001:db9::1"]).map(
    lambda text: x509.IPAddress(ipaddress.ip_address(text))
)
URIS = st.builds(
    lambda domain: x509.UniformResourceIdentifier(f"https://{domain}/path"),
    DOMAINS.filter(lambda d: "." in d),
)
NAMES = st.lists(st.one_of(DNS, WILDCARDS, MAILBOXES, ADDRESSES, URIS), min_size=1, max_size=2)

DOTTED = DOMAINS | DOMAINS.map(lambda domain: "." + domain)
BASES = st.one_of(
    st.builds(x509.DNSName, DOMAINS),
    st.builds(x509.RFC822Name, DOTTED),
    MAILBOXES,
    st.builds(x509.UniformResourceIdentifier, DOTTED),
    st.sampled_from(["10.0.0.0/16", "0.0.0.0/0", "192.168.0.0/24", "2001:db8::/32"]).map(
        lambda text: x509.IPAddress(ipaddress.ip_network(text))
    ),
)
ATTRIBUTES = st.builds(
    x509.NameAttribute,
    st.sampled_from([x509.NameOID.ORGANIZATION_NAME, x509.NameOID.ORGANIZATIONAL_UNIT_NAME]),
    st.sampled_from(["One", "one ", "Two"]),
)
SUBJECTS = st.lists(ATTRIBUTES, max_size=3).map(x509.Name)
TREES = st.lists(BASES | SUBJECTS.filter(lambda name: bool(name.rdns)).map(x509.DirectoryName), max_size=3)


def _certificate(
    subject: x509.Name, *extensions: tuple[x509.ExtensionType, bool], serial_number: int
) -> bytes:
    builder = (
        x509.CertificateBuilder(CA, subject, KEY.public_key(), serial_number)
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2099, 1, 1))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(KEY, SHA256()).public_bytes(Encoding.PEM)


def _openssl_accepts(
    limits: x509.NameConstraints, subject: x509.Name, names: Sequence[x509.GeneralName]
) -> bool:
    ca = _certificate(CA, (x509.BasicConstraints(True, None), True), (limits, True), serial_number=1)
    own = _certificate(subject, (x509.SubjectAlternativeName(names), True), serial_number=2)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "ca.crt").write_bytes(ca)
        result = subprocess.run(
            ["openssl", "verify", "-no-CApath", "-no-CAstore", "-CAfile", "ca.crt"],
            cwd=folder,
            input=own,
            capture_output=True,
            timeout=20,
            check=False,
        )
    # Everything else about the certificates is in order.
    assert result.returncode == 0 or b"subtree violation" in result.stderr, result
    return result.returncode == 0


@settings(max_examples=250, deadline=None)
@given(TREES, TREES, SUBJECTS, NAMES)
def test_openssl_is_of_the_same_opinion(
    permitted: list[x509.GeneralName],
    excluded: list[x509.GeneralName],
    subject: x509.Name,
    names: list[x509.GeneralName],
) -> None:
    if not permitted and not excluded:
        return
    limits = x509.NameConstraints(permitted or None, excluded or None)
    refused = constraints.forbidden(limits, subject, names)
    if _openssl_accepts(limits, subject, names):
        # We are stricter in one thing: a wildcard must not reach into an excluded domain.
        assert refused is None or str(refused.value).startswith("*.")
    else:
        assert refused is not None


def _limits(
    permitted: list[x509.GeneralName] | None, excluded: list[x509.GeneralName] | None
) -> x509.NameConstraints:
    return x509.NameConstraints(permitted, excluded)


def test_a_wildcard_that_reaches_into_an_excluded_domain() -> None:
    limits = _limits(None, [x509.DNSName("secret.a.test")])
    wildcard = x509.DNSName("*.a.test")
    assert constraints.forbidden(limits, x509.Name([]), [wildcard]) == wildcard
    assert constraints.forbidden(limits, x509.Name([]), [x509.DNSName("*.b.test")]) is None


@pytest.mark.parametrize(
    ("common_name", "refused"), [("b.test", True), ("a.test", False), ("Jane Doe", False)]
)
def test_a_common_name_counts_as_a_host_if_it_looks_like_one(common_name: str, refused: bool) -> None:
    limits = _limits([x509.DNSName("a.test")], None)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    assert (constraints.forbidden(limits, subject, []) is not None) == refused
