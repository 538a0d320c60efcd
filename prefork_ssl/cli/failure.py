"""What ends a command with status 1."""


class Failure(Exception):
    """The command cannot be carried out. The message is what to print."""
