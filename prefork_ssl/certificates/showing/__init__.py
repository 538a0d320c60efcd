"""What a person wants to know of certificates, servers and configurations."""
