"""One TLS connection: its handshake, its transport, and the requests that come over it."""
