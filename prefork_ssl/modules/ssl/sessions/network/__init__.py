"""The cache on a server that several machines share (SSLSessionCache redis: and memcache:).

Nothing is monkey-patched: the libraries are given gevent's sockets, so that a look-up lets its greenlet wait, and the
worker go on.
"""
