"""authz_module: only wiring."""

from __future__ import annotations

from prefork_ssl.kernel.hooks import Hooks
from prefork_ssl.kernel.module import Module
from prefork_ssl.modules.authz.checking import check, prepare
from prefork_ssl.modules.authz.directives import DIRECTIVES
from prefork_ssl.modules.authz.gate import authorise
from prefork_ssl.modules.authz.requirements import REQUIREMENTS

module = Module(
    name="authz",
    directives=DIRECTIVES,
    hooks=Hooks(check=check, prepare=prepare, authorise=authorise),
    requirements=REQUIREMENTS,
)

# What Apache has in mod_authz_core, mod_authz_host, mod_authz_user and mod_authz_groupfile is in this one, and of
# mod_access_compat Satisfy is in the core: their LoadModule lines load it.
companion = Module(name="authz", needs=("authz_module",))
