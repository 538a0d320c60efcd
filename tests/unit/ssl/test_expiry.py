"""Certificates that come to their end while the server runs."""

from __future__ import annotations

import time
from datetime import timedelta

from unit.ssl.issued import Issued
from unit.ssl.serving import prepare
from unit.ssl.tls_clients import ROOT, files, host

from prefork_ssl.modules.ssl.hosts.upkeep import maintain


def test_they_are_told_of_once_a_day(tmp_path, monkeypatch):
    soon = files(tmp_path, Issued("soon.test", ("soon.test",), ROOT, ends=timedelta(days=10, hours=1)))
    fine = files(tmp_path, Issued("fine.test", ("fine.test",), ROOT))
    text = (
        "SSLLog ssl_log\n" + host("soon.test", soon.lines) + host("fine.test", fine.lines, "SSLLog fine_log")
    )
    ready = prepare(tmp_path, text)
    started = time.monotonic()

    def told(log: str = "ssl_log") -> list[str]:
        return [line for line in (tmp_path / log).read_text().splitlines() if "[warn]" in line]

    assert len(told()) == 1
    for hours, count in ((1, 1), (23.9, 1), (24.1, 2), (25, 2), (48.2, 3)):
        monkeypatch.setattr(time, "monotonic", lambda hours=hours: started + hours * 3600)
        maintain(ready)
        assert len(told()) == count
    assert all(f"{soon.certificate}: the certificate expires in 10 days" in line for line in told())
    assert told("fine_log") == []
