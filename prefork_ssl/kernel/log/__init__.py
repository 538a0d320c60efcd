"""Log files, and the error log."""
