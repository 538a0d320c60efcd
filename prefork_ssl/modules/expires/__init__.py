"""Expires and Cache-Control: how long responses may be kept, by their media type (Apache's mod_expires)."""
