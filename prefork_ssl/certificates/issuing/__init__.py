"""Making certificates, with a CA or without, and taking them back."""
