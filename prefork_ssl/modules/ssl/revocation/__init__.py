"""SSLOCSPEnable: the CA is asked whether the certificate of a client has been revoked (RFC 6960), before the client's
first request is answered.

The greenlet of the connection waits for that (inspection); the worker does not. The asking is done by a helper process
for all workers (inspector), which the master starts (desk), and to which each worker has a line of its own (line).
"""
