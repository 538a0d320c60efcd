"""A virtual host's settings and keys made into an SSL.Context."""
