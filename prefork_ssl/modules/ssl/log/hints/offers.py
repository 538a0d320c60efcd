"""What a client offers and what its host allows, where the two have nothing in common."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric import ec

from prefork_ssl.modules.ssl.context.build import ALPN
from prefork_ssl.modules.ssl.context.ciphers import GROUPS, TLS13, UP_TO_TLS12
from prefork_ssl.modules.ssl.context.protocols import NAMES, VERSIONS
from prefork_ssl.modules.ssl.hello.client_hello import ClientHello
from prefork_ssl.modules.ssl.hello.registry import (
    DEFAULT_GROUPS,
    curve_name,
    group_name,
    group_numbers,
    signature,
)
from prefork_ssl.modules.ssl.keys.key_types import key_type
from prefork_ssl.modules.ssl.log.event import quoted
from prefork_ssl.modules.ssl.log.hints.failure import Failure, shortened
from prefork_ssl.modules.ssl.openssl.agreement import allowed_ciphers, names_of_ciphers


def offered_versions(hello: ClientHello | None) -> list[str]:
    """The names of the versions that a client offers, the lowest first."""
    return [NAMES[version] for version in sorted(hello.versions) if version in NAMES] if hello else []


def versions(failure: Failure) -> str:
    """Client and host speak no version in common."""
    offered = " ".join(offered_versions(failure.hello)) or "older versions only"
    allowed = failure.host.parameters.protocols
    return f"the client offers {offered}, SSLProtocol allows {allowed}{_advice(failure)}"


def versions_if_none_is_common(failure: Failure) -> str:
    """The same where OpenSSL has chosen a version that the client does not offer: its refusal is not readable."""
    common = set(offered_versions(failure.hello)) & set(str(failure.host.parameters.protocols).split())
    return "" if common else versions(failure)


def _advice(failure: Failure) -> str:
    offered = offered_versions(failure.hello)
    if offered and VERSIONS[offered[-1]] < failure.host.parameters.protocols.lowest:
        return f": update the client, or add +{offered[-1]} to SSLProtocol if it must be served"
    if offered and offered[0] not in str(failure.host.parameters.protocols).split():
        return f": add +{offered[0]} to SSLProtocol"
    return ""


def ciphers(failure: Failure) -> str:
    """OpenSSL found no cipher: because no list has it, or because the certificate, the groups or the signatures that
    would go with it do not fit."""
    if failure.hello is None:
        return ""
    context = failure.host.context
    family = TLS13 if _speaks_tls13(failure) else UP_TO_TLS12
    offered = [
        name for name in names_of_ciphers(context, failure.hello.cipher_suites) if _family(name) == family
    ]
    allowed = [name for name in allowed_ciphers(context) if _family(name) == family and _by_certificate(name)]
    common = [name for name in offered if name in allowed]
    if not common:
        word = f"SSLCipherSuite {TLS13}" if family == TLS13 else "SSLCipherSuite"
        return f"the client offers {shortened(offered)}; {word} allows {shortened(allowed)}"
    wanted = {kind for name in common for kind in _kinds(name)}
    if wanted and not wanted & _own_kinds(failure):
        return _other_key(
            wanted, f"of what the client offers ({shortened(offered)}), all that SSLCipherSuite allows"
        )
    if not _common_groups(failure):
        return groups(failure)
    return _curve(failure) or signatures(failure)


def groups(failure: Failure) -> str:
    """No key exchange group in common."""
    if failure.hello is None:
        return ""
    offered = [group_name(number) for number in failure.hello.groups]
    allowed = (
        dict(failure.host.parameters.commands).get(GROUPS)
        or f"{shortened(list(DEFAULT_GROUPS), 8)} (default)"
    )
    return f"the client offers the groups {shortened(offered, 8)}; SSLOpenSSLConfCmd Groups allows {allowed}"


def signatures(failure: Failure) -> str:
    """No signature in common: what the client verifies is not what our key makes."""
    if failure.hello is None:
        return ""
    offered = [signature(number) for number in failure.hello.signature_algorithms]
    names = shortened([name for name, _ in offered])
    wanted = {kind for _, kind in offered if kind}
    own = _own_kinds(failure)
    if wanted & own and not _speaks_tls13(failure):
        return f"both have a cipher, but what the client verifies ({names}) does not go with the key of this host"
    if wanted & own:
        return f"the client verifies only {names}, which the key of this host does not make: use a key of another size"
    return _other_key(wanted, f"the client verifies only {names}, and that")


def application_protocols(failure: Failure) -> str:
    """No application protocol in common (ALPN, RFC 7301)."""
    offered = [quoted(name.decode("latin-1")) for name in failure.hello.alpn] if failure.hello else []
    ours = " and ".join(name.decode("ascii") for name in ALPN)
    return (
        f"the client offers the application protocols {shortened(offered)} (ALPN), this server speaks {ours}: "
        "let the client offer http/1.1 too"
    )


def _curve(failure: Failure) -> str:
    """Up to TLS 1.2, the key of the certificate must be on a curve that the client knows (RFC 8422 section 5.1)."""
    if failure.hello is None or _speaks_tls13(failure):
        return ""
    keys = [shown.certificate.public_key() for shown in failure.host.shown]
    curves = [curve_name(key.curve.name) for key in keys if isinstance(key, ec.EllipticCurvePublicKey)]
    known = [group_name(number) for number in failure.hello.groups]
    if not curves or set(curves) & set(known):
        return ""
    return _other_key(
        ["RSA", *known[:1]],
        f"the certificate's key is on the curve {shortened(curves)}, the client knows {shortened(known)} and",
    )


def _other_key(wanted: Iterable[str], why: str) -> str:
    kinds = " or ".join(sorted(wanted)) or "another"
    return (
        f"{why} needs a certificate with an {kinds} key: "
        "add one with a second SSLCertificateFile and SSLCertificateKeyFile"
    )


def _speaks_tls13(failure: Failure) -> bool:
    version = VERSIONS[TLS13]
    return (
        failure.hello is not None
        and version in failure.hello.versions
        and failure.host.parameters.protocols.highest >= version
    )


def _family(cipher: str) -> str:
    return TLS13 if cipher.startswith("TLS_") else UP_TO_TLS12


def _by_certificate(cipher: str) -> bool:
    """Whether the cipher is one of those that go with a certificate: others (PSK, SRP) are never used here."""
    return not re.search(r"PSK|SRP", cipher)


def _kinds(cipher: str) -> set[str]:
    """The kinds of key that a cipher up to TLS 1.2 can have; those of TLS 1.3 have any."""
    if cipher.startswith("TLS_"):
        return set()
    if "-ECDSA-" in cipher:
        return {"EC"}
    return {"DSA"} if "-DSS-" in cipher else {"RSA"}


def _own_kinds(failure: Failure) -> set[str]:
    """What the keys of the host are good for; up to TLS 1.2, Ed25519 goes with ECDSA ciphers (RFC 8422)."""
    types = {key_type(material.certificate.public_key()) or "" for material in failure.host.shown}
    return types | ({"EC"} if types & {"ED25519", "ED448"} and not _speaks_tls13(failure) else set())


def _common_groups(failure: Failure) -> bool:
    allowed = group_numbers(dict(failure.host.parameters.commands).get(GROUPS, ""))
    return failure.hello is None or not failure.hello.groups or bool(allowed & set(failure.hello.groups))
