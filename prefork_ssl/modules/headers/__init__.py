"""Header and RequestHeader: fields of responses and requests, changed (Apache's mod_headers).

directives.py    a line as written -> rules.py
names.py         the names of fields that may be changed
formats.py       the language of values: %{NAME}s and the like
values.py        what a value is in a request, made safe
actions.py       what set, append, edit ... do to a list of fields
compiling.py     a rule, put together from these
requests.py      RequestHeader at work
responses.py     Header at work
"""
