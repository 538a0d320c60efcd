"""What is known of a failure when somebody asks what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prefork_ssl.modules.ssl.log.alerts import alert_in_words

if TYPE_CHECKING:
    from prefork_ssl.modules.ssl.hello.client_hello import ClientHello
    from prefork_ssl.modules.ssl.hosts.table import TLSHost
    from prefork_ssl.modules.ssl.openssl import ServerConnection


@dataclass(frozen=True, slots=True)
class Failure:
    """`reason` is OpenSSL's text. `hello` and `tls` are None as far as it did not come to that."""

    reason: str
    host: TLSHost
    hello: ClientHello | None = None
    tls: ServerConnection | None = None

    @property
    def alert(self) -> str:
        """The alert with which the client gave up, as RFC 8446 section 6 names it ("unknown_ca"); "" if we did."""
        return alert_in_words(self.reason)

    @property
    def cause(self) -> str:
        """What went wrong, and whose words these are."""
        return f"alert {self.alert} from the client" if self.alert else self.reason

    @property
    def server_name(self) -> str | None:
        """The name that the client asked for."""
        return self.hello.server_name if self.hello else None


def shortened(items: list[str], most: int = 4, separator: str = " ") -> str:
    """The first of a list, and how many more there are; "none" if it is empty."""
    rest = len(items) - most
    more = f" and {rest} more" if rest > 0 else ""
    return f"{separator.join(items[:most])}{more}" or "none"
