"""headers_module: only wiring."""

from __future__ import annotations

from prefork_ssl.kernel.hooks import Hooks
from prefork_ssl.kernel.module import Module
from prefork_ssl.modules.headers.compiling import check
from prefork_ssl.modules.headers.directives import DIRECTIVES
from prefork_ssl.modules.headers.requests import fixup, post_read
from prefork_ssl.modules.headers.responses import response

module = Module(
    name="headers",
    directives=DIRECTIVES,
    hooks=Hooks(check=check, post_read=post_read, fixup=fixup, response=response),
    # The last word on fields is the administrator's: after the fields that clients may not send are gone, after the
    # variables that values and conditions ask for are set, and after Expires.
    after=(
        "ssl_module",
        "proxy_module",
        "env_module",
        "setenvif_module",
        "rewrite_module",
        "expires_module",
    ),
)
