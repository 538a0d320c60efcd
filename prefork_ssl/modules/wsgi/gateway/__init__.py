"""PEP 3333: what an application is given, and what it may give back."""
