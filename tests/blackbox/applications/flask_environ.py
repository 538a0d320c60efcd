"""A Flask application that shows what the server tells it of TLS and of the client."""

from cryptography import x509
from flask import Flask, request

application = Flask(__name__)

_OURS = ("SSL", "HTTP", "REMOTE_USER", "AUTH_TYPE")


@application.route("/", defaults={"path": ""})
@application.route("/<path:path>")
def show(path):
    certificate = request.environ.get("prefork_ssl.client_certificate")
    assert certificate is None or isinstance(certificate, x509.Certificate)
    return {
        "path": path,
        "environ": {name: value for name, value in request.environ.items() if name.startswith(_OURS)},
        "headers": dict(request.headers),
        "certificate": certificate and certificate.subject.rfc4514_string(),
        "secure": request.is_secure,
        "user": request.remote_user,
    }
