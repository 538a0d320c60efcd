"""What is asked of a person: pass phrases and subjects."""
