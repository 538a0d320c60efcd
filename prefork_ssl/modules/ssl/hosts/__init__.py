"""The virtual hosts that speak TLS: what they want, what they have, and how one is chosen."""
