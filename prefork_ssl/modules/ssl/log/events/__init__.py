"""What is worth a line in the SSL log, one small function for each event, in a room for each part of a server's life.

What clients do is information, however strange: only what the administrator must act on is a warning or an error.
"""
