"""The dialect of SSLRequire: the language of kernel/expression, with comparisons and lists of its own."""
