"""SetEnvIf and BrowserMatch: variables by what a request is like (mod_setenvif)."""
