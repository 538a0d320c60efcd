"""What the server imports for itself, before an application can ask for a patched Python."""

import subprocess
import sys

# The whole server with all modules, as the master has it when it forks.
_IMPORT = """
import sys
from prefork_ssl.kernel.loader import Loader
import prefork_ssl.cli.actions, prefork_ssl.cli.dumps, prefork_ssl.cli.reading
loader = Loader()
for name in loader.known_names:
    loader.find(name)
"""


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT + program], capture_output=True, text=True, check=True
    )
    assert not done.stderr
    return done.stdout.strip()


def test_ssl_is_not_among_it() -> None:
    assert run("print('ssl' in sys.modules)") == "False"


def test_patching_warns_of_nothing_and_makes_no_hub() -> None:
    program = """
import warnings
warnings.simplefilter("error")
from prefork_ssl.modules.wsgi.applications.patching import patch
patch()
patch()
from gevent._hub_local import get_hub_if_exists
print(get_hub_if_exists())
"""
    assert run(program) == "None"


def test_libraries_that_keep_what_blocks_are_forgotten() -> None:
    program = """
import types
names = ("keeping", "holding.inner", "clean", "user")
keeping, holding, clean, user = map(types.ModuleType, names)
import threading
keeping.Lock = threading.Lock
holding.Special = type("Special", (threading.local,), {})
clean.threading = threading
user.hold = holding
sys.modules.update(zip(names, (keeping, holding, clean, user)))
sys.modules["holding"] = types.ModuleType("holding")
from prefork_ssl.modules.wsgi.applications.patching import patch
patch()
left = (*names, "holding", "prefork_ssl", "gevent", "threading", "cryptography")
print(*(name for name in left if name in sys.modules))
"""
    assert run(program) == "clean prefork_ssl gevent threading cryptography"
