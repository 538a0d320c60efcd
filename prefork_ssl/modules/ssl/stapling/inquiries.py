"""Whether a certificate's responder can be asked, and how."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509

from prefork_ssl.config.directives import Settings
from prefork_ssl.modules.ssl.certificate.description import ocsp_urls
from prefork_ssl.modules.ssl.certificate.extensions import extension
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.keys.keystore import CertificateMaterial
from prefork_ssl.modules.ssl.stapling.directives import SSL_STAPLING_FORCE_URL, SSL_USE_STAPLING
from prefork_ssl.modules.ssl.stapling.policy import policy
from prefork_ssl.modules.ssl.stapling.subject import Inquiry


def inquiry(material: CertificateMaterial, settings: Settings) -> Inquiry | None:
    """What is to be asked about the certificate of a host; None if it is not wanted, or not possible."""
    issuer, url = _issuer(material), _url(material, settings)
    if not settings[SSL_USE_STAPLING] or issuer is None or not url:
        return None
    return Inquiry(material.certificate, issuer, url, policy(settings))


def stapling_findings(material: CertificateMaterial, settings: Settings) -> Iterator[Finding]:
    """What there is to say about stapling for this certificate."""
    source = material.source
    if not settings[SSL_USE_STAPLING]:
        if _must_staple(material.certificate):
            message = (
                f"{source.certificate}: browsers refuse the certificate without an OCSP answer (must-staple)"
            )
            yield Finding("warning", SSL_USE_STAPLING.name, source.where, message, "write SSLUseStapling on")
        return
    where = str(settings.origin(SSL_USE_STAPLING) or "")
    if not _url(material, settings):
        message = f"{source.certificate} names no OCSP responder at an http:// URL: nothing is stapled to it"
        hint = f"that is so with CAs that only have CRLs; a responder of your own is named by {_FORCE}"
        yield Finding("info", SSL_USE_STAPLING.name, where, message, hint)
    elif _issuer(material) is None:
        message = (
            f"{source.certificate} is not followed by its issuer's certificate: nothing is stapled to it"
        )
        hint = "append the certificate of the CA that issued it; its answers are checked with that"
        yield Finding("warning", SSL_USE_STAPLING.name, where, message, hint)


_FORCE = SSL_STAPLING_FORCE_URL.name


def _url(material: CertificateMaterial, settings: Settings) -> str:
    named = (url for url in ocsp_urls(material.certificate) if url.lower().startswith("http://"))
    return settings[SSL_STAPLING_FORCE_URL] or next(named, "")


def _issuer(material: CertificateMaterial) -> x509.Certificate | None:
    """The CA's certificate, out of the chain."""
    wanted = material.certificate.issuer
    return next((sent for sent in material.chain if sent.subject == wanted), None)


def _must_staple(certificate: x509.Certificate) -> bool:
    """RFC 7633."""
    features = extension(certificate, x509.TLSFeature)
    return features is not None and x509.TLSFeatureType.status_request in features
