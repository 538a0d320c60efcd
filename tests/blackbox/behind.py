"""Real servers of other makes for a proxy to stand before: gunicorn and nginx, which tell what they were asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from blackbox.ports import ReservedPort
from blackbox.until import until

KINDS = [pytest.param("nginx", marks=pytest.mark.needs("nginx")), "gunicorn"]

GUNICORN = Path(sys.executable).with_name("gunicorn")

APPLICATION = """\
def application(environ, start_response):
    path = environ["PATH_INFO"]
    with open({log!r}, "a") as log:
        print(environ["REQUEST_METHOD"], path, file=log)
    if path == "/echo":
        stream = environ["wsgi.input"]
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter(lambda: stream.read(65536), b"")
    if path == "/hidden.txt":
        start_response("200 OK", [("Content-Length", "14")])
        return [b"HIDDEN CONTENT"]
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""

NGINX = """\
worker_processes 1;
daemon off;
{user}pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    log_format asked "$request_method $uri";
    access_log {folder}/asked asked;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location = /hidden.txt {{ return 200 "HIDDEN CONTENT"; }}
        location / {{ return 200 "ok"; }}
    }}
}}
"""


class Behind:
    """A server of another make. `asked` are the methods and paths of the requests that it has understood."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.port = ReservedPort()
        self._asked = folder / "asked"
        self._asked.touch()
        command = getattr(self, f"_{kind}")(folder)
        with (folder / "console").open("wb") as console:
            self._process = subprocess.Popen(command, stdout=console, stderr=subprocess.STDOUT)
        until(self.port.listening, f"{kind} listens", 20)

    def __str__(self) -> str:
        return str(self.port)

    def _gunicorn(self, folder: Path) -> list[str]:
        (folder / "behind_application.py").write_text(APPLICATION.format(log=str(self._asked)))
        worker = ["--worker-class=gevent", "--workers=1", "--no-control-socket"]
        return [
            str(GUNICORN),
            *worker,
            f"--bind=127.0.0.1:{self.port}",
            f"--chdir={folder}",
            "behind_application:application",
        ]

    def _nginx(self, folder: Path) -> list[str]:
        configuration = folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder=folder, port=self.port, user=""))
        return ["nginx", "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(configuration)]

    @property
    def asked(self) -> list[str]:
        return self._asked.read_text().splitlines()

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self.port.release()
