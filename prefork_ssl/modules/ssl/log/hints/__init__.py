"""From what went wrong to what the administrator can do about it.

`table` leads from what OpenSSL says to one of the others: `offers` compares what a client offers with what its host
allows, `own_certificate` tells what a client may not like about the host's certificate, `client_certificate` what we
did not like about the client's, `protocols` what else may come to a TLS port.
"""
