"""Access logs: what each % directive writes, from the words of the lines to the bytes in the file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.modules.asking import new_generation, new_request

from prefork_ssl.config.directives import Directive, Place
from prefork_ssl.config.errors import BadArgument, ConfigError, Origin, Problem
from prefork_ssl.kernel.directives import SERVER_NAME
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.log_config.directives import CUSTOM_LOG, LOG_FORMAT
from prefork_ssl.modules.log_config.items import ITEMS
from prefork_ssl.modules.log_config.module import module
from prefork_ssl.modules.log_config.times import common_log_time

BEGUN = 1_700_000_000.25  # in a zone 5:45 h before UTC: 14 Nov 2023 16:28:20.250
COMMON = '%h %l %u %t "%r" %>s %b'


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "XYZ5:45")
    time.tzset()
    common_log_time(0)
    yield
    monkeypatch.undo()
    time.tzset()
    common_log_time(0)


SSL = Module(
    name="ssl",
    variables={
        "SSL_": {
            "SSL_PROTOCOL": lambda _request: "TLSv1.3",
            "SSL_CLIENT_S_DN": lambda _request: 'CN="x\n[forged]',
            "SSL_CLIENT_VERIFY": lambda _request: "FAILED:certificate has expired",
            "SSL_TLS_SNI": lambda _request: "",
        }.get
    },
)


class Log:
    """A server whose only log has these lines; `site` is its generation."""

    def __init__(self, root: Path, *lines: tuple[str, ...], name: str = "www.example.com") -> None:
        self.root = root
        values: dict[Directive[Any], Any] = {SERVER_NAME: name}
        for number, (kind, *words) in enumerate(lines, 1):
            directive: Directive[Any] = {"LogFormat": LOG_FORMAT, "CustomLog": CUSTOM_LOG}[kind]
            value = directive.arguments.parse(tuple(words), Place(Origin("a.conf", number), root))
            values[directive] = directive.repeat(values[directive], value) if directive in values else value
        self.site = new_generation(root, values, (SSL, module))

    def problems(self) -> list[Problem]:
        found: list[Problem] = []
        assert module.hooks.check
        module.hooks.check(self.site.configuration, (), found.append)
        return found

    def write(self, request: Request, response: Response) -> None:
        assert module.hooks.prepare
        assert module.hooks.log
        module.hooks.prepare(self.site)
        log = module.hooks.log(self.site, self.site.configuration.server)
        assert log
        log(request, response)
        self.site.logs.flush()

    @property
    def text(self) -> str:
        return (self.root / "logs/access").read_text("ascii")


def answered(site: Generation, target: str = "/a/b?x=1", **details: str) -> tuple[Request, Response]:
    request = new_request(site, target, **details)
    request.started = BEGUN
    response = Response(200, [("Content-Type", "text/html"), ("X-Two", "a"), ("x-two", "b")], b"x" * 12)
    response.sent = 12
    return request, response


def written(root: Path, form: str, prepare: Any = None, **details: str) -> str:
    """What `form` gives of a request and response that `prepare` may change."""
    log = Log(root, ("CustomLog", "logs/access", form))
    request, response = answered(log.site, **details)
    if prepare:
        prepare(request, response)
    log.write(request, response)
    line = log.text
    assert line.endswith("\n")
    return line[:-1]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (COMMON, '192.0.2.7 - - [14/Nov/2023:16:28:20 -0545] "GET /a/b?x=1 HTTP/1.1" 200 12'),
        ("%a %{c}a %A %{c}h", "192.0.2.7 192.0.2.7 192.0.2.1 192.0.2.7"),
        ("%B %b", "12 12"),
        ("%p %{canonical}p %{local}p %{remote}p", "8080 8080 8080 40000"),
        ("%H %m %U %q %R %k", "HTTP/1.1 GET /a/b ?x=1 - 0"),
        ("%v %V", "www.example.com www.example.com"),
        ("%{Content-Type}o %{content-length}o %{X-Two}o %{None}o", "text/html 12 a, b -"),
        ("%{User-Agent}i %{Referer}i", "curl -"),
        ("%{a}C %{B}C %{none}C", "1 2=3 -"),
        ("%{sec}t %{msec}t %{usec}t", "1700000000 1700000000250 1700000000250000"),
        ("%{msec_frac}t %{usec_frac}t", "250 250000"),
        ("%{%Y-%m-%d %H:%M}t %{begin:%j}t", "2023-11-14 16:28 318"),
        ("%{SSL_PROTOCOL}x %{ssl_protocol}x %{SSL_TLS_SNI}x %{REQUEST_METHOD}x", "TLSv1.3 TLSv1.3 - GET"),
        ("%{version}c %{errcode}c %{errstr}c %{cipher}c", "TLSv1.3 - certificate has expired -"),
        (r"%{SSL_CLIENT_S_DN}x %{subjectdn}c", r"CN=\"x\n[forged] CN=\"x\n[forged]"),
        ("100%% \\t\\\\n %l", "100% \t\\n -"),
        ("%404,200{User-Agent}i %!200{User-Agent}i %404s %!404s", "curl - - 200"),
        ("%X", "+"),
    ],
)
def test_directives(tmp_path: Path, form: str, expected: str) -> None:
    assert written(tmp_path, form, user_agent="curl", cookie="a=1; b=2=3") == expected


def test_the_process(tmp_path: Path) -> None:
    pid = os.getpid()
    assert written(tmp_path, "%P %{pid}P %{tid}P %{hextid}P") == f"{pid} {pid} {pid} {pid:x}"


def test_how_long_it_took(tmp_path: Path) -> None:
    def begin(request: Request, _response: Response) -> None:
        request.started = time.time() - 2.5

    seconds, same, millis, micros, plain = written(tmp_path, "%T %{s}T %{ms}T %{us}T %D", begin).split()
    assert (seconds, same) == ("2", "2")
    assert 2500 <= int(millis) < 60_000
    assert 2_500_000 <= int(micros) <= int(plain) < 60_000_000


def test_the_end_of_it(tmp_path: Path) -> None:
    assert abs(int(written(tmp_path, "%{end:sec}t")) - time.time()) < 60


def test_who_and_what(tmp_path: Path) -> None:
    def fill(request: Request, _response: Response) -> None:
        request.user, request.filename, request.handler, request.number = "ann", "/srv/ü", "welcome", 7
        request.env["note"] = 'a"b'

    form = "%u %f %R %k %{note}n %{note}e %{none}e"
    assert written(tmp_path, form, fill) == r"ann /srv/\xc3\xbc welcome 7 a\"b a\"b -"


def test_variables_are_text(tmp_path: Path) -> None:
    """However they came, they are written as the bytes of UTF-8."""
    form = "%{HTTP_USER_AGENT}x %{REMOTE_USER}x %{ENV:note}x %{note}n"

    def fill(request: Request, _response: Response) -> None:
        request.user = request.env["note"] = "ü\udcff"

    once = r"\xc3\xbc\xff"
    assert written(tmp_path, form, fill, user_agent="\xc3\xbc\xff") == " ".join([once] * 4)


def test_a_user_without_a_name(tmp_path: Path) -> None:
    assert written(tmp_path, "%u", lambda request, _response: setattr(request, "user", "")) == '""'


def test_the_port_that_the_server_name_has(tmp_path: Path) -> None:
    log = Log(tmp_path, ("CustomLog", "logs/access", "%p %v"), name="https://www.example.com:443")
    log.write(*answered(log.site))
    assert log.text == "443 www.example.com\n"


@pytest.mark.parametrize(
    ("sent", "method", "close", "expected"),
    [(12, "GET", False, "+"), (12, "GET", True, "-"), (11, "GET", False, "X"), (0, "HEAD", False, "+")],
)
def test_what_became_of_the_connection(
    tmp_path: Path, sent: int, method: str, close: bool, expected: str
) -> None:
    def end(_request: Request, response: Response) -> None:
        response.sent, response.close = sent, close

    assert written(tmp_path, "%X", end, method=method) == expected


def test_nothing_sent(tmp_path: Path) -> None:
    assert written(tmp_path, "%b %B", lambda _request, response: setattr(response, "sent", 0)) == "- 0"


def test_a_client_cannot_forge_a_line(tmp_path: Path) -> None:
    line = written(
        tmp_path,
        '"%r" "%{User-Agent}i" %U',
        path="/ü\n\udcff",
        target='/"\\\xff',
        user_agent='x" 200 1\x7f',
    )
    assert line == r'"GET /\"\\\xff HTTP/1.1" "x\" 200 1\x7f" /\xc3\xbc\n\xff'


@given(
    st.text(st.characters(max_codepoint=255)),
    st.text(st.characters(max_codepoint=255)),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_every_line_is_one_line_of_ascii(tmp_path_factory, target: str, agent: str, path: str) -> None:
    root = tmp_path_factory.mktemp("root")
    everything = " ".join(
        f"%{{name}}{letter}" if letter in "Ceino" else f"%{letter}" for letter in ITEMS if letter not in "cx"
    )
    line = written(root, everything, target=target, path=path, name=agent)
    assert line.isascii()
    assert line.isprintable()


class TestLogs:
    def test_a_nickname(self, tmp_path: Path) -> None:
        log = Log(tmp_path, ("CustomLog", "logs/access", "short"), ("LogFormat", "%s", "short"))
        assert log.problems() == []
        log.write(*answered(log.site))
        assert log.text == "200\n"

    def test_a_condition(self, tmp_path: Path) -> None:
        log = Log(
            tmp_path,
            ("CustomLog", "logs/access", "with %s", "env=image"),
            ("CustomLog", "logs/access", "without %s", "env=!image"),
        )
        request, response = answered(log.site)
        log.write(request, response)
        request.env["image"] = ""
        log.write(request, response)
        assert log.text == "without 200\nwith 200\n"

    def test_a_program(self, tmp_path: Path) -> None:
        log = Log(tmp_path, ("CustomLog", f"|sh -c 'cat > {tmp_path}/out'", "%s"))
        log.write(*answered(log.site))
        log.site.logs.close()
        end = time.monotonic() + 10
        while not (tmp_path / "out").exists() or (tmp_path / "out").read_text() != "200\n":
            assert time.monotonic() < end
            time.sleep(0.01)

    def test_no_log_costs_nothing(self, tmp_path: Path) -> None:
        log = Log(tmp_path)
        assert module.hooks.log
        assert module.hooks.log(log.site, log.site.configuration.server) is None

    def test_an_unknown_variable_is_told(self, tmp_path: Path) -> None:
        assert written(tmp_path, "%{SSL_CIPER}x") == "-"
        log = (tmp_path / "logs/error_log").read_text()
        assert "a.conf:1: no module that is loaded has a variable SSL_CIPER" in log


class TestMistakes:
    def test_a_nickname_that_is_none(self, tmp_path: Path) -> None:
        log = Log(tmp_path, ("LogFormat", "%s", "short"), ("CustomLog", "logs/access", "shrt"))
        (problem,) = log.problems()
        assert str(problem) == "a.conf:2: CustomLog: no LogFormat has the nickname 'shrt' (known: short)"

    def test_it_is_told_once_for_all_hosts(self, tmp_path: Path) -> None:
        log = Log(tmp_path, ("CustomLog", "logs/access", "shrt"))
        hosts = (replace(log.site.configuration.server),) * 2
        log.site.configuration = replace(log.site.configuration, hosts=hosts)
        assert len(log.problems()) == 1

    def test_a_file_that_cannot_be_opened(self, tmp_path: Path) -> None:
        log = Log(tmp_path, ("CustomLog", "none/access", "%s"))
        with pytest.raises(ConfigError, match=r"a\.conf:1: cannot open log .*none/access: No such file"):
            log.write(*answered(log.site))

    @pytest.mark.parametrize(
        ("form", "message"),
        [
            ("%y", "%y is not a log directive"),
            ("%", "write %% for a percent sign"),
            ("50% of", "write %% for a percent sign"),
            ("%{x", "write %% for a percent sign"),
            ("%20s", "write %% for a percent sign"),
            ("%i", "%i needs a name in braces"),
            ("%{x}s", "%{x}s takes no argument"),
            ("%{minutes}T", "must be s or ms or us"),
            ("%{colour}c", "must be version or"),
            ("%{x}O", "%{x}O takes no argument"),
        ],
    )
    def test_in_a_format(self, tmp_path: Path, form: str, message: str) -> None:
        for line in (("LogFormat", form, "name"), ("CustomLog", "logs/access", form)):
            with pytest.raises(BadArgument) as caught:
                Log(tmp_path, line)
            assert message in f"{caught.value} {caught.value.hint}"

    def test_in_the_words(self, tmp_path: Path) -> None:
        with pytest.raises(BadArgument, match="env=name or env=!name") as caught:
            Log(tmp_path, ("CustomLog", "logs/access", "%s", "expr=true"))
        assert "SetEnvIfExpr" in caught.value.hint
        with pytest.raises(BadArgument, match="percent sign"):
            Log(tmp_path, ("LogFormat", "common", COMMON))
