"""The page at / of the shipped configuration: it says that the server works, and how this connection is protected."""
