"""OCSP stapling (RFC 6066 section 8, RFC 6960): the CA's word that a certificate is not revoked, sent in the handshake.

The master keeps the schedule (stapler, subject). A helper process without keys or rights (helper, fetcher) asks the
responders (responder) and judges what they say (answer). What is to be sent lies in memory that the workers share
(staple): on the path of a connection (handshake), nothing is asked, parsed or waited for.
"""
