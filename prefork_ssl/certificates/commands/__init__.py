"""The commands: one file each, with its options and what it does."""

from prefork_ssl.certificates.commands import (
    acme,
    ca,
    check,
    convert,
    crl,
    dummy,
    key,
    match,
    passphrase,
    rehash,
    request,
    revoke,
    show,
    sign,
)

# In the order in which the help lists them.
ALL = tuple(
    module.COMMAND
    for module in (
        dummy,
        key,
        request,
        ca,
        sign,
        revoke,
        crl,
        passphrase,
        match,
        convert,
        rehash,
        show,
        check,
        acme,
    )
)
