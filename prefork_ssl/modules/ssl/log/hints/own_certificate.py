"""Why a client may not like the certificate of its host: what is wrong with it is looked for, there and then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from prefork_ssl.modules.ssl.certificate import checks
from prefork_ssl.modules.ssl.certificate.names import alternative_names, uncovered
from prefork_ssl.modules.ssl.certificate.trust import Verdict, judge, last
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.keys.keystore import CertificateMaterial
from prefork_ssl.modules.ssl.log.event import quoted
from prefork_ssl.modules.ssl.log.hints.failure import Failure
from prefork_ssl.modules.ssl.openssl import certificate_address

# The alerts of a client that does not like our certificate (RFC 8446 section 6.2).
ALERTS = frozenset(
    [
        "unknown_ca",
        "bad_certificate",
        "unsupported_certificate",
        "certificate_expired",
        "certificate_revoked",
        "certificate_unknown",
        "access_denied",
        "bad_certificate_status_response",
    ]
)

# Those that do not speak of what can be seen in the certificate.
_OTHER_REASONS = {
    "certificate_revoked": "its CA has revoked it: have a new one issued",
    "access_denied": "it is valid, but rules of the client, or of a proxy that looks into its connections, do not "
    "allow this server: look there",
    "bad_certificate_status_response": "its stapled OCSP answer is not good, or missing although the certificate "
    "demands one (OCSP must-staple): write SSLUseStapling on, and look for lines about OCSP in this log",
}


def not_accepted(failure: Failure) -> str:
    """Everything about the certificate that was shown which a client may refuse it for."""
    material = _shown(failure)
    if material is None:
        return ""
    file = f"SSLCertificateFile {material.source.certificate}"
    if failure.alert in _OTHER_REASONS:
        return f"the client does not accept {file}: {_OTHER_REASONS[failure.alert]}"
    found = "; ".join(dict.fromkeys(_complaints(material, failure)))
    return f"the client does not accept {file}: {found or _nothing_wrong(material, failure)}"


def may_not_be_accepted(failure: Failure) -> str:
    """The same, where the client left without a word after it had seen the certificate."""
    if failure.tls is None or (material := _shown(failure)) is None:
        return ""
    found = "; ".join(dict.fromkeys(_complaints(material, failure)))
    return f"it may not accept SSLCertificateFile {material.source.certificate}: {found}" if found else ""


def _shown(failure: Failure) -> CertificateMaterial | None:
    """What the handshake has shown; before it got so far, the first that the host has."""
    shown = None
    if failure.tls is not None and certificate_address(failure.tls.public):
        shown = failure.tls.public.get_certificate(as_cryptography=True)
    return next(
        (material for material in failure.host.shown if material.certificate == shown),
        next(iter(failure.host.shown), None),
    )


def _complaints(material: CertificateMaterial, failure: Failure) -> Iterator[str]:
    if failure.alert == "unknown_ca":  # what the client means comes first
        yield from _chain(material)
    yield from _in_words(checks.valid(material, datetime.now(UTC)), material)
    yield from _name(material, failure.server_name)
    yield from _chain(material)
    yield from _in_words(checks.fit_for_servers(material), material)
    yield from _in_words(checks.strong(material), material)


def _name(material: CertificateMaterial, asked: str | None) -> Iterator[str]:
    certified = alternative_names(material.certificate)
    if certified is None:
        yield from _in_words(checks.names_covered(material, ()), material)
    elif asked is None:
        yield f"it is for {_listed(certified)}; the client named no host (no SNI), so it got that of the first host"
    elif uncovered([asked], certified):
        yield (
            f"it is for {_listed(certified)}, not for {quoted(asked)} that the client asked for: "
            "have it issued for this name, or give the name to the right host with ServerName or ServerAlias"
        )


def _chain(material: CertificateMaterial) -> Iterator[str]:
    disorder = list(_in_words(checks.chain_holds(material), material))
    yield from disorder
    verdict, words = judge(material)
    subject, issuer = map(quoted, last(material))
    if verdict is Verdict.SELF_SIGNED:
        yield "it is self-signed: have it signed by a CA that clients know, or import it in the client"
    elif verdict is Verdict.OWN_CA:
        yield f"it leads to the CA {subject}, which does not come with systems: import that CA in the client"
    elif verdict is Verdict.INCOMPLETE and not disorder:
        yield (
            f"its chain ends with {subject}, and {issuer} comes neither with it nor with systems: "
            f"append the intermediate certificate {issuer} to the file; "
            "if that is your own CA, import it in the client"
        )
    elif verdict is Verdict.BROKEN and not disorder:
        yield f"its chain does not hold ({words}): compare with openssl verify"


def _nothing_wrong(material: CertificateMaterial, failure: Failure) -> str:
    end = material.certificate.not_valid_after_utc
    if failure.alert == "certificate_expired":
        return f"it is good until {end:%Y-%m-%d}, so the clock of the client may be wrong"
    return "nothing is wrong with it that this server can see; the client may have no up-to-date list of CAs"


def _in_words(findings: Iterator[Finding], material: CertificateMaterial) -> Iterator[str]:
    for finding in findings:
        what = finding.message.removeprefix(f"{material.source.certificate}: ").replace(
            "the certificate ", "it ", 1
        )
        yield f"{what}: {finding.hint}" if finding.hint else what


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return quoted(", ".join(names[:5])) + more if names else "no host"
