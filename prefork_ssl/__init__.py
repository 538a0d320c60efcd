"""A pre-fork HTTPS server for Python services, with Apache's own directives."""
