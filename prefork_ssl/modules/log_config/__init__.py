"""Access logs: LogFormat and CustomLog, with Apache's % directives (Apache's mod_log_config)."""
