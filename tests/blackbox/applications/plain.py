"""A WSGI application without a framework: the first segment of PATH_INFO names what it does, one function for each.

What happened is noted in `notes`; /notes shows the notes and forgets them. /release lets go whoever waits.
"""

import gzip
import io
import json
import os
import signal
import sys
import tempfile
import threading

import gevent

notes = []
gate = threading.Event()
late = {}


def application(environ, start_response):
    name = environ["PATH_INFO"].strip("/").partition("/")[0]
    return globals()[f"do_{name}"](environ, start_response)


class Body:
    """An iterable that notes its end."""

    def __init__(self, *pieces):
        self.pieces = iter(pieces)

    def __iter__(self):
        return self

    def __next__(self):
        piece = next(self.pieces)
        if isinstance(piece, Exception):
            raise piece
        return piece() if callable(piece) else piece

    def close(self):
        notes.append("closed")


def ok(start_response, *headers):
    return start_response("200 OK", [("Content-Type", "text/plain"), *headers])


def do_hello(_environ, start_response):
    ok(start_response)
    return [b"hello"]


def do_notes(_environ, start_response):
    ok(start_response)
    told = json.dumps(notes)
    notes.clear()
    return [told.encode()]


def do_release(_environ, start_response):
    gate.set()
    ok(start_response)
    return [b"released"]


def do_environ(environ, start_response):
    ok(start_response)
    assert type(environ) is dict
    shown = {name: value if isinstance(value, str | bool) else repr(value) for name, value in environ.items()}
    shown["in the main thread"] = threading.get_native_id() == os.getpid()
    return [json.dumps(shown).encode()]


def do_pid(_environ, start_response):
    ok(start_response)
    return [str(os.getpid()).encode()]


# --- the request's body ---


def do_echo(environ, start_response):
    """Gives back what comes, as it comes."""
    ok(start_response)
    return iter(lambda: environ["wsgi.input"].read1(65536), b"")


def do_lines(environ, start_response):
    """All ways to read."""
    ok(start_response)
    source = environ["wsgi.input"]
    told = [
        source.readline(),
        source.readline(3),
        source.read(2),
        source.readlines(1),
        list(source),
        source.read(),
    ]
    return [repr(told).encode()]


def do_read_late(environ, start_response):
    """Reads the body when its own has begun."""
    ok(start_response)
    yield b"begun, "
    yield environ["wsgi.input"].read()


def do_ignore(_environ, start_response):
    ok(start_response)
    return [b"not read"]


def do_keep_input(environ, start_response):
    late["input"] = environ["wsgi.input"]
    ok(start_response)
    return [environ["wsgi.input"].read(1)]


def do_late_input(_environ, start_response):
    ok(start_response)
    return [b"late: " + late["input"].read()]


def do_read_all(environ, start_response):
    """Reads, and hides what went wrong."""
    try:
        size = len(environ["wsgi.input"].read())
    except OSError as error:
        notes.append(type(error).__name__)
        size = -1
    ok(start_response)
    return [b"%d" % size]


# --- the response's body ---


def do_write(environ, start_response):
    """Sends "first", waits until released, sends the rest."""
    write = ok(start_response)
    gate.clear()
    write(b"first ")
    if environ["REQUEST_METHOD"] == "GET":
        gate.wait(10)
    write(b"second ")
    return [b"third"]


def do_pieces(_environ, start_response):
    gate.clear()
    ok(start_response)
    return Body(b"first ", lambda: gate.wait(10) and b"second ", b"", b"third")


def do_generator(_environ, start_response):
    """Calls start_response when the first piece is asked for."""
    ok(start_response)
    yield b"a"
    yield b"b"


def do_endless(environ, start_response):
    """As many pieces as somebody takes."""

    def piece():
        notes.append("piece")
        return bytes(65536)

    ok(start_response)
    return Body(*[piece] * int(environ["QUERY_STRING"] or 10000))


def do_endless_write(_environ, start_response):
    write = ok(start_response)
    try:
        for _ in range(10000):
            write(bytes(65536))
            notes.append("piece")
    except OSError as error:
        notes.append(type(error).__name__)
        raise
    return []


def do_late_write(environ, start_response):
    late["write"] = ok(start_response)
    late["hints"] = environ["wsgi.early_hints"]
    return [b"done"]


def do_later_write(_environ, start_response):
    ok(start_response)
    late["hints"]([("Link", "</late>; rel=preload")])
    try:
        late["write"](b"HTTP/1.1 200 smuggled")
    except RuntimeError as error:
        return [str(error).encode()]
    return [b"written"]


def do_empty(_environ, start_response):
    ok(start_response)
    return []


def do_none(_environ, start_response):
    start_response("204 No Content", [])
    return Body()


def do_unchanged(_environ, start_response):
    start_response("304 Not Modified", [("ETag", '"1"')])
    return []


def do_head(_environ, start_response):
    """The length of what a GET would get, as frameworks answer HEAD."""
    ok(start_response, ("Content-Length", "1000"))
    return Body(b"")


def do_hints(environ, start_response):
    hint = environ["wsgi.early_hints"]
    hint([("Link", "</style.css>; rel=preload; as=style")])
    hint([("Link", "</script.js>; rel=preload; as=script")])
    try:
        hint([("Link", "</a>\r\nSet-Cookie: a=b")])
    except ValueError:
        notes.append("hint refused")
    ok(start_response)
    return [b"done"]


# --- files ---


def do_file(environ, start_response):
    """The file that the query names, from ?name,offset,length."""
    name, offset, length = environ["QUERY_STRING"].split(",")
    file = open(name, "rb")  # noqa: SIM115, PTH123 - the server closes it
    late["file"] = file
    file.seek(int(offset))
    ok(start_response, *([("Content-Length", length)] if length else []))
    return environ["wsgi.file_wrapper"](file, 1000)


def do_files_closed(_environ, start_response):
    ok(start_response)
    return [str(late["file"].closed).encode()]


def do_memory_file(environ, start_response):
    ok(start_response)
    return environ["wsgi.file_wrapper"](io.BytesIO(b"in memory" * 10000))


def do_temporary_file(environ, start_response):
    file = tempfile.TemporaryFile()  # noqa: SIM115
    file.write(b"temporary" * 1000)
    file.seek(9)
    ok(start_response)
    return environ["wsgi.file_wrapper"](file)


def do_gzip_file(environ, start_response):
    packed = tempfile.TemporaryFile()  # noqa: SIM115
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        file.write(b"unpacked" * 1000)
    packed.seek(0)
    ok(start_response)
    return environ["wsgi.file_wrapper"](io.BufferedReader(gzip.GzipFile(fileobj=packed)))


# --- what goes wrong ---


def do_raise(environ, start_response):
    where = environ["PATH_INFO"].rpartition("/")[2]
    if where == "before":
        raise RuntimeError("before start_response")
    ok(start_response)
    if where == "after":
        raise RuntimeError("after start_response")
    if where == "first":
        return Body(RuntimeError("at the first piece"))
    if where == "exit":
        sys.exit(3)
    if where == "timeout":
        with gevent.Timeout(0.01):
            gevent.sleep(5)
    if where == "close":
        body = Body(b"all of it")
        body.close = lambda: 1 / 0
        return body
    return Body(b"begun", RuntimeError("in the middle"))


def do_lie(environ, start_response):
    """Declares the length that the query has, and gives 5 bytes, at once or in pieces."""
    ok(start_response, ("Content-Length", environ["QUERY_STRING"]))
    how = environ["PATH_INFO"].rpartition("/")[2]
    return {"list": [b"12345"], "pieces": Body(b"12", b"345"), "nothing": []}[how]


def do_header(environ, start_response):
    """Sends a field that it must not send."""
    bad = {
        "cr": ("X-A", "1\r\nSet-Cookie: a=b"),
        "lf": ("X-A", "1\nb"),
        "nul": ("X-A", "1\0"),
        "wide": ("X-A", "\u20ac"),
        "name": ("X A\r\nB", "1"),
        "bytes": ("X-A", b"1"),
        "number": ("X-A", 1),
        "connection": ("Connection", "close"),
        "chunked": ("Transfer-Encoding", "chunked"),
        "upgrade": ("Upgrade", "h2c"),
        "length": ("Content-Length", "+5"),
    }
    ok(start_response, bad[environ["PATH_INFO"].rpartition("/")[2]])
    return [b"hello"]


def do_status(environ, start_response):
    from urllib.parse import unquote

    start_response(unquote(environ["QUERY_STRING"]), [])
    return [b"hello"]


def do_twice(_environ, start_response):
    ok(start_response)
    ok(start_response)
    return [b"hello"]


def do_replace(_environ, start_response):
    ok(start_response, ("X-First", "yes"))
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        start_response("503 Service Unavailable", [("Retry-After", "7")], sys.exc_info())
    return [b"instead"]


def do_too_late(_environ, start_response):
    write = ok(start_response)
    write(b"begun")
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        start_response("503 Service Unavailable", [], sys.exc_info())
    return [b"never sent"]


def do_silent(_environ, _start_response):
    return [b"no status"]


def do_text(_environ, start_response):
    ok(start_response)
    return ["text"]


def do_nothing(_environ, start_response):
    ok(start_response)


def do_errors(environ, _start_response):
    print("said", "in", "parts", file=environ["wsgi.errors"])
    environ["wsgi.errors"].write("one\ntwo\nhalf ")
    environ["wsgi.errors"].writelines(["a line\n", "line with \x1b[31m\n"])
    environ["wsgi.errors"].write("flushed")
    environ["wsgi.errors"].flush()
    return do_hello(environ, _start_response)


# --- TLS ---


def do_print(environ, start_response):
    print(environ["QUERY_STRING"])
    ok(start_response)
    return [b"hello"]


def do_take_signals(_environ, start_response):
    signal.signal(signal.SIGTERM, lambda *_: notes.append("SIGTERM"))
    ok(start_response)
    return [b"hello"]


def do_tls(environ, start_response):
    """What is known of the connection and the client, as JSON."""
    certificate = environ["prefork_ssl.client_certificate"]
    binding = environ["prefork_ssl.channel_binding"]
    kinds = ("tls-exporter", "tls-unique", "tls-server-end-point")
    told = {
        "serial": certificate and certificate.serial_number,
        "bindings": {kind: found and found.hex() for kind in kinds for found in [binding(kind)]},
        "default": binding().hex(),
        "variables": {name: value for name, value in environ.items() if name.startswith("SSL_")},
        "user": environ.get("REMOTE_USER"),
    }
    ok(start_response)
    return [json.dumps(told).encode()]
