"""The commands: one file per family, each with its options and what they do."""
