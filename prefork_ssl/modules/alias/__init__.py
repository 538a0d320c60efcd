"""Alias and Redirect: URL paths that lead outside DocumentRoot, or to another URL (Apache's mod_alias)."""
