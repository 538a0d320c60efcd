"""WSGI applications (PEP 3333): what is mounted where, how it is imported, and how it is called."""
