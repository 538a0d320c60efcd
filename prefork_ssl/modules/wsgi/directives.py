"""The directives of WSGI applications: mod_wsgi's names where it has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from prefork_ssl.config.arguments import (
    Words,
    choice,
    existing_directory,
    existing_file,
    integer,
    many,
    on_off,
)
from prefork_ssl.config.directives import Context, Directive, Place, append
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.wsgi.applications.source import Reference, Script, Source
from prefork_ssl.modules.wsgi.mounts import Mount

Mounts = Mapping[str, Mount]


def _mount(path: str, source: Source, place: Place) -> Mounts:
    if not path.startswith("/") or "//" in path:
        raise BadArgument(f"URL path must begin with one '/', unlike {path!r}")
    prefix = path.rstrip("/")
    return {prefix: Mount(prefix, source, place.origin)}


def _script_alias(words: Words, place: Place) -> Mounts:
    path, file = words
    return _mount(path, Script(existing_file.parse((file,), place)), place)


def _application(words: Words, place: Place) -> Mounts:
    path, reference = words
    return _mount(path, Reference.parse(reference), place)


def _both(earlier: Mounts, later: Mounts) -> Mounts:
    """Lines of one scope."""
    for prefix in earlier.keys() & later.keys():
        raise BadArgument(f"{prefix or '/'} has an application already, by {earlier[prefix].origin}")
    return {**earlier, **later}


def _python_path(words: Words, place: Place) -> tuple[Path, ...]:
    names = [name for word in words for name in word.split(":")]
    return tuple(existing_directory.parse((name,), place) for name in names)


WSGI_APPLICATION: Directive[Mounts] = Directive(
    "WSGIApplication",
    many("URL-path module:callable", _application, least=2, most=2),
    Context.HOST,
    {},
    "Serves the WSGI application that is `callable` in a Python module, or what it returns if () follows.",
    _both,
    append,
)
WSGI_SCRIPT_ALIAS: Directive[Mounts] = Directive(
    "WSGIScriptAlias",
    many("URL-path file", _script_alias, least=2, most=2),
    Context.HOST,
    {},
    "Serves the WSGI application that a Python file calls `application`.",
    part_of=WSGI_APPLICATION,
)
WSGI_PYTHON_PATH: Directive[tuple[Path, ...]] = Directive(
    "WSGIPythonPath",
    many("directory[:directory ...]", _python_path),
    Context.SERVER,
    (),
    "Where Python looks first for the modules of applications; a virtual environment's site-packages, for example.",
    append,
)
WSGI_PRELOAD = Directive(
    "WSGIPreload",
    on_off,
    Context.SERVER,
    False,
    "Imports applications once, in the master and with its rights, so that its workers share their memory. A reload "
    "imports them anew, but not their compiled extension modules, which Python cannot load twice.",
)
WSGI_MONKEY_PATCH: Directive[bool | None] = Directive(
    "WSGIMonkeyPatch",
    choice(on=True, off=False),
    Context.SERVER,
    None,
    "Whether Python's sockets, locks and sleeps let other requests go on while they wait (gevent.monkey). Default: on; "
    "off with WSGIThreads outside of sections, since threads have locks of their own, and with WSGIPreload, which it "
    "does not go with.",
)
WSGI_THREADS = Directive(
    "WSGIThreads",
    integer("number", 0, 1024),
    Context.ANYWHERE,
    0,
    "Runs applications in so many native threads of each worker, for those that compute for long or wait where gevent "
    "does not know of it; 0 runs them in greenlets. In a section, beside greenlets, threads find a Python that is "
    "patched for those (WSGIMonkeyPatch): they can compute, but start no programs and wait for no other thread.",
)

DIRECTIVES = (
    WSGI_APPLICATION,
    WSGI_SCRIPT_ALIAS,
    WSGI_PYTHON_PATH,
    WSGI_PRELOAD,
    WSGI_MONKEY_PATCH,
    WSGI_THREADS,
)
