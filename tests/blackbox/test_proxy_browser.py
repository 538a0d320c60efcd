"""A browser and a page with fifty assets and a WebSocket, all of them from servers behind the proxy."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from blackbox import clients, websocket
from blackbox.authority import Pair
from blackbox.backend import PROXY, Visit, backend, ok
from blackbox.ports import ReservedPort
from blackbox.server import Server
from blackbox.until import until

NGINX = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    types {{ text/html html; text/css css; text/javascript js; image/svg+xml svg; }}
    access_log {folder}/asked;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; root {folder}/site; }}
}}
"""

ASSETS = {
    **{
        f"{number}.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
        for number in range(20)
    },
    **{f"{number}.css": f".a{number} {{ color: red }}" for number in range(15)},
    **{f"{number}.js": f"ran.push({number});" for number in range(15)},
}
TAGS = {
    "svg": '<img src="/assets/{name}">',
    "css": '<link rel="stylesheet" href="/assets/{name}">',
    "js": '<script src="/assets/{name}"></script>',
}

# The page has loaded when /live/told has, and that is answered when the browser has told by the WebSocket what it got.
PAGE = """\
<!DOCTYPE html><html><head><title>page</title><script>
const told = document.documentElement.dataset, ran = [];
told.loaded = told.failed = 0;
const count = (event, what) => {{ if (event.target.src || event.target.href) told[what]++; told.ran = ran.length; }};
document.addEventListener("load", event => count(event, "loaded"), true);
document.addEventListener("error", event => count(event, "failed"), true);
const ws = new WebSocket(`wss://${{location.host}}/live/chat`);
ws.onopen = () => ws.send("hello through the proxy");
ws.onmessage = event => {{ told.echo = event.data; ws.send("got it"); }};
</script></head><body>{tags}<script src="/live/told"></script></body></html>
"""


def write_site(folder: Path) -> None:
    (folder / "assets").mkdir(parents=True)
    for name, text in ASSETS.items():
        (folder / "assets" / name).write_text(text)
    tags = "".join(TAGS[name.partition(".")[2]].format(name=name) for name in ASSETS)
    (folder / "index.html").write_text(PAGE.format(tags=tags))
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


@pytest.fixture
def nginx(new_server: Callable[..., Server]) -> Iterator[tuple[ReservedPort, Path]]:
    """Its port, and the log of what it was asked."""
    folder = new_server("").root / "nginx"
    folder.mkdir(mode=0o755)
    write_site(folder / "site")
    port = ReservedPort()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    command = ["nginx", "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command)
    try:
        until(port.listening, "nginx listens", 20)
        yield port, folder / "asked"
    finally:
        process.terminate()
        process.wait(20)
        port.release()


@pytest.mark.needs("chromium", "nginx")
def test_fifty_assets_and_a_websocket(
    new_server: Callable[..., Server], nginx: tuple[ReservedPort, Path], rsa_pair: Pair, tmp_path: Path
):
    port, asked = nginx
    got_it = threading.Event()

    def live(visit: Visit) -> None:
        while head := visit.head():
            key = re.search(rb"sec-websocket-key: *(\S+)", head, re.IGNORECASE)
            if key is not None:
                echo(visit, key[1])
                return
            got_it.wait(20)
            visit.say(ok(b"", "Content-Type: text/javascript"))

    def echo(visit: Visit, key: bytes) -> None:
        visit.say(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\n\r\n" % websocket.accept_key(key)
        )
        frames = websocket.Frames(visit.sock, visit.body(0))
        while (message := frames.next())[0] == websocket.TEXT:
            if message[1] == b"got it":
                got_it.set()
            else:
                visit.say(websocket.frame(message[1], masked=False))

    with backend(live) as back:
        rules = "ProxyPass /live/ ws://127.0.0.1:@live/\nProxyPass / http://127.0.0.1:@nginx/\n"
        server = new_server(PROXY + rules, live=back, nginx=port).start()
        page = clients.Chromium(tmp_path, rsa_pair).dom(f"https://localhost:{server.https}/")
    root = re.search(r"<html[^>]*>", page)
    assert root is not None
    told = dict(re.findall(r'data-(\w+)="([^"]*)"', root[0]))
    # All assets, and the script that waits for the WebSocket.
    assert told == {"loaded": "51", "failed": "0", "ran": "15", "echo": "hello through the proxy"}, page
    wanted = {f"GET /assets/{name} HTTP/1.1" for name in ASSETS}
    until(
        lambda: wanted <= {line.split('"')[1] for line in asked.read_text().splitlines()},
        "nginx logs all of them",
    )
