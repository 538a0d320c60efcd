"""The language in which administrators say who may enter: SSLRequire, and Require expr (Apache's ap_expr).

    text -> parsing.parse -> Expression -> compiling.compile_expression -> Condition, a function of the request

An expression is parsed while the configuration is read, so that what is wrong with it is shown in its place. When all
modules are known, its variables are looked up and it becomes nested functions, one for each operator: a request looks
at no tree.

    grammar.lark    how expressions are written
    dialect.py      what a comparison, a test, a list means, which differs between SSLRequire and Require expr
    ap_expr.py      the dialect of Require expr
    functions.py    tolower(...), file(...), %{base64:...}
    files.py        what can be asked about files
    groups.py       $1, what a part of a regular expression has matched
"""
