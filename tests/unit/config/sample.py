"""A small server's directives and modules, to write configurations with."""

from __future__ import annotations

from pathlib import Path

from prefork_ssl.config import arguments
from prefork_ssl.config.arguments import integer, many, one
from prefork_ssl.config.build import read_configuration
from prefork_ssl.config.directives import Context, Directive, append, prepend
from prefork_ssl.config.errors import BadArgument, ConfigError
from prefork_ssl.config.tree import Configuration

ROOT = Directive(
    "ServerRoot", arguments.existing_directory, Context.SERVER, Path("/"), "Where relative paths begin."
)
LISTEN = Directive("Listen", many("port ...", lambda words, _: words), Context.SERVER, (), "Ports.", append)
NAME = Directive("ServerName", arguments.text, Context.HOST, "", "The name of a host.")
ALIAS = Directive(
    "ServerAlias", many("name ...", lambda words, _: words), Context.VIRTUAL_HOST, (), "Names.", append
)
LIMIT = Directive("Limit", integer("bytes", 0, 1000), Context.ANYWHERE, 100, "How much.")
FILE = Directive("KeyFile", arguments.existing_file, Context.HOST, None, "A file.")
PATH = Directive("Path", arguments.path, Context.ANYWHERE, None, "A path.")
REDIRECT = Directive(
    "Redirect",
    many("from to", lambda words, _: (words,), least=2, most=2),
    Context.ANYWHERE,
    (),
    "Goes.",
    append,
    prepend,
)
TYPES = Directive(
    "Types",
    many("extension type", lambda w, _: {w[0]: w[1]}, least=2, most=2),
    Context.ANYWHERE,
    {},
    "M.",
    append,
    append,
)
PORT = Directive("Port", one("number", lambda word, _: int(word.encode())), Context.ANYWHERE, 0, "A number.")
DENY = Directive("Deny", arguments.on_off, Context.DIRECTORY, False, "Keeps out.")
CORE = (ROOT, LISTEN, NAME, ALIAS, LIMIT, FILE, PATH, REDIRECT, TYPES, PORT, DENY)

ENGINE = Directive("SSLEngine", arguments.on_off, Context.HOST, False, "Whether to speak TLS.")
PROTOCOL = Directive("SSLProtocol", many("version ...", lambda w, _: w), Context.HOST, ("all",), "Versions.")
CLASH = Directive("LISTEN", arguments.on_off, Context.HOST, False, "Another Listen.")
MODULES = {"ssl_module": (ENGINE, PROTOCOL), "clashing_module": (CLASH,), "companion_module": ()}
OUTSIDE = Directive("Outside", arguments.on_off, Context.HOST, False, "From somewhere else.")


class Finder:
    """Modules by name, and one by its object."""

    def find(self, name, target=None):
        if target == "elsewhere.code:module":
            return (OUTSIDE,)
        if name not in MODULES:
            raise BadArgument(f"there is no module {name}", f"known are {', '.join(MODULES)}")
        return MODULES[name]

    def needs(self, name):
        return ("ssl_module",) if name == "companion_module" else ()

    def is_dispensable(self, name):
        return name == "needless_module"

    def remedy(self, name):
        return {"order": "write Deny"}.get(name.lower(), "")

    def known_directives(self):
        return {directive.name: name for name, directives in MODULES.items() for directive in directives}


def read(folder: Path, text: str | bytes, **options) -> Configuration:
    """The configuration that `text` is, from the file `folder`/server.conf."""
    file = folder / "server.conf"
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))
    options = {"defines": {}, "environment": {}, "server_root": folder} | options
    return read_configuration(file, core=CORE, modules=Finder(), **options)


def problems(folder: Path, text: str | bytes, **options) -> list[str]:
    """What is wrong with `text`, line by line, without the folder's name."""
    try:
        read(folder, text, **options)
    except ConfigError as error:
        return str(error).replace(f"{folder}/", "").splitlines()
    return []
