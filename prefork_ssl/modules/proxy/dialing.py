"""New connections to a backend: by name and port, or to a socket of the file system; through TLS where its URL says."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from typing import Any

import gevent
from gevent import get_hub

from prefork_ssl.kernel.hooks import Dial
from prefork_ssl.kernel.transport import ClientTransport, Deadline, HandshakeFailed, Wire
from prefork_ssl.modules.proxy.backends import Backend
from prefork_ssl.modules.proxy.failures import BackendFailure
from prefork_ssl.modules.proxy.watch import Watch

Address = tuple[int, tuple[str, int] | tuple[str, int, int, int] | str]


class Dialer:
    """Connects to one backend. `dial` is for schemes that need more than TCP. `keepalive` as of Parameters."""

    def __init__(self, backend: Backend, dial: Dial | None, watch: Watch, *, keepalive: bool) -> None:
        self._backend = backend
        self._keepalive = keepalive
        self._dial = dial
        self._watch = watch

    def connect(self, seconds: float) -> ClientTransport:
        """A transport that is ready for a request, whose wire is watched. Raises BackendFailure."""
        failure = BackendFailure(502, "has a name without an address")
        for family, address in _addresses(self._backend, seconds):
            wire = self._open(family)
            try:
                return self._converse(wire, address, seconds)
            except Deadline:
                failure = BackendFailure(504, f"could not be connected to within {seconds:g} s")
            except HandshakeFailed as error:
                failure = BackendFailure(502, str(error))
            except OSError as error:
                failure = BackendFailure(503, f"could not be connected to: {error.strerror or error}")
            self._watch.close(wire)
        raise failure

    def _open(self, family: int) -> Wire:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, self._keepalive)
        backend = self._backend
        wire = Wire(sock, (backend.path or backend.host, backend.port), ("", 0))
        self._watch.add(wire)
        return wire

    def _converse(self, wire: Wire, address: tuple[Any, ...] | str, seconds: float) -> ClientTransport:
        wire.patience = None
        wire.limit(seconds)
        error = wire.sock.connect_ex(address)
        if error == errno.EINPROGRESS:
            wire.wait_writable()
            error = wire.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))
        return self._dial(wire, self._backend.host) if self._dial else ClientTransport(wire)


def _addresses(backend: Backend, seconds: float) -> list[Address]:
    if backend.path:
        return [(socket.AF_UNIX, backend.path)]
    try:
        version = ipaddress.ip_address(backend.host).version
    except ValueError:
        return _resolved(backend, seconds)
    return [(socket.AF_INET6 if version == 6 else socket.AF_INET, (backend.host, backend.port))]


def _resolved(backend: Backend, seconds: float) -> list[Address]:
    try:
        with gevent.Timeout(seconds):
            found = get_hub().resolver.getaddrinfo(backend.host, backend.port, 0, socket.SOCK_STREAM)
    except gevent.Timeout:
        raise BackendFailure(504, "has a name that could not be looked up in time") from None
    except OSError as error:
        raise BackendFailure(502, f"has a name without an address: {error.strerror}") from None
    return [(family, address) for family, _, _, _, address in found]
