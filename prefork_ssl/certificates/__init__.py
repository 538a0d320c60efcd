"""prefork-ssl-cert: keys, requests, certificates, an own CA and everything around them, each one command.

The rooms, from the bottom up:

    errors.py files.py passphrases.py          one-line errors, atomic writing, secrets never from argv
    names.py keys.py profiles.py issue.py      subjects, key pairs, purposes, making a certificate
    commands/                                  one file per family of commands: its options and what it does
    cli.py                                     the program: all commands, errors turned into exit 1
"""
