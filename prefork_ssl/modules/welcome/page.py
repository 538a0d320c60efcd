"""The page itself: one small document without anything from elsewhere, light or dark as the reader likes it."""

from __future__ import annotations

import html
from collections.abc import Sequence

# What the page may load: its own style and its empty icon, nothing else.
CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5b6b7c; --paper: #f4f6f8; --card: #fff; --line: #dde3ea;
  --good: #14794a; --plain: #a15c00 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf2; --soft: #9aa9b8; --paper: #12181f; --card: #1b232c;
  --line: #2c3844; --good: #4cc38a; --plain: #f0a94a } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.55 system-ui, sans-serif }
main { width: 100%; max-width: 36rem; padding: clamp(1.5rem, 6vw, 3rem); background: var(--card);
  border: 1px solid var(--line); border-radius: 1rem }
h1 { margin: 0 0 .25rem; font-size: clamp(1.8rem, 7vw, 2.5rem); line-height: 1.15 }
p { margin: .75rem 0 0 }
.badge { display: inline-block; margin-bottom: 1rem; padding: .15rem .75rem; border: 1px solid; border-radius: 1rem;
  font-size: .85rem; font-weight: 600 }
.secure { color: var(--good) } .plain { color: var(--plain) }
dl { margin: 1.5rem 0 0; border-top: 1px solid var(--line) }
dl div { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .6rem 0; border-bottom: 1px solid var(--line) }
dt { flex: 0 0 6rem; color: var(--soft) } dd { margin: 0; flex: 1 1 12rem; overflow-wrap: anywhere }
code { font: .9em ui-monospace, monospace; white-space: nowrap }
a { color: inherit; overflow-wrap: anywhere } small { color: var(--soft) }
"""

_HINT = (
    "<p><small>To serve a folder of yours, start the server with <code>-D DOCUMENT_ROOT=/path/to/folder</code>. "
    "What it does is written in <code>conf/prefork_ssl.conf</code>.</small></p>"
)


def secure_page(facts: Sequence[tuple[str, str]]) -> bytes:
    """The page for a TLS connection; `facts` are names and values, as plain text."""
    rows = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>\n" for name, value in facts
    )
    return _page('<span class="badge secure">encrypted</span>', f"<dl>\n{rows}</dl>")


def plain_page(secure_url: str) -> bytes:
    """The page for an unencrypted connection; `secure_url` ("" if there is none) leads to the same over TLS."""
    text = "<p>This connection is plain HTTP: whoever is on the way can read it.</p>"
    if secure_url:
        link = html.escape(secure_url)
        text += (
            f'\n<p>The same over TLS: <a href="{link}">{link}</a></p>'
            "\n<p><small>Browsers warn about a certificate that is signed by itself, as a test certificate is."
            "</small></p>"
        )
    return _page('<span class="badge plain">not encrypted</span>', text)


def _page(badge: str, text: str) -> bytes:
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>It works</title>
<link rel="icon" href="data:,">
<style>{_STYLE}</style>
</head>
<body>
<main>
{badge}
<h1>It works.</h1>
<p>prefork_ssl is running and answers requests.</p>
{text}
{_HINT}
</main>
</body>
</html>
""".encode()
