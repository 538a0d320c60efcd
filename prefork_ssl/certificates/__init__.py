"""prefork-ssl-cert: keys, requests, certificates, an own CA and everything around them, each one command.

From the bottom up; no shelf knows those below it in this list:

    errors.py text.py   one-line errors, and text made fit for a terminal
    naming/             subjects, hosts and mailboxes, OpenSSL's canonical names, name constraints
    keys.py             key pairs
    terminal/           pass phrases and questions to a person
    storage/            files: atomic writing, PEM, DER and PKCS#12, directories with hashed links
    issuing/            certificates, requests, the own CA, its index and its revocation lists
    showing/            facts and problems of files, servers and configurations
    acme_client/        certificates from an ACME CA
    commands/           one file for each command: its options and what it does
    cli.py              the program: all commands, errors turned into exit 1
"""
