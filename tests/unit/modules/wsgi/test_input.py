"""wsgi.input on bodies that arrive in pieces, or do not."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefork_ssl.kernel.request import BodyError
from prefork_ssl.modules.wsgi.gateway.input import BodyFile, InputLost


class Arriving:
    """The body of a request, as the kernel has it: at most one piece at a time; an exception is raised at its end."""

    def __init__(self, *pieces: bytes | BodyError) -> None:
        self.pieces = list(pieces)

    def read(self, size: int) -> bytes:
        if not self.pieces:
            return b""
        if isinstance(self.pieces[0], BodyError):
            raise self.pieces[0]
        data, rest = self.pieces[0][:size], self.pieces[0][size:]
        self.pieces[:1] = [rest] if rest else []
        return data


def opened(*pieces: bytes | BodyError) -> tuple[BodyFile, io.BufferedReader]:
    raw = BodyFile(Arriving(*pieces).read)
    return raw, io.BufferedReader(raw, 64)


@settings(deadline=None)
@given(
    st.lists(st.binary(min_size=1, max_size=90), max_size=8),
    st.lists(st.tuples(st.sampled_from(["read", "readline", "read1"]), st.integers(0, 200)), max_size=12),
)
def test_it_reads_as_any_file_does(pieces: list[bytes], calls: list[tuple[str, int]]) -> None:
    data = b"".join(pieces)
    _, file = opened(*pieces)
    other = io.BytesIO(data)
    for name, size in calls:
        found = getattr(file, name)(size)
        if name == "read1":  # may give less
            assert other.read(len(found)) == found
        else:
            assert found == getattr(other, name)(size)
    assert file.read() == other.read()
    assert file.read() == b""
    assert file.readlines() == []


def test_what_is_wrong_is_kept() -> None:
    broken = BodyError(413, "The request body is too long.")
    raw, file = opened(b"abc", broken)
    with pytest.raises(InputLost, match="too long"):
        file.read()
    assert raw.error is broken


def test_nothing_comes_after_the_end() -> None:
    raw, file = opened(b"a" * 100, b"the next request")
    assert file.read(2) == b"aa"
    raw.end()
    assert file.read() == b"a" * 62  # what is buffered is its own
    assert file.read() == b""
