"""Options Indexes: a page that lists a folder which has no index file, as Apache's mod_autoindex.

Listed is what the folder holds, without hidden files, what IndexIgnore names, and symbolic links that Options do not
allow to follow. Whether the client may open an entry is not asked: a name that `Require` keeps from him is seen all the
same, and opening it is refused.
"""
