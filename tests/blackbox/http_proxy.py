"""An HTTP proxy on the loopback interface, which knows where some names lead."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Proxy:
    """Passes on requests for the names in `places` (to "address:port"), and answers 502 to all others. `asked` has what
    it was asked: method, URL, Host."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self.asked: list[tuple[str, str, str]] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                proxy.asked.append((self.command, self.path, self.headers["Host"]))
                url = urlsplit(self.path)
                place = places.get(url.netloc)
                if place is None:
                    self.send_error(502)
                    return
                onward = HTTPConnection(place, timeout=20)
                onward.request("POST", url.path, body)
                response = onward.getresponse()
                answer = response.read()
                onward.close()
                self.send_response(response.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> Proxy:
        """Serve."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def end(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()
