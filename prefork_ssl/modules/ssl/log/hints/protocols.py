"""What else may come to a port that speaks TLS, and what to do about it."""

from __future__ import annotations

from prefork_ssl.modules.ssl.hello.first_bytes import Protocol

FOREIGN = {
    Protocol.HTTP: "it must ask for https:// instead of http://, and was told so; "
    "SSLRedirectPlainHTTP on sends it there",
    Protocol.HTTP2: "it was told to speak HTTP/2 without TLS (h2c): it must ask for https://, where this server speaks "
    "HTTP/1.1",
    Protocol.SSH: "the address is right, the port is not: SSH is on another one, mostly 22",
    Protocol.PROXY: "the load balancer in front sends the PROXY protocol: switch it off there for this port",
    Protocol.SSL2: "the client is from before 2011, and no SSLProtocol can help it: update it",
    Protocol.REMOTE_DESKTOP: "Remote Desktop is not on this port; if nobody here uses it, it is a scanner",
    Protocol.SMTP: "mail is not on this port: correct the port in the mail program",
    Protocol.TLS_ALERT: "the client gave up before it began: it may want a version that SSLProtocol does not allow",
    Protocol.BROKEN_TLS: "what came is no ClientHello that TLS could begin with: a broken client, or a scanner",
    Protocol.UNKNOWN: "no protocol that is known here; if no program of yours does this, it is a scanner",
}


def plain_port(port: int) -> str:
    """TLS came to a port that speaks plain HTTP."""
    return (
        "this port speaks plain HTTP: the client must ask for http://, or for a port whose Listen line says https; "
        f"to speak TLS here, write Listen {port} https, and SSLEngine on in its <VirtualHost>"
    )
