"""The servers that are compared, each with one worker on one core, the same certificate and the same files.

None writes an access log. Each speaks TLS 1.3 on one port of 127.0.0.1 and serves the folder `site` at /.
"""

from __future__ import annotations

import getpass
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from blackbox import processes
from blackbox.authority import Pair
from blackbox.ports import ReservedPort
from blackbox.until import until

VENV = Path(sys.executable).parent


@dataclass(frozen=True)
class Site:
    """What all serve: a folder, and the certificate and key to do it with."""

    folder: Path
    pair: Pair


class Contender:
    """A server that runs. Subclasses say how it is configured and started."""

    name: str
    program: str

    def __init__(self, folder: Path, site: Site, core: int) -> None:
        self.port = ReservedPort()
        folder.mkdir()
        with (folder / "console").open("wb") as console:
            self._process = subprocess.Popen(
                ["taskset", "--cpu-list", str(core), *self.command(folder, site)],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        try:
            until(self._accepts, f"{self.name} accepts connections", 20)
        except AssertionError as error:
            self.stop()
            raise RuntimeError(f"{error}\n{(folder / 'console').read_text()}") from error

    @classmethod
    def missing(cls) -> str | None:
        """The program that this server needs and that is not installed, if so."""
        return None if shutil.which(cls.program) else cls.program

    def command(self, folder: Path, site: Site) -> list[str]:
        """Write the configuration into `folder`, and return the command that stays in the foreground."""
        raise NotImplementedError

    def version(self) -> str:
        """What the server calls itself."""
        raise NotImplementedError

    def worker(self) -> int:
        """The process id of the only worker."""
        workers = self._workers()
        assert len(workers) == 1, f"{self.name} has {len(workers)} workers"
        return workers[0]

    def stop(self) -> None:
        """End the server."""
        self._process.terminate()
        self._process.wait(20)
        self.port.release()

    def _accepts(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self._process.returncode}")
        return self.port.listening() and bool(self._workers())

    def _workers(self) -> list[int]:
        return processes.children(self._process.pid)


class PreforkSSL(Contender):
    """This server."""

    name = "prefork_ssl"
    program = str(VENV / "prefork-ssl")

    _CONFIGURATION = """\
LoadModule files_module
LoadModule ssl_module
Listen 127.0.0.1:{port} https
ServerName localhost
User {user}
PidFile server.pid
ErrorLog error_log
StartServers 1
DocumentRoot {site.folder}
KeepAliveTimeout 600
MaxKeepAliveRequests 0
SSLEngine on
SSLProtocol TLSv1.3
SSLCertificateFile {site.pair.cert}
SSLCertificateKeyFile {site.pair.key}
"""

    def command(self, folder: Path, site: Site) -> list[str]:
        configuration = folder / "server.conf"
        configuration.write_text(self._CONFIGURATION.format(port=self.port, site=site, user=_user()))
        return [self.program, "-d", str(folder), "-f", str(configuration), "-D", "FOREGROUND"]

    def version(self) -> str:
        return _first_line(self.program, "-v")

    def _workers(self) -> list[int]:
        return [pid for pid in super()._workers() if "worker" in processes.title(pid)]


class Nginx(Contender):
    """nginx, the yardstick."""

    name = "nginx"
    program = "nginx"

    _CONFIGURATION = """\
worker_processes 1;
daemon off;
user {user};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 600;
    keepalive_requests 100000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ text/html html; text/plain txt; }}
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name localhost;
        ssl_certificate {site.pair.cert};
        ssl_certificate_key {site.pair.key};
        ssl_protocols TLSv1.3;
        root {site.folder};
    }}
}}
"""

    def command(self, folder: Path, site: Site) -> list[str]:
        configuration = folder / "nginx.conf"
        configuration.write_text(
            self._CONFIGURATION.format(port=self.port, site=site, folder=folder, user=_user())
        )
        return [self.program, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(configuration)]

    def version(self) -> str:
        return _first_line(self.program, "-v")


class Gunicorn(Contender):
    """gunicorn with gevent, what people run today, with an application that reads the file."""

    name = "gunicorn -k gevent"
    program = str(VENV / "gunicorn")

    _APPLICATION = """\
from pathlib import Path

SITE = Path({folder!r})


def application(environ, start_response):
    body = (SITE / environ["PATH_INFO"].lstrip("/")).read_bytes()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""

    def command(self, folder: Path, site: Site) -> list[str]:
        (folder / "site_application.py").write_text(self._APPLICATION.format(folder=str(site.folder)))
        return [
            self.program,
            "--worker-class=gevent",
            "--workers=1",
            "--worker-connections=4096",
            "--keep-alive=600",
            f"--bind=127.0.0.1:{self.port}",
            f"--certfile={site.pair.cert}",
            f"--keyfile={site.pair.key}",
            f"--chdir={folder}",
            "--no-control-socket",
            "site_application:application",
        ]

    def version(self) -> str:
        return _first_line(self.program, "--version")


CONTENDERS: tuple[type[Contender], ...] = (PreforkSSL, Nginx, Gunicorn)


def _user() -> str:
    """The user that runs the benchmark."""
    return getpass.getuser()


def _first_line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return (done.stdout + done.stderr).splitlines()[0]
