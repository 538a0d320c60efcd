"""Which entries of a folder a client gets to see: those that it may ask for."""

from __future__ import annotations

from prefork_ssl.config.directives import Settings
from prefork_ssl.kernel.http.redirects import quote_path
from prefork_ssl.kernel.request import Request
from prefork_ssl.modules.autoindex.reading import Entry


class Admission:
    """Whether the client that asks for a folder, whose path ends with a slash, is admitted to an entry of it.

    That is found out once for each set of rules that entries have: a folder of thousands costs few questions, and few
    lines in the log. Where the rules are the folder's own, the answer is known.
    """

    def __init__(self, request: Request, folder: str) -> None:
        """`folder` is the file name, with a slash at its end."""
        self._request = request
        self._folder = folder
        self._verdicts: dict[Settings, bool] = {request.settings: True}

    def __call__(self, entry: Entry) -> bool:
        name = f"{entry.name}/" if entry.is_folder else entry.name
        site, path = self._request.site, f"{self._request.path}{name}"
        rules = site.rules_of(path, f"{self._folder}{name}")
        verdict = self._verdicts.get(rules)
        if verdict is None:
            verdict = self._verdicts[rules] = site.admits_target(self._request, quote_path(path))
        return verdict


def everything(_entry: Entry) -> bool:
    """IndexOptions ShowForbidden: what clients may not ask for is shown, too."""
    return True
