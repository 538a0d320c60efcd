"""The index of issued certificates: written and read again, and locked while it changes."""

import datetime
import re
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.issuing import index
from prefork_ssl.certificates.storage import files

# OpenSSL's two digits of a year reach from 1950 to 2049 (RFC 5280 4.1.2.5.1); what was issued is younger than 1970.
TIMES = st.datetimes(
    datetime.datetime(1970, 1, 1), datetime.datetime(9999, 12, 31), timezones=st.just(datetime.UTC)
).map(lambda time: time.replace(microsecond=0))
REVOCATIONS = st.builds(index.Revocation, TIMES, st.sampled_from(sorted(index.REASONS)))
ENTRIES = st.builds(
    index.Entry,
    st.integers(0, 2**159),
    TIMES,
    st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" ")),
    st.none() | REVOCATIONS,
)


@given(st.lists(ENTRIES, max_size=5))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, entries: list[index.Entry]
) -> None:
    ca = tmp_path_factory.mktemp("index") / "ca.crt"
    ca.touch()
    files.publish(index.Index(entries).output(index.path_beside(ca)))
    with index.locked(ca) as found:
        assert found.entries == entries


LINE = b"V\t301231235959Z\t\t0A\tunknown\t/CN=\xff\n"


def test_a_subject_that_is_no_utf_8_is_kept(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").touch()
    (tmp_path / "ca.crt.index").write_bytes(LINE)
    with index.locked(tmp_path / "ca.crt") as found:
        assert found.output(tmp_path / "ca.crt.index").data == LINE


@given(st.lists(st.sampled_from(["V", "R", "", "x", "\t", "\n", "30", ",", "0A", "\udcff"])))
def test_a_line_that_is_none_is_named(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    ca = tmp_path_factory.mktemp("index") / "ca.crt"
    ca.touch()
    text = LINE + "".join(parts).encode(errors="surrogateescape")
    index.path_beside(ca).write_bytes(text)
    expected = nullcontext() if text.count(b"\n") == 1 and text.endswith(b"\n") else _refusal(ca)
    with expected, index.locked(ca):
        pass


def _refusal(ca: Path) -> AbstractContextManager[object]:
    place = re.escape(f"{index.path_beside(ca)}:")
    return pytest.raises(CertificateError, match=rf"^{place}\d+: this is no line of a CA's index$")


def test_one_at_a_time(tmp_path: Path) -> None:
    ca = tmp_path / "ca.crt"
    ca.touch()
    entered = threading.Event()

    def other() -> None:
        with index.locked(ca):
            entered.set()

    thread = threading.Thread(target=other)
    with index.locked(ca):
        thread.start()
        assert not entered.wait(0.2)
    assert entered.wait(10)
    thread.join()
