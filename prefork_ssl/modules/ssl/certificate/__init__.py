"""What a certificate says, and whether it can do what it is configured for."""
