"""wsgiref.validate's eye on both sides: it asserts what a server must give and take."""

from wsgiref.validate import validator


def inner(environ, start_response):
    path = environ["PATH_INFO"]
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/write":
        write(b"one ")
        return [b"two"]
    source = environ["wsgi.input"]
    if path == "/lines":
        return [source.readline(), source.readline(10), *source.readlines(), source.read(5)]
    environ["wsgi.errors"].write("validated\n")
    environ["wsgi.errors"].flush()
    return [source.read(100000), b"."]


application = validator(inner)
