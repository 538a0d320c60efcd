"""Free ports that stay free."""

import socket


class ReservedPort:
    """A free port on 127.0.0.1, kept for one server.

    The kernel chooses it. Our socket stays bound to it, without listening: so it is not given to anybody else, while a
    server that sets SO_REUSEADDR, as every server does, can bind and listen, again and again.
    """

    def __init__(self) -> None:
        self._sock = socket.socket()
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._sock.bind(("127.0.0.1", 0))
        self.number: int = self._sock.getsockname()[1]

    def __str__(self) -> str:
        return str(self.number)

    def listening(self) -> bool:
        """Whether somebody accepts connections here."""
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.number)) == 0

    def release(self) -> None:
        """Give the port back."""
        self._sock.close()
