"""The dedicated SSL log: what failed, for whom, why, and what to do about it.

directives        SSLLog and its family
event, events/    what happened: one small function for each kind of event
hints/            what to do about it
log               where events go, and at which level
text, json_lines  the two forms of a line
vocabulary        the words by which a line of text is recognised
repeats           clients that fail again and again
trace, records, dump, alerts    levels trace and debug
key_log           SSLKeyLogFile
reader/           prefork-ssl-log
"""
