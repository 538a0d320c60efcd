"""rewrite_module: URLs changed by rules (Apache's mod_rewrite).

What is written:

    directives.py     the directives
    words.py, condition_line.py, rule_line.py, flags.py, template.py, map_sources.py
                      their lines, taken apart while the configuration is read
    scope.py          what is written in one scope, and what of the outer ones holds there
    checking.py       what can be wrong beyond one line

What comes of it, when all modules and so all variables are known:

    binding.py        a scope's lines as functions
    conditions.py, expansion.py, variables.py, maps.py, cookies.py
                      what they ask for and make
    engine.py         rules one after the other, over a State
    server.py         rules of a host, before a URL has led anywhere
    directory.py      rules of <Directory> and <Location>, afterwards
    answers.py        redirections, refusals, what is handed on to a proxy
    trace.py, guard.py
                      what the log is told

Where this differs from Apache, it is on the safe side:

- What a client has encoded as %3F stays part of the path, and begins no query (UnsafeAllow3F: it does).
- A substitution is a path of the file system only if it begins with %{DOCUMENT_ROOT}, or its first segment stands in
  the rule, and was there when a worker first saw it; not if a request chooses it (UnsafePrefixStat: it may). All others
  are below DocumentRoot.
- "." and ".." are resolved in what rules make, and nothing climbs above the root: 400.
- Redirections to a path stay paths: the name in them is not taken from the client. Control characters are always
  encoded, with NE, too, and in queries, where Apache answers 500.
- In a query, $1 keeps its percent signs as %25, and %{QUERY_STRING} is not encoded a second time.
- In a directory without RewriteBase, the base is what the request's own URL has before the rest, for R as well.
- N begins 1000 rounds at most, or as many as it says; a URL of more than 64 KB ends the matter, too: 500.
- $2 where there is no second group, a condition without a rule, and OR without another condition are mistakes.
- Rules of a directory need no Options FollowSymLinks, since nobody but the administrator writes any. In <Location> they
  see what follows its path. Where DocumentRoot is missing, every substitution is a URL (PT).
- When a request goes on to another URL, variables keep their names; with REDIRECT_ before them they are there, too.
"""
