"""Apache's handlers that run or read what is in a file. Without them, such files would be sent as they are."""

from __future__ import annotations

ABSENT_HANDLERS = frozenset(
    (
        "cgi-script",
        "fcgid-script",
        "php-script",
        "server-parsed",
        "send-as-is",
        "imap-file",
        "lua-script",
        "perl-script",
    )
)
HANDLER_REMEDY = "run the application by WSGIScriptAlias, or hand its URLs on by ProxyPass"
