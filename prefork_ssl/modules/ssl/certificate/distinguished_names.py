"""Distinguished names written as mod_ssl and OpenSSL write them."""

from __future__ import annotations

from prefork_ssl.modules.ssl.certificate.der import Attribute, DistinguishedName
from prefork_ssl.modules.ssl.openssl.objects import short_name

_SPECIAL = frozenset(',+"\\<>;')


def rfc2253(name: DistinguishedName) -> str:
    """ "CN=www,O=Example" (RFC 2253), as with `openssl x509 -nameopt RFC2253`: what is not printable ASCII is written
    as the bytes of its UTF-8 form (\\C3\\BC)."""
    return ",".join("+".join(map(_typed, reversed(relative))) for relative in reversed(name))


def slashes(name: DistinguishedName) -> str:
    """ "/O=Example/CN=www", as in the days of SSLeay, and as OpenSSL 3 writes it: what is not printable ASCII as \\xC3
    and the like, slashes and plus signs in values behind a backslash."""
    return "".join(f"/{'+'.join(map(_slashed, relative))}" for relative in name)


def component(attribute: Attribute) -> str:
    """The value of one attribute as a text: control characters are written as \\00, backslashes doubled."""
    return escaped(attribute.text if attribute.text is not None else attribute.raw)


def escaped(text: str) -> str:
    """As `component`, for other texts of a certificate."""
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(map(_without_control, text))


def _without_control(character: str) -> str:
    if character == "\\":
        return "\\\\"
    return f"\\{ord(character):02X}" if character < " " or character == "\x7f" else character


def _typed(attribute: Attribute) -> str:
    name, text = short_name(attribute.oid), attribute.text
    if name is None or text is None:
        return f"{name or attribute.oid}=#{attribute.der.hex().upper()}"
    return f"{name}={_rfc2253_value(text)}"


def _rfc2253_value(text: str) -> str:
    value = "".join(map(_rfc2253_character, text))
    if text.endswith(" "):
        value = f"{value[:-1]}\\ "
    return f"\\{value}" if len(text) > 1 and text.startswith((" ", "#")) else value


def _rfc2253_character(character: str) -> str:
    if character in _SPECIAL:
        return f"\\{character}"
    if " " <= character <= "~":
        return character
    return "".join(f"\\{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))


def _slashed(attribute: Attribute) -> str:
    value = "".join(map(_slashed_byte, attribute.content))
    return f"{short_name(attribute.oid) or attribute.oid}={value}"


def _slashed_byte(byte: int) -> str:
    if not 0x20 <= byte <= 0x7E:
        return f"\\x{byte:02X}"
    return f"\\{chr(byte)}" if byte in b"/+" else chr(byte)
