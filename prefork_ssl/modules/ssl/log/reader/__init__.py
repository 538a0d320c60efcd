"""The program prefork-ssl-log: what an SSL log has to say, in a page. It needs neither OpenSSL nor a server.

source      the file, piece by piece: from a point in time on, while it grows, when it is moved away
entries     a line in, what it tells of out, if that is a failure; text and JSON
causes      failures of one cause counted together, in bounded memory
report      the page
"""
