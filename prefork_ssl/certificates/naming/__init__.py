"""Whom certificates name: subjects, hosts and mailboxes, and what a CA may certify of them."""
