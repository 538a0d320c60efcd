"""Who the client is: certificates asked for in the handshake or by a location, and what they are worth.

At start, `trust` has the CAs and CRLs of a host and `policy` what it asks for. On a connection, `client` knows who is
there, `demand` what a location wants to know beyond that, and `asking` asks for it. `revocation` asks OCSP responders.
"""
