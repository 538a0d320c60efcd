"""A small ACME CA (RFC 8555) for tests, on loopback, over TLS.

It checks what a real one checks: nonces are good once, signatures are verified under the account's key, and http-01
is a real request, sent to 127.0.0.1 at a port of the test's choosing with the host that is to be proved as Host.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import http.client
import http.server
import json
import secrets
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

Json = dict[str, Any]


class Problem(Exception):
    """A refusal (RFC 8555 6.7)."""

    def __init__(self, kind: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.status = kind, detail, status

    def document(self) -> Json:
        """As JSON."""
        return {"type": f"urn:ietf:params:acme:error:{self.kind}", "detail": self.detail}


@dataclass
class Order:
    """An order with its authorizations: host -> (token, status, what went wrong)."""

    account: str
    identifiers: list[Json]
    tokens: dict[str, str]
    statuses: dict[str, str]
    errors: dict[str, Json] = field(default_factory=dict)
    chain: str | None = None


@dataclass
class Behaviour:
    """What a test may change."""

    terms: str | None = None
    challenge: str = "http-01"
    bad_nonces: int = 0
    refuse_orders: str | None = None
    days: int = 90
    key_of_another: bool = False


class AcmeServer:
    """The CA: its accounts, orders and issuing key."""

    def __init__(self, ca_certificate: Path, ca_key: Path, http_port: int) -> None:
        self.certificate = x509.load_pem_x509_certificate(ca_certificate.read_bytes())
        key = load_pem_private_key(ca_key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.key = key
        self.http_port = http_port
        self.behaviour = Behaviour()
        self.accounts: dict[str, Json] = {}
        self.orders: list[Order] = []
        self.contacts: list[list[str]] = []
        self.nonces: set[str] = set()
        self.url = ""

    @property
    def directory(self) -> str:
        """The URL to give to a client."""
        return f"{self.url}/directory"

    @contextmanager
    def running(self, certificate: Path, key: Path) -> Iterator[AcmeServer]:
        """Serve with this TLS certificate until the end of the context."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        handler = type("Handler", (_Handler,), {"ca": self})
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            self.url = f"https://localhost:{server.server_address[1]}"
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            yield self
            server.shutdown()
            thread.join()

    # --- the resources; each returns status, JSON or text, and the path for Location ---

    def directory_document(self) -> Json:
        """RFC 8555 7.1.1."""
        names = {"newNonce": "nonce", "newAccount": "account", "newOrder": "order", "revokeCert": "revoke"}
        document: Json = {name: f"{self.url}/{path}" for name, path in names.items()}
        if self.behaviour.terms:
            document["meta"] = {"termsOfService": self.behaviour.terms}
        return document

    def new_account(self, jwk: Json, payload: Json) -> tuple[int, Json, str]:
        """RFC 8555 7.3."""
        path = f"/account/{thumbprint(jwk)}"
        if path in self.accounts:
            return 200, {"status": "valid"}, path
        if payload.get("onlyReturnExisting"):
            raise Problem("accountDoesNotExist", "no such account")
        if self.behaviour.terms and not payload.get("termsOfServiceAgreed"):
            raise Problem("userActionRequired", "the terms of service are not agreed to", 403)
        self.accounts[path] = jwk
        self.contacts.append(payload.get("contact", []))
        return 201, {"status": "valid"}, path

    def new_order(self, account: str, payload: Json) -> tuple[int, Json, str]:
        """RFC 8555 7.4."""
        if self.behaviour.refuse_orders:
            raise Problem("rejectedIdentifier", self.behaviour.refuse_orders, 403)
        hosts = [identifier["value"] for identifier in payload["identifiers"]]
        tokens = {host: secrets.token_urlsafe(24) for host in hosts}
        self.orders.append(Order(account, payload["identifiers"], tokens, dict.fromkeys(hosts, "pending")))
        number = len(self.orders) - 1
        return 201, self.order_document(number), f"/order/{number}"

    def order_document(self, number: int) -> Json:
        """RFC 8555 7.1.3."""
        order = self.orders[number]
        document: Json = {
            "status": _order_status(order),
            "identifiers": order.identifiers,
            "authorizations": [
                f"{self.url}/authorization/{number}/{i}" for i in range(len(order.identifiers))
            ],
            "finalize": f"{self.url}/finalize/{number}",
        }
        if order.chain:
            document["certificate"] = f"{self.url}/certificate/{number}"
        return document

    def authorization(self, number: int, position: int) -> Json:
        """RFC 8555 7.1.4."""
        order = self.orders[number]
        identifier = order.identifiers[position]
        return {
            "identifier": identifier,
            "status": order.statuses[identifier["value"]],
            "challenges": [self.challenge_document(number, position)],
        }

    def challenge_document(self, number: int, position: int) -> Json:
        """RFC 8555 8."""
        order = self.orders[number]
        host = order.identifiers[position]["value"]
        document = {
            "type": self.behaviour.challenge,
            "url": f"{self.url}/challenge/{number}/{position}",
            "token": order.tokens[host],
            "status": order.statuses[host],
        }
        return document | ({"error": order.errors[host]} if host in order.errors else {})

    def check(self, number: int, position: int) -> None:
        """Fetch the answer to the challenge over HTTP (RFC 8555 8.3)."""
        order = self.orders[number]
        host = order.identifiers[position]["value"]
        expected = f"{order.tokens[host]}.{thumbprint(self.accounts[order.account])}"
        try:
            found = self._fetch(host, order.tokens[host])
        except OSError as error:
            order.statuses[host] = "invalid"
            order.errors[host] = Problem("connection", str(error)).document()
            return
        order.statuses[host] = "valid" if found == expected else "invalid"
        if found != expected:
            order.errors[host] = Problem("unauthorized", f"found {found[:40]!r}", 403).document()

    def _fetch(self, host: str, token: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=5)
        try:
            connection.request("GET", f"/.well-known/acme-challenge/{token}", headers={"Host": host})
            return connection.getresponse().read().decode().strip()
        finally:
            connection.close()

    def finalize(self, number: int, payload: Json) -> Json:
        """RFC 8555 7.4: sign the request, if it names what was ordered."""
        order = self.orders[number]
        if _order_status(order) != "ready":
            raise Problem("orderNotReady", "not all hosts are proved", 403)
        request = x509.load_der_x509_csr(decode(payload["csr"]))
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if not request.is_signature_valid or {str(name.value) for name in names} != set(order.tokens):
            raise Problem("badCSR", "the request does not fit the order")
        own = self._sign(request, names).public_bytes(Encoding.PEM)
        order.chain = (own + self.certificate.public_bytes(Encoding.PEM)).decode()
        return self.order_document(number)

    def _sign(
        self, request: x509.CertificateSigningRequest, names: x509.SubjectAlternativeName
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        another = ec.generate_private_key(ec.SECP256R1()).public_key()
        key = another if self.behaviour.key_of_another else request.public_key()
        return (
            x509.CertificateBuilder(self.certificate.subject, x509.Name([]), key, x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + datetime.timedelta(days=self.behaviour.days))
            .add_extension(names, critical=True)
            .sign(self.key, SHA256())
        )


def _order_status(order: Order) -> str:
    if order.chain:
        return "valid"
    statuses = set(order.statuses.values())
    if "invalid" in statuses:
        return "invalid"
    return "ready" if statuses == {"valid"} else "pending"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ca: ClassVar[AcmeServer]

    def do_GET(self) -> None:
        if self.path == "/directory":
            self._send(200, self.ca.directory_document())
        else:
            self._send(404, {})

    def do_HEAD(self) -> None:
        self._send(200, "")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            self._answer(json.loads(body))
        except Problem as problem:
            self._send(problem.status, problem.document(), kind="application/problem+json")

    def _answer(self, jws: Json) -> None:
        header = json.loads(decode(jws["protected"]))
        account = self._verify(header, jws)
        payload = json.loads(decode(jws["payload"]) or b"{}")
        kind, *numbers = self.path.strip("/").split("/")
        ca = self.ca
        if kind == "account":
            self._created(*ca.new_account(header["jwk"], payload))
        elif kind == "order" and not numbers:
            self._created(*ca.new_order(account, payload))
        elif kind == "order":
            self._send(200, ca.order_document(int(numbers[0])))
        elif kind == "authorization":
            self._send(200, ca.authorization(int(numbers[0]), int(numbers[1])))
        elif kind == "challenge":
            ca.check(int(numbers[0]), int(numbers[1]))
            up = f'<{ca.url}/authorization/{numbers[0]}/{numbers[1]}>;rel="up"'
            self._send(200, ca.challenge_document(int(numbers[0]), int(numbers[1])), Link=up)
        elif kind == "finalize":
            self._send(200, ca.finalize(int(numbers[0]), payload))
        else:
            self._send(200, ca.orders[int(numbers[0])].chain or "", kind="application/pem-certificate-chain")

    def _verify(self, header: Json, jws: Json) -> str:
        """Check nonce, URL and signature (RFC 8555 6); return the path of the account, empty for a new one."""
        if header["nonce"] not in self.ca.nonces or self.ca.behaviour.bad_nonces > 0:
            self.ca.behaviour.bad_nonces -= 1
            raise Problem("badNonce", "unknown nonce")
        self.ca.nonces.remove(header["nonce"])
        if header["url"] != self.ca.url + self.path:
            raise Problem("unauthorized", "another URL was signed", 401)
        account = header.get("kid", "").removeprefix(self.ca.url)
        jwk = self.ca.accounts[account] if account else header["jwk"]
        signed = f"{jws['protected']}.{jws['payload']}".encode()
        try:
            _verify_signature(jwk, header["alg"], decode(jws["signature"]), signed)
        except InvalidSignature as error:
            raise Problem("malformed", "wrong signature", 401) from error
        return account

    def _created(self, status: int, document: Json, path: str) -> None:
        self._send(status, document, Location=self.ca.url + path)

    def _send(self, status: int, content: Json | str, kind: str = "application/json", **headers: str) -> None:
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        nonce = secrets.token_urlsafe(16)
        self.ca.nonces.add(nonce)
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Replay-Nonce": nonce, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the test looks at the outcome."""


def _verify_signature(jwk: Json, algorithm: str, signature: bytes, signed: bytes) -> None:
    numbers = {name: int.from_bytes(decode(jwk[name])) for name in ("x", "y", "n", "e") if name in jwk}
    if algorithm == "ES256":
        public = ec.EllipticCurvePublicNumbers(numbers["x"], numbers["y"], ec.SECP256R1()).public_key()
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    elif algorithm == "RS256":
        key = rsa.RSAPublicNumbers(numbers["e"], numbers["n"]).public_key()
        key.verify(signature, signed, padding.PKCS1v15(), SHA256())
    else:
        raise Problem("badSignatureAlgorithm", algorithm)


def thumbprint(jwk: Json) -> str:
    """RFC 7638."""
    members = {name: jwk[name] for name in ("crv", "e", "kty", "n", "x", "y") if name in jwk}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """base64url without padding (RFC 7515 2)."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
