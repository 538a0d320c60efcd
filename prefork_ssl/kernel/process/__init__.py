"""The processes of a server: a master that binds, forks, supervises and reloads; workers that accept."""
