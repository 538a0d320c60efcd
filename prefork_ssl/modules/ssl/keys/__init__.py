"""The pool of key material that the master owns: read and decrypted once, kept over every reload."""
