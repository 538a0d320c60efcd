"""auth_basic_module: users who show a name and a password (RFC 7617), and groups of them."""
