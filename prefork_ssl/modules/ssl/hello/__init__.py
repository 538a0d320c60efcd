"""What a client says first: its ClientHello, or something else."""
