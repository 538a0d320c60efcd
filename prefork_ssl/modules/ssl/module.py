"""ssl_module: only wiring, which hook calls which function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from OpenSSL import __version__ as pyopenssl_version

from prefork_ssl.kernel.hooks import Hooks
from prefork_ssl.kernel.module import Module

from .consistency import check
from .directives import SSL_DIRECTIVES
from .handshake import connection
from .keyring import KEYRING
from .openssl import LIBRARY
from .preparation import prepare
from .requests import post_read
from .variables import ssl_variable

if TYPE_CHECKING:
    from prefork_ssl.kernel.worker import Worker


def _forget_keys(worker: Worker) -> None:
    worker.generation[KEYRING].forget()


module = Module(
    name="ssl_module",
    directives=SSL_DIRECTIVES,
    hooks=Hooks(
        check=check,
        prepare=prepare,
        worker_start=_forget_keys,
        connection=connection,
        post_read=post_read,
    ),
    variables={"SSL_": ssl_variable},
    tokens=(f"pyOpenSSL/{pyopenssl_version}", LIBRARY),
)
