"""Who may enter by rule: SSLRequire and SSLRequireSSL, names taken from certificates, and SSLOptions."""
