"""The configuration language: text in, one immutable tree out. Knows no module by name."""
