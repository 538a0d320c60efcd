"""Which virtual host: by the address that a connection came to, then by name (Apache's name-based virtual hosts)."""
