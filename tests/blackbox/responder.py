"""An OCSP responder on the loopback interface: openssl answers, from the CA's index of what it has issued.

Only the way there is ours, since openssl's own server listens on all interfaces.
"""

from __future__ import annotations

import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from blackbox.authority import Authority, Pair
from blackbox.ports import ReservedPort
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

_FAR = "491231235959Z"


class Responder:
    """Knows what it was told about certificates (`knows`); start() and stop() it at will, on one port.

    `answer` makes an answer (DER) of a question (DER). Questions are counted in `asked`; while `hold` is set, they are
    not answered.
    """

    def __init__(self, authority: Authority) -> None:
        self.answer: Callable[[bytes], bytes] = self.openssl
        self.asked = 0
        self.hold = threading.Event()
        self._authority = authority
        self._port = ReservedPort()
        self._index: dict[str, str] = {}
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://127.0.0.1:{self._port}/ocsp"

    def extension(self) -> x509.ExtensionType:
        """What names it in a certificate."""
        location = x509.UniformResourceIdentifier(self.url)
        return x509.AuthorityInformationAccess(
            [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, location)]
        )

    def knows(self, pair: Pair, *, revoked: bool = False) -> None:
        """What it says about a certificate from now on."""
        serial = f"{pair.certificate.serial_number:X}"
        serial = serial.zfill(len(serial) + len(serial) % 2)
        flag, moment = ("R", f"{time.strftime('%y%m%d%H%M%SZ', time.gmtime())}") if revoked else ("V", "")
        self._index[serial] = f"{flag}\t{_FAR}\t{moment}\t{serial}\tunknown\t/CN={serial}\n"

    def start(self) -> Responder:
        """Answer."""
        responder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                question = self.rfile.read(int(self.headers["Content-Length"]))
                responder.asked += 1
                while responder.hold.is_set():
                    time.sleep(0.01)
                answer = responder.answer(question)
                self.send_response(200)
                self.send_header("Content-Type", "application/ocsp-response")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port.number), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Be gone: connections are refused."""
        self.hold.clear()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def end(self) -> None:
        """Stop, and give the port back."""
        self.stop()
        self._port.release()

    def openssl(self, question: bytes) -> bytes:
        """The answer of `openssl ocsp` to a question (DER)."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "index.txt").write_text("".join(self._index.values()))
            (folder / "request").write_bytes(question)
            ca = ["-CA", self._authority.cert, "-rsigner", self._authority.cert, "-rkey", self._authority.key]
            files = [
                "-index",
                folder / "index.txt",
                "-reqin",
                folder / "request",
                "-respout",
                folder / "response",
            ]
            command = ["openssl", "ocsp", *ca, *files, "-nmin", "10"]
            subprocess.run(command, check=True, capture_output=True, timeout=10)
            return (folder / "response").read_bytes()
