"""What comparisons, tests and functions mean in Require expr (Apache's manual, expr.html)."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from unit.kernel.evaluating import condition, holds, request

from prefork_ssl.kernel.expression.condition import EvaluationError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'a' == 'a'", True),
        ("'a' = 'a'", True),
        ("'a' == 'A'", False),
        ("'a' != 'b'", True),
        # symbols compare texts, character by character
        ("'b' < 'aa'", False),
        ("'10' < '9'", True),
        ("'a' < 'ab'", True),
        ("'a' <= 'a'", True),
        ("'b' > 'a'", True),
        ("'a' >= 'b'", False),
        # letters compare whole numbers
        ("10 -gt 9", True),
        ("10 gt 9", True),
        ("'10' eq '0010'", True),
        ("010 -eq 10", True),
        ("'10abc' -eq 10", True),
        ("'abc' -eq 0", True),
        ("'' -eq 0", True),
        ("' 7' -eq 7", True),
        ("'+7' -eq 7", True),
        ("'- 7' -eq 0", True),
        ("-7 -lt -6", True),
        ("7 -ne 7", False),
        ("7 -le 7", True),
        ("7 -ge 8", False),
        ("'99999999999999999999' -eq '9223372036854775807'", True),
        ("'-99999999999999999999' -lt '-9223372036854775807'", True),
        ("'9223372036854775808' -eq '9223372036854775807'", True),
        (f"'{'9' * 6000}' -gt 1", True),
        ("'0000000000000000000000000000000001' -eq 1", True),
        # patterns
        ("'/a/b.html' -strmatch '/*.html'", True),
        ("'/a/b.html' -strmatch '/?.html'", False),
        ("'/a/b.html' -strmatch '*B*'", False),
        ("'/a/b.html' -strcmatch '*B*'", True),
        ("'a[1]' -strmatch 'a[1]'", True),
        ("'/a/b.html' -fnmatch '/*.html'", False),
        ("'/a/b.html' -fnmatch '/*/*.html'", True),
        ("'/a/b.html' -fnmatch '/[a-c]/?.*'", True),
        ("'a\\nb' -strmatch 'a*b'", True),
        # addresses
        ("'192.0.2.7' -ipmatch '192.0.2.0/24'", True),
        ("'192.0.2.7' -ipmatch '192.0.2'", True),
        ("'192.0.2.7' -ipmatch '192.0.3'", False),
        ("'::ffff:192.0.2.7' -ipmatch '192.0.2.7'", True),
        ("'2001:db8::1' -ipmatch '2001:db8::/32'", True),
        ("'2001:db8::1' -ipmatch '0.0.0.0/0'", False),
        ("'nobody' -ipmatch '0.0.0.0/0'", False),
        ("%{REMOTE_ADDR} -ipmatch '192.0.2.0/255.255.255.0'", True),
    ],
)
def test_comparisons(text, expected):
    assert holds(text) is expected


@pytest.mark.parametrize(
    "operator", ["==", "!=", "<", ">=", "-lt", "-eq", "-strmatch", "-fnmatch", "-strcmatch"]
)
def test_constants_and_values_of_the_request_compare_alike(operator):
    for left in ("", "5", "10", "abc", "a*", "ä"):
        for right in ("", "5", "10", "abc", "a*", "ä"):
            texts = {"A": left, "B": right}
            expected = holds(f"'{left}' {operator} '{right}'")
            assert holds(f"%{{TEXT_A}} {operator} '{right}'", **texts) is expected
            assert holds(f"'{left}' {operator} %{{TEXT_B}}", **texts) is expected
            assert holds(f"%{{TEXT_A}} {operator} %{{TEXT_B}}", **texts) is expected


def test_what_only_the_request_shows_to_make_no_sense_is_no_answer():
    with pytest.raises(EvaluationError, match="'x' is neither an address nor a network"):
        holds("%{REMOTE_ADDR} -ipmatch %{TEXT_A}", A="x")
    assert holds("%{REMOTE_ADDR} -ipmatch %{TEXT_A}", A="192.0.2.7")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-n 'a'", True),
        ("-n ''", False),
        ("-z ''", True),
        ("-z 'a'", False),
        ("-T 'a'", True),
        ("-T '1'", True),
        ("-T '0'", False),
        ("-T '00'", False),
        ("-T ''", False),
        ("-T 'Off'", False),
        ("-T 'FALSE'", False),
        ("-T 'no'", False),
        ("-T 'none'", True),
        ("-R '192.0.2.0/24'", True),
        ("-R '192.0.3'", False),
        ("-R '2001:db8::/32'", False),
        ("not -R '192.0.2'", False),
    ],
)
def test_tests_of_values(text, expected):
    assert holds(text) is expected


def test_tests_of_files(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "program").write_bytes(b"#!/bin/sh\n")
    (tmp_path / "program").chmod(0o755)
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "broken").symlink_to("nowhere")
    expected = {
        "-e": {"file", "empty", "program", "link", "."},
        "-f": {"file", "empty", "program", "link"},
        "-d": {"."},
        "-s": {"file", "program", "link", "."},
        "-L": {"link", "broken"},
        "-h": {"link", "broken"},
        "-x": {"program", "."},
    }
    for test, names in expected.items():
        for name in ("file", "empty", "program", "link", "broken", ".", "absent", "file/x"):
            assert holds(f"{test} %{{TEXT_A}}", A=f"{tmp_path}/{name}") is (name in names), (test, name)
        assert not holds(f"{test} %{{TEXT_A}}", A="a\0b")


def test_tests_of_what_is_admitted(tmp_path):
    asked = []
    site = SimpleNamespace(
        admits_target=lambda _request, target: asked.append(target) or target == "/open",
        admits_file=lambda _request, name: asked.append(name) or name.endswith("open"),
    )
    (tmp_path / "open").write_bytes(b"")
    (tmp_path / "closed").write_bytes(b"")
    made = request(site=site)
    assert holds("-U '/open'", made)
    assert holds("-A '/open'", made)
    assert not holds("-U '/closed'", made)
    assert holds("-F %{TEXT_A}", made, A=f"{tmp_path}/open")
    assert not holds("-F %{TEXT_A}", made, A=f"{tmp_path}/closed")
    assert not holds("-F %{TEXT_A}", made, A=f"{tmp_path}/absent/open")
    assert f"{tmp_path}/absent/open" not in asked


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("req('X-Name')", "joe"),
        ("http('x-name')", "joe"),
        ("req_novary('X-Name')", "joe"),
        ("req('X-' . %{TEXT_A})", "joe"),
        ("%{req:X-%{TEXT_A}}", "joe"),
        ("req('X-Absent')", ""),
        ("resp('Server')", ""),
        ("note('noted')", "here"),
        ("reqenv('noted')", "here"),
        ("env('noted')", "here"),
        ("env('n' . 'oted')", "here"),
        ("env('TEST_OF_SYSTEM')", "there"),
        ("env(%{TEXT_B})", "there"),
        ("osenv('TEST_OF_SYSTEM')", "there"),
        ("osenv('noted')", ""),
        ("reqenv('TEST_OF_SYSTEM')", ""),
        ("tolower('ÄB')", "äb"),
        ("toupper('äb')", "ÄB"),
        ("escape('a b/ü%')", "a%20b/%C3%BC%25"),
        ("unescape('a%20b%2Fc%2fd%C3%BC')", "a b%2Fc%2fdü"),
        ("unescape('a%00b')", ""),
        ("base64('aü')", "YcO8"),
        ("unbase64('YcO8')", "aü"),
        ("unbase64('/w==')", "\udcff"),
        ("unbase64('Y')", ""),
        ("unbase64('!!!!')", ""),
        ("md5('abc')", "900150983cd24fb0d6963f7d28e17f72"),
        ("sha1('abc')", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("ldap('a*b(c)\\\\')", r"a\2ab\28c\29\5c"),
        ("TOLOWER('A')", "a"),
    ],
)
def test_functions(text, value, monkeypatch):
    monkeypatch.setenv("TEST_OF_SYSTEM", "there")
    made = request(("x-name", "joe"), env={"noted": "here"})
    assert holds(f"{text} == %{{TEXT_V}}", made, A="Name", B="TEST_OF_SYSTEM", V=value)


def test_files_are_read_for_each_request(tmp_path):
    file = tmp_path / "names"
    compiled = condition(f"%{{REQUEST_METHOD}} == file('{file}')")
    for contents in ("GET", "PUT", ""):
        file.write_text(contents)
        assert compiled.holds(request()) is (contents == "GET")
    assert holds(f"filesize('{file}') -eq 0")
    file.write_bytes(b"\xff\xc3\xbc")
    assert holds(f"file('{file}') == '\\377ü' and filesize('{file}') == 3")
    assert holds("filesize('/absent/file') == 0")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/absent/file", "No such file"),
        ("/", "Is a directory"),
        ("a\0b", "null byte"),
        ("big", "larger than 10 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_no_answer(tmp_path, name, reason):
    if name == "big":
        name = str(tmp_path / "big")
        Path(name).touch()
        os.truncate(name, (10 << 20) + 1)
    for text in ("file(%{TEXT_A}) == ''", "true and not file(%{TEXT_A}) == 'x'"):
        with pytest.raises(EvaluationError, match=reason):
            holds(text, A=name)


@pytest.mark.timeout(20)
def test_nobody_waits_for_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, "/dev/zero"):
        before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(EvaluationError, match="cannot be read"):
            holds(f"file('{path}') == ''")
        assert len(list(Path("/proc/self/fd").iterdir())) == before
