"""A CA of one's own: its certificate and key, what it refuses to sign, and signing."""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.issuing import issue, profiles
from prefork_ssl.certificates.issuing.extensions import find
from prefork_ssl.certificates.naming import canonical, constraints, names
from prefork_ssl.certificates.storage import reading
from prefork_ssl.certificates.terminal.passphrases import Source


@dataclass(frozen=True)
class Authority:
    """The certificate of a CA and the private key that belongs to it."""

    certificate: x509.Certificate
    key: keys.PrivateKey

    @property
    def key_identifier(self) -> x509.AuthorityKeyIdentifier:
        """What its certificates and CRLs name as the key that signed them."""
        own = find(self.certificate, x509.SubjectKeyIdentifier)
        if own is None:
            return x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def read(certificate: Path, key: Path, source: Source) -> Authority:
    """Read a CA.

    Raises:
        CertificateError: the certificate is that of no CA, is not valid today, or the key is another's.
        OSError: a file cannot be read.
    """
    ca = reading.certificate(certificate)
    _require_ca(ca, certificate)
    _require_valid_now(ca, certificate)
    private_key = reading.signing_key(key, source)
    if keys.public_key(ca) != private_key.public_key():
        raise CertificateError(f"the key in {key} is not that of the CA in {certificate}")
    return Authority(ca, private_key)


def _require_ca(ca: x509.Certificate, path: Path) -> None:
    basic = find(ca, x509.BasicConstraints)
    if basic is None or not basic.ca:
        raise CertificateError(f"the certificate in {path} is not that of a CA")


def _require_valid_now(ca: x509.Certificate, path: Path) -> None:
    if ca.not_valid_after_utc < issue.now():
        raise CertificateError(f"the CA in {path} expired on {ca.not_valid_after_utc:%Y-%m-%d}")
    if ca.not_valid_before_utc > issue.now():
        raise CertificateError(f"the CA in {path} is not valid before {ca.not_valid_before_utc:%Y-%m-%d}")


def require_crl_sign(ca: x509.Certificate) -> None:
    """CertificateError if the CA's keyUsage does not allow it to sign CRLs (RFC 5280 4.2.1.3)."""
    usage = find(ca, x509.KeyUsage)
    if usage is not None and not usage.crl_sign:
        raise CertificateError("the CA may not sign CRLs: its keyUsage lacks cRLSign")


def sign(ca: Authority, holder: issue.Holder, profile: profiles.Profile, days: int) -> x509.Certificate:
    """Issue a certificate for `days` days from now, but not beyond the CA's own end.

    Raises:
        CertificateError: the CA's own certificate forbids it, or the holder's names do not fit the profile.
    """
    _require_usages(ca.certificate, profile)
    _require_names(holder, profile, ca.certificate)
    _require_permitted(holder, ca.certificate)
    asked = issue.valid_for(days)
    validity = issue.Validity(asked.start, min(asked.end, ca.certificate.not_valid_after_utc))
    issuer = issue.Issuer(ca.certificate.subject, ca.key, ca.key_identifier)
    return issue.certificate(holder, issuer, profile, validity)


def _require_usages(ca: x509.Certificate, profile: profiles.Profile) -> None:
    usage = find(ca, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        raise CertificateError("the CA may not sign certificates: its keyUsage lacks keyCertSign")
    basic = find(ca, x509.BasicConstraints)
    if profile.is_ca and basic is not None and basic.path_length == 0:
        raise CertificateError("the CA may not sign certificates of CAs: its path length is 0")
    _require_extended_usages(ca, profile)


def _require_extended_usages(ca: x509.Certificate, profile: profiles.Profile) -> None:
    # Not in RFC 5280, but OpenSSL and browsers alike take the CA's extendedKeyUsage as a limit.
    allowed = find(ca, x509.ExtendedKeyUsage)
    if allowed is not None and not set(profile.extended_usages) <= set(allowed):
        raise CertificateError(f"the CA may not sign {profile.name} certificates: see its extendedKeyUsage")


def _require_names(holder: issue.Holder, profile: profiles.Profile, ca: x509.Certificate) -> None:
    if canonical.same(holder.subject, ca.subject):
        raise CertificateError("the request has the CA's own subject; choose another")
    if profile.is_ca and not holder.subject.rdns:
        raise CertificateError("a CA needs a subject, and the request has none")
    if profile is profiles.SERVER and not any(map(names.is_host, holder.names)):
        raise CertificateError("the request names no host: give --san DNS:... or IP:...")
    if not holder.subject.rdns and not holder.names:
        raise CertificateError("the request names nobody: give --san")


def _require_permitted(holder: issue.Holder, ca: x509.Certificate) -> None:
    limits = find(ca, x509.NameConstraints)
    if limits is None:
        return
    name = constraints.forbidden(limits, holder.subject, holder.names)
    if name is not None:
        raise CertificateError(f"the CA's name constraints forbid {names.readable(name)}")
