"""What goes wrong between us and a server behind us, told in the SSL log with a remedy."""

from __future__ import annotations

import re

from prefork_ssl.modules.ssl.backend.judging import Refusal
from prefork_ssl.modules.ssl.log.event import Event, quoted
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.openssl import ClientConnection, Error, main_reason, queued_errors

# "sslv3 alert handshake failure", "tls alert handshake failure": each version of OpenSSL names alerts in its own way.
_ALERT = re.compile(r"(?:sslv3|tlsv1|tlsv13|tls|ssl/tls)(?: alert)? (?P<name>.+)")

_NO_TLS = "it does not speak TLS on this port: write http:// or give the port that does"
_VERSIONS = "compare SSLProxyProtocol with what the server speaks"
_HINTS = {
    "wrong version number": _NO_TLS,
    "packet length too long": _NO_TLS,
    "unsupported protocol": _VERSIONS,
    "protocol version": _VERSIONS,
    "handshake failure": "compare SSLProxyCipherSuite with what the server allows; if it wants to see a certificate, "
    "name one in SSLProxyMachineCertificateFile",
    "certificate required": "the server wants to see a certificate: name one in SSLProxyMachineCertificateFile",
    "unknown ca": "the server does not know the CA of the certificate in SSLProxyMachineCertificateFile, or lacks its "
    "intermediates: SSLProxyMachineCertificateChainFile",
}


class Complaints:
    """For one server, `name`, in the SSL log of one host."""

    def __init__(self, log: SSLLog, name: str) -> None:
        self._log = log
        self._name = name

    def handshake(self, tls: ClientConnection, error: Error) -> str:
        """The handshake has failed. Returns what the error log should say: it hears of it from whoever wanted to speak
        to the server."""
        refusal: Refusal | None = tls.public.get_app_data()
        if refusal is None:
            return self._failed("handshake-failed", "TLS handshake failed", error)
        cause = f"certificate of {quoted(refusal.subject)} refused: {refusal.text}"
        return self._tell(SSLLevel.ERROR, "refused", cause, error, refusal.hint)

    def connection(self, error: Error) -> str:
        """TLS has failed after the handshake. So it does in TLS 1.3, too, if the server does not like our certificate.
        Returns what the error log should say."""
        return self._failed("failed", "TLS failed", error)

    def _failed(self, event: str, what: str, error: Error) -> str:
        reason = main_reason(queued_errors(error))
        alert = _ALERT.fullmatch(reason)
        hint = _HINTS.get(alert["name"] if alert else reason, "")
        return self._tell(SSLLevel.WARN, event, f"{what}: {reason}", error, hint)

    def _tell(self, level: SSLLevel, event: str, cause: str, error: Error, hint: str) -> str:
        message = f"backend {self._name}: {cause}"
        fields = {"backend": self._name}
        self._log.note(Event(level, f"backend-{event}", message, None, fields, queued_errors(error), hint))
        return f"{cause} ({hint})" if hint else cause
