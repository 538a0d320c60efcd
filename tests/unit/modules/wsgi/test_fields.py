"""Statuses and header fields that applications give."""

import pytest

from prefork_ssl.modules.wsgi.gateway.fields import response_fields, status_code


@pytest.mark.parametrize(
    ("text", "status"),
    [("200 OK", 200), ("404 Not Found", 404), ("299 ", 299), ("500", 500), ("201 Cr\xe9\xe9", 201)],
)
def test_statuses(text: str, status: int) -> None:
    assert [status_code(text) for _ in range(2)] == [status, status]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "OK",
        "20 OK",
        "2000 OK",
        "100 Continue",
        "101 x",
        "600 x",
        "200OK",
        "200 \r\nX: y",
        "200 \u20ac",
        " 200 OK",
    ],
)
def test_what_is_no_status(text: str) -> None:
    with pytest.raises(ValueError, match="the status must be like '200 OK'"):
        status_code(text)


@pytest.mark.parametrize("status", [200, b"200 OK", None, ("200", "OK")])
def test_a_status_is_a_str(status) -> None:
    with pytest.raises(ValueError, match="the status must be like '200 OK'"):
        status_code(status)


def test_content_length_is_told_apart() -> None:
    fields = [
        ("Content-Type", "text/plain"),
        ("CONTENT-length", "12"),
        ("X-Tab", "a\tb"),
        ("X-Latin", "\xe4"),
    ]
    assert response_fields(fields) == ([fields[0], *fields[2:]], 12)
    assert response_fields([]) == ([], None)


@pytest.mark.parametrize("value", ["", "-1", "+1", "1 ", "1,1", "0x1", "\u0661", "9" * 20])
def test_what_is_no_length(value: str) -> None:
    with pytest.raises(ValueError, match="Content-Length must be a number of bytes"):
        response_fields([("Content-Length", value)])


@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "a\rb", "a\0b", "\u20ac", "\ud800"])
def test_values_that_break_out(value: str) -> None:
    with pytest.raises(ValueError, match="the field X-B has CR, LF, NUL or a character beyond latin-1"):
        response_fields([("X-A", "fine"), ("X-B", value)])


@pytest.mark.parametrize("name", ["", "A B", "A:", "A\r\nB", "\xe4", "(A)", "A\0"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="is no name of a header field"):
        response_fields([(name, "1")])


@pytest.mark.parametrize(
    "name",
    ["Connection", "keep-alive", "TE", "Trailer", "Transfer-Encoding", "UPGRADE", "Proxy-Authenticate"],
)
def test_hop_by_hop_fields(name: str) -> None:
    for _ in range(2):  # it is not remembered as a good one
        with pytest.raises(ValueError, match="is the server's business"):
            response_fields([(name, "1")])


@pytest.mark.parametrize(
    "headers", [[("A",)], [("A", "1", "2")], [("A", 1)], [("A", b"1")], [(b"A", "1")], ["A: 1"], None]
)
def test_what_is_no_list_of_fields(headers) -> None:
    with pytest.raises((TypeError, ValueError)):
        response_fields(headers)


def test_names_that_applications_make_up_are_not_all_remembered() -> None:
    from prefork_ssl.modules.wsgi.gateway import fields

    for number in range(3000):
        response_fields([(f"X-{number}", "1")])
        status_code(f"200 {number}")
    assert len(fields._ordinary) <= 1024
    assert len(fields.status_code.__self__) <= 1024
