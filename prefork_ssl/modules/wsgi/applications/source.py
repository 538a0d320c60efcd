"""What a directive names: a script with an `application`, or a callable in a module."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from hashlib import blake2b
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol
from wsgiref.types import WSGIApplication

from prefork_ssl.config.errors import BadArgument

_CALLABLE = "application"


class NotAnApplication(Exception):
    """What was imported has not what it should have. The text says what is missing."""


class Source(Protocol):
    """Where an application comes from. Equal ones give the same application."""

    @property
    def file(self) -> str | None:
        """The path of the script, for sections about files; None if there is none."""

    def load(self) -> WSGIApplication:
        """Import it. Raises NotAnApplication, and whatever the code raises."""

    def __str__(self) -> str: ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Script:
    """A Python file, whatever its name: run once, as a module that nobody else imports."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def file(self) -> str | None:
        """See Source."""
        return str(self.path)

    def load(self) -> WSGIApplication:
        """See Source."""
        # Two scripts of one name are two modules. pickle and typing look modules up by name.
        name = f"wsgi_script_{blake2b(bytes(self.path), digest_size=8).hexdigest()}"
        code = compile(self.path.read_bytes(), str(self.path), "exec", dont_inherit=True)
        module = sys.modules[name] = ModuleType(name)
        module.__file__ = str(self.path)
        exec(code, module.__dict__)  # noqa: S102
        if _CALLABLE not in vars(module):
            raise NotAnApplication(f"{self} has no {_CALLABLE}")
        return _application(vars(module)[_CALLABLE], f"{_CALLABLE} of {self}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A callable in a module: "package.module:name". With `factory` ("name()"), it is called once and returns the
    application."""

    module: str
    name: str
    factory: bool

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Raises BadArgument."""
        module, _, name = text.partition(":")
        factory = name.endswith("()")
        name = name.removesuffix("()")
        if not (_dotted(module) and _dotted(name)):
            raise BadArgument(
                f"{text!r} is not module:callable", "for example app:application or shop.wsgi:make_app()"
            )
        return cls(module, name, factory)

    def __str__(self) -> str:
        return f"{self.module}:{self.name}{'()' if self.factory else ''}"

    @property
    def file(self) -> str | None:
        """See Source."""
        return None

    def load(self) -> WSGIApplication:
        """See Source."""
        module = importlib.import_module(self.module)
        try:
            found: Any = attrgetter(self.name)(module)
        except AttributeError as error:
            raise NotAnApplication(f"{self}: {error}") from None
        found = _application(found, f"{self.module}:{self.name}")
        return _application(found(), f"what {self} returned") if self.factory else found


def _dotted(text: str) -> bool:
    return bool(text) and all(part.isidentifier() for part in text.split("."))


def _application(found: Any, what: str) -> WSGIApplication:
    if not callable(found):
        raise NotAnApplication(f"{what} is of type {type(found).__name__}, and cannot be called")
    return found  # type: ignore[no-any-return]
