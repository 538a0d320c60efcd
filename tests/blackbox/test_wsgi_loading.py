"""When applications are imported, where, and what happens if that fails: at the start, at a reload, and under -t."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from bench.idle import private_memory
from blackbox import clients
from blackbox.configurations import ONE_HOST
from blackbox.mounting import APPLICATIONS, PLAIN, ROOT, messages
from blackbox.server import Server
from blackbox.until import until

CONFIGURATION = f"""\
{ROOT}LoadModule wsgi_module
WSGIPythonPath app
WSGIApplication /shop shop.front:make_application()
WSGIScriptAlias /script app/start.wsgi
{ONE_HOST}"""
PRELOAD = "WSGIPreload on\n"

# Each import leaves a line in the file imports: what was imported, by which process, and that one's parent.
FRONT = """\
import logging
import os
from pathlib import Path

from shop.stock import ITEMS

with Path({imports!r}).open("a") as file:
    print("front", os.getpid(), os.getppid(), file=file)

log = logging.getLogger("shop")
handler = logging.StreamHandler()
handler.setFormatter(logging.Formatter("the shop says %(message)s"))
log.addHandler(handler)
os.environ["SHOP"] = os.environ.get("SHOP", "") + "+"


def make_application():
    return application


def application(environ, start_response):
    log.warning("asked for %s", environ["PATH_INFO"])
    start_response("200 OK", [("Content-Type", "text/plain")])
    from shop import stock  # as it is now

    told = (ITEMS, stock.ITEMS, os.environ["SHOP"], os.getpid())
    return [" ".join(map(str, told)).encode()]
"""
SCRIPT = """\
import sys


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"{text}"]
"""


class Shop:
    """The application's files."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "app"
        self.imports = root / "logs/imports"
        (self.folder / "shop").mkdir(parents=True)
        self.imports.touch()
        self.imports.chmod(0o666)
        self.write("shop/__init__.py", "")
        self.write("shop/front.py", FRONT.format(imports=str(self.imports)))
        self.write("start.wsgi", SCRIPT.format(text="one"))
        self.stock("apples")

    def write(self, name: str, text: str) -> None:
        """Python takes a file of the same size and second for the same: so each has a time of its own."""
        path = self.folder / name
        path.write_text(text)
        _seconds[0] += 1
        os.utime(path, (_seconds[0], _seconds[0]))

    def stock(self, items: str) -> None:
        self.write("shop/stock.py", f"ITEMS = {items!r}\n")

    def importers(self) -> list[int]:
        return [int(line.split()[1]) for line in self.imports.read_text().splitlines()]


_seconds = [1_000_000_000]


@pytest.fixture
def server(new_server) -> Server:
    return new_server(CONFIGURATION)


@pytest.fixture
def shop(server: Server) -> Shop:
    made = Shop(server.root)
    server.configure(CONFIGURATION)
    return made


def ask(server: Server, path: str = "/shop") -> list[str]:
    reply = clients.get(server.http, path)
    assert reply.status == 200, reply
    return reply.body.decode().split()


def asked_all(server: Server) -> set[str]:
    """What all workers say the shop has."""
    pids: set[int] = set()
    items: set[str] = set()

    def all_asked() -> bool:
        first, second, _, pid = ask(server)
        pids.add(int(pid))
        items.update((first, second))
        return pids >= set(server.workers())

    until(all_asked, "every worker has answered")
    return items


@pytest.mark.parametrize("added", ["", PRELOAD], ids=["workers", "preloaded"])
def test_a_reload_brings_new_code(server: Server, shop: Shop, added: str) -> None:
    server.configure(CONFIGURATION + added)
    server.start()
    for items in ("apples", "pears", "plums and nuts"):
        shop.stock(items.split()[0])
        shop.write("start.wsgi", SCRIPT.format(text=items.split()[0]))
        server.reload()
        assert asked_all(server) == {items.split()[0]}
        assert ask(server, "/script") == [items.split()[0]]
        assert ask(server)[2] == "+", "no import finds what an earlier one has left"
    before = server.log("console").count("the shop says asked for")
    ask(server)
    assert server.log("console").count("the shop says asked for") == before + 1, "there is one handler"


def test_workers_import_and_the_master_does_not(server: Server, shop: Shop) -> None:
    server.start()
    server.reload()
    assert server.pid not in shop.importers()
    assert set(server.workers()) <= set(shop.importers())


def test_preloaded_applications_are_imported_by_the_master_alone(server: Server, shop: Shop) -> None:
    shop.write("shop/stock.py", "import os\nITEMS = 'apples'\nLARGE = os.urandom(64 << 20)\n")
    server.configure(CONFIGURATION + PRELOAD)
    server.start()
    assert shop.importers() == [server.pid]
    asked_all(server)
    for worker in server.workers():
        assert private_memory(worker) < 40 << 20


@pytest.mark.parametrize("added", ["", PRELOAD], ids=["workers", "preloaded"])
def test_a_reload_that_cannot_import_is_refused(server: Server, shop: Shop, added: str) -> None:
    server.configure(CONFIGURATION + added)
    server.start()
    workers = server.workers()
    shop.write("shop/stock.py", "import no_such_module\n")
    done = server.run("-k", "restart")
    assert done.returncode == 1
    assert f"{server.place('WSGIApplication')}: the application of /shop" in done.stderr
    assert "ModuleNotFoundError: No module named 'no_such_module'" in done.stderr
    assert f"({shop.folder}/shop/stock.py:1)" in done.stderr
    assert "Traceback" not in done.stderr

    told = [message for message in messages(server) if "the application of /shop" in message.head]
    traceback = [message for message in told if message.traceback]
    assert len(traceback) == 1, "all workers fail, and one of them tells it in full"
    assert traceback[0].traceback[0] == "Traceback (most recent call last):"
    assert traceback[0].traceback[-1] == "ModuleNotFoundError: No module named 'no_such_module'"
    assert "prefork_ssl/" not in "".join(traceback[0].traceback)

    assert server.workers() == workers
    assert asked_all(server) == {"apples"}
    shop.stock("pears")
    server.reload()
    assert asked_all(server) == {"pears"}


def test_after_a_refused_reload_new_workers_know_the_old_code(server: Server, shop: Shop) -> None:
    """Preloaded: the master has the code of both in its hands."""
    server.configure(CONFIGURATION + PRELOAD)
    server.start()
    shop.write("shop/stock.py", "ITEMS = 'pears'\n")
    shop.write("start.wsgi", "import no_such_module\n")
    assert server.run("-k", "restart").returncode == 1
    before = server.workers()
    os.kill(before[0], signal.SIGKILL)
    until(lambda: len(set(server.workers()) - {before[0]}) == 2, "the worker is replaced")
    assert asked_all(server) == {"apples"}


@pytest.mark.parametrize("added", ["", PRELOAD], ids=["workers", "preloaded"])
def test_a_start_that_cannot_import_fails(server: Server, shop: Shop, added: str) -> None:
    server.configure(CONFIGURATION + added)
    shop.write("shop/front.py", "def make_application():\n    return 1\n")
    done = server.run("-D", "FOREGROUND")
    assert done.returncode == 1
    wanted = "what shop.front:make_application() returned is of type int, and cannot be called"
    assert wanted in done.stderr
    assert wanted in server.log()
    assert not server.pid_file.exists()


def test_the_check_imports_in_a_process_of_its_own(server: Server, shop: Shop) -> None:
    shop.write(
        "shop/stock.py",
        "import os\nfrom pathlib import Path\n"
        "ITEMS = Path(f'/proc/{os.getppid()}/cmdline').read_bytes().split(b'\\0')[-2].decode()\n"
        f"Path({str(shop.imports)!r}).write_text(ITEMS)\n",
    )
    done = server.run("-t")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "Syntax OK")
    assert shop.imports.read_text().startswith("-t"), "the command is its parent"


def test_the_check_tells_of_all_that_cannot_be_imported(server: Server, shop: Shop) -> None:
    shop.write("shop/front.py", "import no_such_module\n")
    shop.write("start.wsgi", "application = 1 +\n")
    done = server.run("-t")
    assert done.returncode == 1
    first, second = [line for line in done.stderr.splitlines() if "the application of" in line]
    assert first == (
        f"prefork-ssl: {server.place('WSGIApplication')}: the application of /shop, shop.front:make_application(), "
        f"cannot be imported: ModuleNotFoundError: No module named 'no_such_module' ({shop.folder}/shop/front.py:1) "
        "(WSGIPythonPath names the folders in which modules are looked for)"
    )
    assert second.startswith(f"prefork-ssl: {server.place('WSGIScriptAlias')}: the application of /script, ")
    assert "SyntaxError: invalid syntax (start.wsgi, line 1)" in second


def test_the_check_survives_what_the_application_does_not(server: Server, shop: Shop) -> None:
    shop.write("shop/front.py", "import os\nos.kill(os.getpid(), 11)\n")
    done = server.run("-t")
    assert done.returncode == 1
    assert "the process that imported them ended by SIGSEGV" in done.stderr


def test_what_applications_do_at_the_end(server: Server, shop: Shop) -> None:
    left = server.root / "logs/left"
    left.touch()
    left.chmod(0o666)
    shop.write(
        "start.wsgi",
        f"import atexit, os\natexit.register(lambda: open({str(left)!r}, 'a').write(f'{{os.getpid()}} '))\n"
        + SCRIPT.format(text="x"),
    )
    server.start()
    workers = server.workers()
    server.stop()
    assert sorted(map(int, left.read_text().split())) == sorted(workers)


@pytest.mark.parametrize(
    ("does", "lines"),
    [
        ("waits with gevent", "import gevent\ngevent.sleep(0)\n"),
        (
            "starts a thread",
            "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n",
        ),
    ],
)
def test_what_a_fork_would_break_is_not_preloaded(server: Server, shop: Shop, does: str, lines: str) -> None:
    server.configure(CONFIGURATION + PRELOAD)
    server.start()
    shop.write("start.wsgi", lines + SCRIPT.format(text="x"))
    done = server.run("-k", "restart")
    assert done.returncode == 1
    assert f"one of the applications {does} while it is imported, which needs WSGIPreload off" in done.stderr
    shop.write("start.wsgi", SCRIPT.format(text="again"))
    server.reload()
    assert ask(server, "/script") == ["again"]


def test_preloading_and_patching_exclude_each_other(server: Server, shop: Shop) -> None:
    server.configure(CONFIGURATION + PRELOAD + "WSGIMonkeyPatch on\n")
    done = server.run("-t")
    assert done.returncode == 1
    assert (
        f"{server.place('WSGIMonkeyPatch')}: WSGIMonkeyPatch on does not go with WSGIPreload" in done.stderr
    )


@pytest.mark.skipif(not ROOT, reason="everybody may read this Python")
def test_workers_that_cannot_read_python(server: Server, shop: Shop) -> None:
    server.configure(CONFIGURATION.replace(ROOT, ""))
    for done in (server.run("-t"), server.run("-D", "FOREGROUND")):
        assert done.returncode == 1
        assert "no application can be imported: Python's library, " in done.stderr
        assert "cannot be read by user id 65534" in done.stderr
        assert "choose another User" in done.stderr


def test_an_application_that_takes_signals_for_itself_does_not_hold_up_the_end(new_server) -> None:
    server = new_server(PLAIN + ONE_HOST, applications=APPLICATIONS).start()
    assert clients.get(server.http, "/plain/take_signals").status == 200
    assert server.stop() == 0
    assert "does not end" not in server.log()
