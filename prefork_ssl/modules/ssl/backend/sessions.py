"""Sessions with servers: what each of them has given us to come back with."""

from __future__ import annotations

from OpenSSL import SSL

# Requests may name any number of servers (RewriteRule with the flag P).
_MOST = 1024


class Sessions(dict[str, SSL.Session]):
    """The latest session of each server by its name, for the servers that gave one last."""

    def __setitem__(self, name: str, session: SSL.Session) -> None:
        self.pop(name, None)
        super().__setitem__(name, session)
        if len(self) > _MOST:
            del self[next(iter(self))]
