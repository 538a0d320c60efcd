"""A pre-fork web server that has never heard of SSL."""
