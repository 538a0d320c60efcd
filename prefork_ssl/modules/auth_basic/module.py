"""auth_basic_module: only wiring."""

from __future__ import annotations

from prefork_ssl.kernel.hooks import Hooks
from prefork_ssl.kernel.module import Module
from prefork_ssl.modules.auth_basic.basic import authenticate, check, group, prepare
from prefork_ssl.modules.auth_basic.directives import DIRECTIVES

module = Module(
    name="auth_basic",
    directives=DIRECTIVES,
    hooks=Hooks(check=check, prepare=prepare, authenticate=authenticate),
    requirements={"group": group},
    after=("ssl_module",),  # which may name a user by certificate
)

# What Apache has in mod_authn_core and mod_authn_file is in this one: their LoadModule lines load it.
companion = Module(name="auth_basic", needs=("auth_basic_module",))
