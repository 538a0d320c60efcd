"""The one kind of error that the commands report."""


class CertificateError(Exception):
    """A command cannot do what was asked; the text is one line for a person, with a remedy if there is one."""
