"""Text from certificates, made fit for a terminal."""


def printable(text: str) -> str:
    """The text with whatever does not print (control characters, escapes, ...) as \\xHH per UTF-8 byte."""
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    return "".join(f"\\x{byte:02X}" for byte in character.encode(errors="surrogatepass"))


def colons(digest: bytes) -> str:
    """Bytes as fingerprints are written: AB:CD:..."""
    return digest.hex(":").upper()
