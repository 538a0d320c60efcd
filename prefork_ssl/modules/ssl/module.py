"""ssl_module: only wiring, which hook calls which function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from OpenSSL import __version__ as pyopenssl_version

from prefork_ssl.kernel.hooks import Hooks
from prefork_ssl.kernel.module import Module
from prefork_ssl.modules.ssl.connection.handshake import connection
from prefork_ssl.modules.ssl.connection.requests import post_read
from prefork_ssl.modules.ssl.directives import SSL_DIRECTIVES
from prefork_ssl.modules.ssl.hosts.consistency import check
from prefork_ssl.modules.ssl.hosts.examination import dump_certificates, examine
from prefork_ssl.modules.ssl.hosts.preparation import prepare
from prefork_ssl.modules.ssl.hosts.upkeep import before_fork, maintain
from prefork_ssl.modules.ssl.keys.keyring import KEYRING
from prefork_ssl.modules.ssl.openssl import LIBRARY
from prefork_ssl.modules.ssl.stapling.directives import STAPLING_DIRECTIVES
from prefork_ssl.modules.ssl.stapling.stapler import STAPLER
from prefork_ssl.modules.ssl.variables import ssl_variable
from prefork_ssl.modules.ssl.verification.directives import VERIFICATION_DIRECTIVES

if TYPE_CHECKING:
    from prefork_ssl.kernel.process.worker import Worker


def _forget(worker: Worker) -> None:
    worker.generation[KEYRING].forget()
    worker.generation[STAPLER].forget()


module = Module(
    name="ssl_module",
    directives=(*SSL_DIRECTIVES, *STAPLING_DIRECTIVES, *VERIFICATION_DIRECTIVES),
    hooks=Hooks(
        check=check,
        prepare=prepare,
        examine=examine,
        before_fork=before_fork,
        maintain=maintain,
        worker_start=_forget,
        connection=connection,
        post_read=post_read,
    ),
    variables={"SSL_": ssl_variable},
    dumps={"DUMP_CERTS": dump_certificates},
    tokens=(f"pyOpenSSL/{pyopenssl_version}", LIBRARY),
)
