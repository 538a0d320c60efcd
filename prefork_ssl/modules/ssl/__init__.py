"""All SSL and all cryptography of the server (mod_ssl)."""
