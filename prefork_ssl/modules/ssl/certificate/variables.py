"""The part of a variable's name that follows SSL_SERVER_ or SSL_CLIENT_: what it says of a certificate."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from prefork_ssl.modules.ssl.certificate.der import DistinguishedName
from prefork_ssl.modules.ssl.certificate.distinguished_names import component, rfc2253, slashes
from prefork_ssl.modules.ssl.certificate.view import CertificateView
from prefork_ssl.modules.ssl.openssl.objects import long_name

Read = Callable[[CertificateView], str]

# How many names of one kind are exported at most. Whoever asks for one by its number gets it in any case.
_MOST_EXPORTED = 100


def certificate_variable(part: str) -> Read | None:
    """How to read what `part` names ("M_SERIAL", "S_DN_CN", "I_DN_O_1", "SAN_DNS_0"); None if it names nothing."""
    if part in _WHOLE:
        return _WHOLE[part]
    if found := _NAME_PART.fullmatch(part):
        oid, index = _ATTRIBUTES[found["attribute"]], int(found["index"] or 0)
        return _name_part(_NAMES[found["whose"]], oid, index, raw=bool(found["raw"]))
    if found := _ALTERNATIVE.fullmatch(part):
        return _alternative(found["kind"].upper(), int(found["index"]))
    return None


def slashed_name(part: str) -> Read | None:
    """As certificate_variable, for S_DN and I_DN in their old form (LegacyDNStringFormat)."""
    whose = _NAMES.get(part.removesuffix("_DN"))
    return (lambda view: slashes(whose(view))) if whose and part.endswith("_DN") else None


def exported(view: CertificateView) -> Iterator[tuple[str, str]]:
    """Everything that StdEnvVars tells of a certificate, by part; what is empty is left out."""
    for part, read in _WHOLE.items():
        if part not in _NOT_STANDARD and (value := read(view)):
            yield part, value
    for letter, name_of in _NAMES.items():
        yield from _exported_name(letter, name_of(view))
    for kind, values in view.alternatives.items():
        for index, value in enumerate(values[:_MOST_EXPORTED]):
            yield f"SAN_{_SPELLED[kind]}_{index}", value


# --- names ---


def _subject(view: CertificateView) -> DistinguishedName:
    return view.subject


def _issuer(view: CertificateView) -> DistinguishedName:
    return view.issuer


_NAMES: dict[str, Callable[[CertificateView], DistinguishedName]] = {"S": _subject, "I": _issuer}

_ATTRIBUTES = {
    "C": "2.5.4.6",
    "ST": "2.5.4.8",
    "SP": "2.5.4.8",
    "L": "2.5.4.7",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "CN": "2.5.4.3",
    "T": "2.5.4.12",
    "I": "2.5.4.43",
    "G": "2.5.4.42",
    "S": "2.5.4.4",
    "D": "2.5.4.13",
    "UID": "0.9.2342.19200300.100.1.1",
    "Email": "1.2.840.113549.1.9.1",
}
_EXPORTED_AS = {oid: name for name, oid in _ATTRIBUTES.items() if name != "SP"}
_NAME_PART = re.compile(
    rf"(?P<whose>[SI])_DN_(?P<attribute>{'|'.join(_ATTRIBUTES)})(?:_(?P<index>[0-9]{{1,4}}))?(?P<raw>_RAW)?"
)


def _name_part(
    name_of: Callable[[CertificateView], DistinguishedName], oid: str, index: int, *, raw: bool
) -> Read:
    def read(view: CertificateView) -> str:
        found = [each for relative in name_of(view) for each in relative if each.oid == oid]
        if index >= len(found):
            return ""
        return found[index].raw if raw else component(found[index])

    return read


def _exported_name(letter: str, name: DistinguishedName) -> Iterator[tuple[str, str]]:
    counts: dict[str, int] = {}
    for relative in name:
        for attribute in relative:
            kind = _EXPORTED_AS.get(attribute.oid)
            if kind is None:
                continue
            number = counts[kind] = counts.get(kind, -1) + 1
            if number < _MOST_EXPORTED:
                yield f"{letter}_DN_{kind}{f'_{number}' if number else ''}", component(attribute)


# --- alternative names; log formats and conditions give them in upper case ---

_SPELLED = {"DNS": "DNS", "EMAIL": "Email", "OTHER_MSUPN": "OTHER_msUPN", "OTHER_DNSSRV": "OTHER_dnsSRV"}
_ALTERNATIVE = re.compile(rf"SAN_(?P<kind>{'|'.join(_SPELLED)})_(?P<index>[0-9]{{1,4}})", re.IGNORECASE)


def _alternative(kind: str, index: int) -> Read:
    def read(view: CertificateView) -> str:
        values = view.alternatives.get(kind, [])
        return values[index] if index < len(values) else ""

    return read


# --- the rest ---

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _date(moment: datetime) -> str:
    """ "Nov  3 10:29:27 2026 GMT", as OpenSSL prints times."""
    return f"{_MONTHS[moment.month - 1]} {moment.day:2} {moment:%H:%M:%S} {moment.year} GMT"


def _days_left(view: CertificateView) -> str:
    """Mod_ssl's count, in which a part of a day is a day; "0" afterwards."""
    left = view.certificate.not_valid_after_utc - datetime.now(UTC)
    return str(left.days + 1) if left.total_seconds() > 0 else "0"


def _serial_number(view: CertificateView) -> str:
    """Whole bytes, as `openssl x509 -serial` prints them."""
    digits = f"{view.certificate.serial_number:X}"
    return digits.zfill(len(digits) + len(digits) % 2)


def _key_algorithm(view: CertificateView) -> str:
    return _algorithm(view.certificate.public_key_algorithm_oid.dotted_string)


def _signature_algorithm(view: CertificateView) -> str:
    return _algorithm(view.certificate.signature_algorithm_oid.dotted_string)


def _algorithm(oid: str) -> str:
    return long_name(oid) or oid


def _exact_assertion(view: CertificateView) -> str:
    """Serial number and issuer as a certificateExactAssertion (RFC 4523 section 2.1, GSER of RFC 3641)."""
    issuer = rfc2253(view.issuer).replace('"', '""')
    return f'{{ serialNumber {view.certificate.serial_number}, issuer rdnSequence:"{issuer}" }}'


_WHOLE: dict[str, Read] = {
    "M_VERSION": lambda view: str(view.certificate.version.value + 1),
    "M_SERIAL": _serial_number,
    "V_START": lambda view: _date(view.certificate.not_valid_before_utc),
    "V_END": lambda view: _date(view.certificate.not_valid_after_utc),
    "V_REMAIN": _days_left,
    "S_DN": lambda view: rfc2253(view.subject),
    "I_DN": lambda view: rfc2253(view.issuer),
    "A_KEY": _key_algorithm,
    "A_SIG": _signature_algorithm,
    "CERT": lambda view: view.pem,
    "CERT_RFC4523_CEA": _exact_assertion,
}
# Of these, what only ExportCertData exports.
_NOT_STANDARD = {"CERT"}
