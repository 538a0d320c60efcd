"""expires_module: only wiring."""

from __future__ import annotations

from prefork_ssl.kernel.hooks import Hooks
from prefork_ssl.kernel.module import Module
from prefork_ssl.modules.expires.directives import DIRECTIVES
from prefork_ssl.modules.expires.freshness import response

module = Module(name="expires", directives=DIRECTIVES, hooks=Hooks(response=response))
