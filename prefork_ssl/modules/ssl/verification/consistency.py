"""Directives about clients that contradict each other, and CAs and CRLs that let nobody in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from cryptography import x509

from prefork_ssl.config.directives import Directive, Settings
from prefork_ssl.config.errors import Problem
from prefork_ssl.config.tree import Host
from prefork_ssl.modules.ssl.context.ciphers import TLS13
from prefork_ssl.modules.ssl.directives import SSL_CIPHER_SUITE, NamedPath
from prefork_ssl.modules.ssl.hosts.settings import host_name
from prefork_ssl.modules.ssl.keys.findings import Finding, Severity
from prefork_ssl.modules.ssl.verification import directives
from prefork_ssl.modules.ssl.verification.directives import (
    SSL_CA_REVOCATION_CHECK,
    SSL_CA_REVOCATION_FILE,
    SSL_VERIFY_CLIENT,
    Check,
)
from prefork_ssl.modules.ssl.verification.mode import Mode
from prefork_ssl.modules.ssl.verification.sections import section_settings
from prefork_ssl.modules.ssl.verification.trust import Trust

_CA = (directives.SSL_CA_CERTIFICATE_FILE, directives.SSL_CA_CERTIFICATE_PATH)
_CRL = (directives.SSL_CA_REVOCATION_FILE, directives.SSL_CA_REVOCATION_PATH)
_NAME_CA = (
    "name the CAs that clients have their certificates from: SSLCACertificateFile or SSLCACertificatePath"
)
_NAME_CRL = "name their CRLs: SSLCARevocationFile or SSLCARevocationPath"


def contradictions(hosts: Sequence[Host]) -> Iterator[Problem]:
    """What can be told of the hosts that speak TLS without opening a file."""
    for host in hosts:
        if _demands(host.settings) and not _any(host.settings, _CA):
            yield _hopeless(host.settings)
        yield from _ciphers(host)
        if host.settings[SSL_CA_REVOCATION_CHECK].check is not Check.NONE and not _any(host.settings, _CRL):
            origin = host.settings.origin(SSL_CA_REVOCATION_CHECK)
            yield Problem("SSLCARevocationCheck: there are no CRLs to look in", origin, _NAME_CRL)
    yield from _sections(hosts)


def _sections(hosts: Sequence[Host]) -> Iterator[Problem]:
    """Sections that no host lets anybody into. Some may: hosts share those of the main server."""
    hopeless = {settings: True for host in hosts for settings in section_settings(host) if _demands(settings)}
    for host in hosts:
        if _any(host.settings, _CA):
            hopeless.update((settings, False) for settings in section_settings(host))
    yield from (_hopeless(settings) for settings, everywhere in hopeless.items() if everywhere)


def _hopeless(settings: Settings) -> Problem:
    mode = settings[SSL_VERIFY_CLIENT].name.lower()
    message = f"SSLVerifyClient: {mode} lets no client in, because no CA is known"
    return Problem(message, settings.origin(SSL_VERIFY_CLIENT), _NAME_CA)


def _ciphers(host: Host) -> Iterator[Problem]:
    for settings in section_settings(host):
        if TLS13 in settings[SSL_CIPHER_SUITE]:
            message = "SSLCipherSuite: within a connection of TLS 1.3 there are no other ciphers to agree on"
            hint = "put the list for TLSv1.3 into the host itself"
            yield Problem(message, settings.origin(SSL_CIPHER_SUITE), hint)


def trust_findings(host: Host, trust: Trust) -> Iterator[Finding]:
    """What there is to say of the CAs and CRLs of a host once they have been read."""
    settings = host.settings
    if not trust.authorities:
        yield from _nobody_believed(host)
    check, where = trust.check.check, str(settings.origin(SSL_CA_REVOCATION_CHECK) or "")
    if check is not Check.NONE and not trust.crls:
        yield Finding("error", SSL_CA_REVOCATION_CHECK.name, where, "no CRL was found to look in", _NAME_CRL)
    if check is Check.NONE and trust.crls:
        where = str(next((settings.origin(each) for each in _CRL if each in settings), "") or "")
        message = "the CRLs are not looked into"
        yield Finding(
            "warning", SSL_CA_REVOCATION_FILE.name, where, message, "write SSLCARevocationCheck chain"
        )
    if check is not Check.NONE:
        yield from _crl_findings(trust, where)


def _crl_findings(trust: Trust, where: str) -> Iterator[Finding]:
    subjects = {authority.subject for authority in trust.authorities}
    for crl in trust.crls:
        name, ends = crl.issuer.rfc4514_string(), crl.next_update_utc
        if ends is not None and ends < datetime.now(UTC):
            message = (
                f"the CRL of {name} was to be replaced by {ends:%Y-%m-%d %H:%M} UTC: no client of it gets in"
            )
            yield _crl_warning(where, message, "get the CA's new CRL, and reload")
        if crl.issuer not in subjects:
            message = f"the CRL of {name} is of no use, because that CA is not known"
            yield _crl_warning(
                where, message, "name its certificate in SSLCACertificateFile, or leave out the CRL"
            )
        yield from _forged(crl, trust, where)


def _forged(crl: x509.CertificateRevocationList, trust: Trust, where: str) -> Iterator[Finding]:
    issuers = [authority for authority in trust.authorities if authority.subject == crl.issuer]
    if issuers and not any(_signed(crl, issuer) for issuer in issuers):
        message = (
            f"the CRL of {crl.issuer.rfc4514_string()} was not signed by that CA: no client of it gets in"
        )
        yield _crl_warning(where, message, "get it again from the CA")


def _signed(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # any kind that signs
    except (TypeError, ValueError):
        return False


def _crl_warning(where: str, message: str, hint: str) -> Finding:
    return Finding("warning", SSL_CA_REVOCATION_CHECK.name, where, message, hint)


def _nobody_believed(host: Host) -> Iterator[Finding]:
    for settings in (host.settings, *section_settings(host)):
        if _demands(settings):
            severity: Severity = "error" if settings is host.settings else "warning"
            mode, origin = settings[SSL_VERIFY_CLIENT].name.lower(), settings.origin(SSL_VERIFY_CLIENT)
            message = f"{mode} lets no client of {host_name(host)} in, because no CA certificate was found"
            yield Finding(severity, SSL_VERIFY_CLIENT.name, str(origin or ""), message, _NAME_CA)


def _demands(settings: Settings) -> bool:
    """Whether a certificate is asked for that only a known CA can have issued."""
    return settings[SSL_VERIFY_CLIENT] in (Mode.OPTIONAL, Mode.REQUIRE)


def _any(settings: Settings, wanted: Iterable[Directive[tuple[NamedPath, ...]]]) -> bool:
    return any(settings[directive] for directive in wanted)
