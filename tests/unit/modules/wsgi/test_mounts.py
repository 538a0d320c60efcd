"""Which mount a path belongs to."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefork_ssl.config.errors import Origin
from prefork_ssl.modules.wsgi.applications.source import Reference
from prefork_ssl.modules.wsgi.mounts import Mount, MountTable

SOURCE = Reference("a", "b", False)


def table(*prefixes: str) -> MountTable:
    return MountTable({prefix: Mount(prefix, SOURCE, Origin("conf", 1)) for prefix in prefixes})


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("/", None),
        ("/app", "/app"),
        ("/app/", "/app"),
        ("/application", None),
        ("/app/in", "/app/in"),
        ("/app/inner", "/app"),
        ("/app/in/x", "/app/in"),
        ("/App", None),
    ],
)
def test_examples(path: str, prefix: str | None) -> None:
    found = table("/app", "/app/in").find(path)
    assert (found and found.prefix) == prefix


SEGMENTS = st.lists(st.sampled_from(["a", "b", "ab", "c"]), max_size=4)


@settings(deadline=None)
@given(st.sets(SEGMENTS.map(tuple), max_size=6), SEGMENTS, st.booleans())
def test_it_is_the_one_with_most_segments(mounts: set[tuple[str, ...]], path: list[str], slash: bool) -> None:
    def written(segments) -> str:
        return "".join(f"/{segment}" for segment in segments)

    found = table(*map(written, mounts)).find(written(path) + "/" * slash or "/")
    fitting = [mount for mount in mounts if tuple(path[: len(mount)]) == mount]
    expected = written(max(fitting, key=len)) if fitting else None
    assert (found.prefix if found else None) == expected
