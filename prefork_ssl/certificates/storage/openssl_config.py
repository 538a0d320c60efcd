"""What `openssl req` reads from its configuration file: the subject and the alternative names of a request.

Only these are taken: [req] names the section of the subject (distinguished_name) and that of the extensions
(req_extensions), of which subjectAltName counts. With `prompt = no` the subject's section has the values themselves;
otherwise it has prompts, and the values are those of the `..._default` lines, which may then be asked for.
"""

import configparser
import re
from dataclasses import dataclass, field
from pathlib import Path

from prefork_ssl.certificates.errors import CertificateError


@dataclass(frozen=True)
class RequestDefaults:
    """Attributes of the subject as (name, value), and alternative names as `DNS:...`; `final`: not to be asked for."""

    subject: list[tuple[str, str]] = field(default_factory=list)
    alternative_names: list[str] = field(default_factory=list)
    final: bool = False


class _Parser(configparser.RawConfigParser):
    # Section names may have blanks around them, and the names of values tell upper from lower case.
    SECTCRE = re.compile(r"\[\s*(?P<header>[^]]+?)\s*\]")

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def read(path: Path) -> RequestDefaults:
    """Read the file.

    Raises:
        CertificateError: it is no such file, lacks a section that it names, or uses variables.
        OSError: it cannot be read.
    """
    parser = _parse(path)
    request = _section(parser, "req", path)
    final = request.get("prompt") == "no"
    return RequestDefaults(_subject(parser, request, path, final=final), _names(parser, request, path), final)


def _parse(path: Path) -> configparser.RawConfigParser:
    parser = _Parser(
        delimiters=("=",),
        comment_prefixes=("#",),
        inline_comment_prefixes=("#",),
        strict=False,
        allow_no_value=True,
    )
    try:
        text = path.read_text(encoding="utf-8").replace("\\\n", "")
        # Values may stand before the first section, and blanks before a line mean nothing.
        parser.read_string("[default]\n" + "\n".join(line.strip() for line in text.splitlines()))
    except (configparser.Error, UnicodeDecodeError) as error:
        raise CertificateError(f"{path} is not an OpenSSL configuration file") from error
    return parser


def _section(parser: configparser.RawConfigParser, name: str, path: Path) -> dict[str, str]:
    if not parser.has_section(name):
        raise CertificateError(f"{path} has no section [{name}]")
    values = {key: value or "" for key, value in parser.items(name)}
    with_variables = [key for key, value in values.items() if "$" in value]
    if with_variables:
        raise CertificateError(f"{path}: {with_variables[0]} uses a variable; write its value instead")
    return values


def _subject(
    parser: configparser.RawConfigParser, request: dict[str, str], path: Path, *, final: bool
) -> list[tuple[str, str]]:
    if "distinguished_name" not in request:
        return []
    entries = _section(parser, request["distinguished_name"], path).items()
    suffix = "" if final else "_default"
    # A number and a dot before a name only keep several values of one attribute apart.
    return [
        (re.sub(r"^\d+\.", "", key.removesuffix(suffix)), value)
        for key, value in entries
        if key.endswith(suffix)
    ]


def _names(parser: configparser.RawConfigParser, request: dict[str, str], path: Path) -> list[str]:
    if "req_extensions" not in request:
        return []
    value = _section(parser, request["req_extensions"], path).get("subjectAltName", "")
    value = value.removeprefix("critical,").strip()
    if not value.startswith("@"):
        return [value] if value else []
    entries = _section(parser, value[1:], path).items()
    return [f"{key.partition('.')[0]}:{name}" for key, name in entries]
