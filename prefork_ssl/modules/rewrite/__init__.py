"""rewrite_module: URLs changed by rules (Apache's mod_rewrite).

directives.py     what can be written
scope.py          what is written in one scope, and what of the outer ones holds there
condition_line.py, rule_line.py, flags.py, template.py
                  the lines, taken apart while the configuration is read
binding.py        a scope's lines as functions, when all modules and so all variables are known
conditions.py, expansion.py, variables.py, maps.py
                  what they ask for
engine.py         rules one after the other, over a State
server.py         rules of a host, before a URL has led anywhere
directory.py      rules of <Directory> and <Location>, afterwards
answers.py        redirections, refusals, cookies
"""
