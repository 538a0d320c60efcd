"""The file handler, on a real tree of files and links."""

from __future__ import annotations

import email
import gzip
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from unit.modules.asking import body_of, new_generation, new_request

from prefork_ssl.config.directives import Directive, Settings
from prefork_ssl.kernel.directives import DOCUMENT_ROOT, LOG_LEVEL, OPTIONS
from prefork_ssl.kernel.files.options import Options
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.request import Elsewhere, FileBody, Response
from prefork_ssl.modules.files.directives import ADD_TYPE, DIRECTORY_INDEX
from prefork_ssl.modules.files.module import module

CONTENTS = bytes(range(256)) * 20
OLD = 1_700_000_000  # Tue, 14 Nov 2023 22:13:20 GMT
OLD_DATE = "Tue, 14 Nov 2023 22:13:20 GMT"

FOLLOW = Options(plus=frozenset({"followsymlinks"}))
IF_OWNER_MATCHES = Options(plus=frozenset({"symlinksifownermatch"}))


def put(path: Path, data: bytes, modified: float = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (modified, modified))
    return path


@dataclass
class Site:
    """A folder of files and what answers for them. `values` are the settings of the one host."""

    root: Path
    values: dict[Directive[Any], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values[DOCUMENT_ROOT] = self.root / "htdocs"
        self.values[LOG_LEVEL] = {"": Level.INFO}

    def ask(self, target: str, **details: str) -> Response:
        generation = new_generation(self.root, self.values)
        assert module.hooks.prepare
        module.hooks.prepare(generation)
        host = generation.configuration.server
        assert module.hooks.translate
        assert module.hooks.handler
        translate = module.hooks.translate(generation, host)
        handle = module.hooks.handler(generation, host, host.settings)
        assert translate
        assert handle
        request = new_request(generation, target, **details)
        assert translate(request) is None
        response = handle(request)
        if isinstance(response, Elsewhere):
            request.move(response.path)
            assert translate(request) is None
            response = handle(request)
        generation.logs.close()
        assert response is not None
        return response

    @property
    def log(self) -> str:
        return (self.root / "logs/error_log").read_text("ascii")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    put(tmp_path / "htdocs/file.html", CONTENTS)
    return Site(tmp_path)


@pytest.fixture(autouse=True)
def _no_descriptor_is_left_open() -> Iterator[None]:
    def links() -> set[str]:
        found = set()
        for name in Path("/proc/self/fd").iterdir():
            try:
                found.add(str(name.readlink()))
            except FileNotFoundError:
                continue
        return {link for link in found if "/htdocs" in link}

    yield
    assert links() == set()


def headers_of(response: Response) -> dict[str, str]:
    assert len({name for name, _ in response.headers}) == len(response.headers)
    return dict(response.headers)


class TestWhole:
    def test_a_file(self, site: Site) -> None:
        response = site.ask("/file.html")
        headers = headers_of(response)
        assert response.status == 200
        assert body_of(response) == CONTENTS
        assert headers["Content-Type"] == "text/html"
        assert headers["Last-Modified"] == OLD_DATE
        assert headers["ETag"].startswith('"')
        assert headers["Accept-Ranges"] == "bytes"
        assert "Vary" not in headers

    def test_head(self, site: Site) -> None:
        get, head = site.ask("/file.html"), site.ask("/file.html", method="HEAD")
        assert head.status == 200
        assert head.headers == get.headers
        assert head.length == get.length == len(CONTENTS)
        assert not head.body

    def test_an_empty_file(self, site: Site) -> None:
        put(site.root / "htdocs/empty", b"")
        response = site.ask("/empty", range="bytes=0-10")
        assert (response.status, body_of(response), response.length) == (200, b"", 0)

    def test_a_large_file_is_not_read_into_memory(self, site: Site) -> None:
        put(site.root / "htdocs/large", b"x" * 1_000_000)
        response = site.ask("/large")
        assert isinstance(response.body, FileBody)
        assert body_of(response) == b"x" * 1_000_000

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE", "PROPFIND"])
    def test_other_methods(self, site: Site, method: str) -> None:
        response = site.ask("/file.html", method=method)
        assert response.status == 405
        assert headers_of(response)["Allow"] == "GET, HEAD, OPTIONS"

    def test_options(self, site: Site) -> None:
        response = site.ask("/file.html", method="OPTIONS")
        assert (response.status, body_of(response)) == (200, b"")
        assert headers_of(response)["Allow"] == "GET, HEAD, OPTIONS"

    def test_another_handler_is_left_alone(self, site: Site) -> None:
        generation = new_generation(site.root, site.values)
        assert module.hooks.prepare
        module.hooks.prepare(generation)
        host = generation.configuration.server
        assert module.hooks.handler
        handle = module.hooks.handler(generation, host, host.settings)
        assert handle
        request = new_request(generation, "/file.html")
        request.filename = str(site.root / "htdocs/file.html")
        request.handler = "welcome"
        assert handle(request) is None
        request.handler = "default-handler"
        response = handle(request)
        assert response
        assert body_of(response) == CONTENTS

    def test_a_file_from_the_future_is_of_now(self, site: Site) -> None:
        put(site.root / "htdocs/future", b"x", 2**40)
        headers = headers_of(site.ask("/future"))
        assert headers["ETag"].startswith("W/")
        assert "20" in headers["Last-Modified"]


class TestMissing:
    @pytest.mark.parametrize(
        "path",
        ["/none", "/none/", "/file.html/", "/file.html/more", "/" + "n" * 300, "/" + "a/" * 3000, "/\udcff"],
    )
    def test_not_found(self, site: Site, path: str) -> None:
        assert site.ask(path).status == 404
        assert site.log == "" or "file does not exist" in site.log

    def test_a_name_that_no_file_can_have(self, site: Site) -> None:
        assert site.ask("/a\0b").status == 404
        assert site.ask("/\ud800").status == 404

    @pytest.mark.parametrize("options", [Options(), FOLLOW, IF_OWNER_MATCHES])
    def test_what_is_no_file_is_forbidden_and_never_blocks(self, site: Site, options: Options) -> None:
        site.values[OPTIONS] = options
        os.mkfifo(site.root / "htdocs/pipe")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(site.root / "htdocs/socket"))
        listener.close()
        assert site.ask("/pipe").status == 403
        assert site.ask("/socket").status == 403

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_unreadable(self, site: Site) -> None:
        (site.root / "htdocs/file.html").chmod(0)
        assert site.ask("/file.html").status == 403
        assert "Permission denied" in site.log

    def test_the_log_cannot_be_forged(self, site: Site) -> None:
        site.ask("/x%0a", path="/x\n[core:emerg] burning")
        (line,) = site.log.splitlines()
        assert r"/x\n[core:emerg]" in line
        assert "[client 192.0.2.7:40000]" in line


class TestDirectories:
    def test_the_slash_is_added(self, site: Site) -> None:
        put(site.root / "htdocs/a b/index.html", b"index")
        response = site.ask("/a%20b?x=%0a&y", path="/a b")
        assert response.status == 301
        assert headers_of(response)["Location"] == "/a%20b/?x=%0a&y"

    @pytest.mark.parametrize("path", ["/\\evil.example", "/x\r\nSet-Cookie: a", "/\udcff\u00e9"])
    def test_the_redirect_stays_here(self, site: Site, path: str) -> None:
        (site.root / "htdocs" / path[1:]).mkdir()
        location = headers_of(site.ask("/x", path=path))["Location"]
        assert location.isascii()
        assert location.startswith(("/%5C", "/x%0D%0ASet", "/%FF%C3%A9/"))

    def test_the_first_index_file_that_exists(self, site: Site) -> None:
        site.values[DIRECTORY_INDEX] = ("index.html", "index.txt", "sub/index.html")
        put(site.root / "htdocs/d/sub/index.html", b"third")
        assert body_of(site.ask("/d/")) == b"third"
        put(site.root / "htdocs/d/index.txt", b"second")
        response = site.ask("/d/")
        assert body_of(response) == b"second"
        assert headers_of(response)["Content-Type"] == "text/plain"

    def test_at_the_root(self, site: Site) -> None:
        put(site.root / "htdocs/index.html", b"home")
        assert body_of(site.ask("/")) == b"home"

    @pytest.mark.parametrize("options", [Options(), FOLLOW, IF_OWNER_MATCHES])
    def test_without_index_there_is_no_listing(self, site: Site, options: Options) -> None:
        site.values[OPTIONS] = options
        put(site.root / "htdocs/d/file", b"")
        assert site.ask("/d/").status == 403
        assert site.ask("/").status == 403
        assert "no index file (index.html)" in site.log

    def test_an_index_that_is_a_directory(self, site: Site) -> None:
        (site.root / "htdocs/d/index.html").mkdir(parents=True)
        assert site.ask("/d/").status == 403


class TestTypes:
    def test_only_the_last_extension_counts(self, site: Site) -> None:
        put(site.root / "htdocs/page.html.unknown", b"")
        put(site.root / "htdocs/html", b"")
        put(site.root / "htdocs/dir.html/file", b"")
        for path in ("/page.html.unknown", "/html", "/dir.html/file"):
            assert "Content-Type" not in headers_of(site.ask(path))

    def test_add_type_wins(self, site: Site) -> None:
        site.values[ADD_TYPE] = {"html": "application/xhtml+xml"}
        assert headers_of(site.ask("/file.html"))["Content-Type"] == "application/xhtml+xml"


class TestCompressed:
    @pytest.fixture(autouse=True)
    def _sibling(self, site: Site) -> None:
        put(site.root / "htdocs/file.html.gz", gzip.compress(CONTENTS))

    def test_for_those_who_take_it(self, site: Site) -> None:
        plain, packed = site.ask("/file.html"), site.ask("/file.html", accept_encoding="br, gzip")
        assert gzip.decompress(body_of(packed)) == body_of(plain) == CONTENTS
        assert headers_of(packed)["Content-Encoding"] == "gzip"
        assert headers_of(packed)["Content-Type"] == headers_of(plain)["Content-Type"] == "text/html"
        assert headers_of(packed)["Vary"] == headers_of(plain)["Vary"] == "Accept-Encoding"
        assert headers_of(packed)["ETag"] != headers_of(plain)["ETag"]
        assert "Content-Encoding" not in headers_of(plain)

    def test_each_is_validated_by_its_own_tag(self, site: Site) -> None:
        tag = headers_of(site.ask("/file.html"))["ETag"]
        assert site.ask("/file.html", if_none_match=tag).status == 304
        packed = site.ask("/file.html", if_none_match=tag, accept_encoding="gzip")
        assert packed.status == 200
        body_of(packed)

    def test_not_when_it_is_older(self, site: Site) -> None:
        put(site.root / "htdocs/file.html", b"newer", OLD + 1)
        response = site.ask("/file.html", accept_encoding="gzip")
        assert body_of(response) == b"newer"
        assert "Vary" not in headers_of(response)

    def test_not_through_a_link(self, site: Site) -> None:
        (site.root / "htdocs/file.html.gz").unlink()
        (site.root / "htdocs/file.html.gz").symlink_to(put(site.root / "secret", b"secret"))
        assert body_of(site.ask("/file.html", accept_encoding="gzip")) == CONTENTS

    def test_asked_for_itself(self, site: Site) -> None:
        response = site.ask("/file.html.gz", accept_encoding="gzip")
        assert gzip.decompress(body_of(response)) == CONTENTS
        assert "Content-Encoding" not in headers_of(response)

    def test_a_range_of_it(self, site: Site) -> None:
        response = site.ask("/file.html", accept_encoding="gzip", range="bytes=0-1")
        assert body_of(response) == b"\x1f\x8b"
        assert headers_of(response)["Content-Encoding"] == "gzip"

    def test_of_an_index_file(self, site: Site) -> None:
        site.values[DIRECTORY_INDEX] = ("file.html",)
        assert gzip.decompress(body_of(site.ask("/", accept_encoding="gzip"))) == CONTENTS


class TestConditions:
    def tag(self, site: Site) -> str:
        return headers_of(site.ask("/file.html"))["ETag"]

    def ask(self, site: Site, **fields: str) -> int:
        tag = self.tag(site)
        response = site.ask(
            "/file.html", **{name: value.replace("TAG", tag) for name, value in fields.items()}
        )
        if response.status == 304:
            assert headers_of(response) == {"ETag": tag}
            assert not response.body
        elif response.status == 200:
            assert body_of(response) == CONTENTS
        return response.status

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ({"if_none_match": "TAG"}, 304),
            ({"if_none_match": "W/TAG"}, 304),
            ({"if_none_match": '"a,b", W/"c" , TAG'}, 304),
            ({"if_none_match": "*"}, 304),
            ({"if_none_match": '"other"'}, 200),
            ({"if_none_match": "nonsense"}, 200),
            ({"if_none_match": '"other"', "if_modified_since": OLD_DATE}, 200),
            ({"if_modified_since": OLD_DATE}, 304),
            ({"if_modified_since": "Tuesday, 14-Nov-23 22:13:20 GMT"}, 304),
            ({"if_modified_since": "Tue Nov 14 22:13:20 2023"}, 304),
            ({"if_modified_since": "Tue, 14 Nov 2023 22:13:19 GMT"}, 200),
            ({"if_modified_since": "Tue, 14 Nov 2023 22:13:20 +0000"}, 200),
            ({"if_modified_since": "yesterday"}, 200),
            ({"if_match": "TAG"}, 200),
            ({"if_match": "*"}, 200),
            ({"if_match": "W/TAG"}, 412),
            ({"if_match": '"other"'}, 412),
            ({"if_match": '"other"', "if_none_match": "TAG"}, 412),
            ({"if_match": "TAG", "if_none_match": "TAG"}, 304),
            ({"if_unmodified_since": OLD_DATE}, 200),
            ({"if_unmodified_since": "Tue, 14 Nov 2023 22:13:19 GMT"}, 412),
            ({"if_unmodified_since": "nonsense"}, 200),
            ({"if_match": "TAG", "if_unmodified_since": "Tue, 14 Nov 2023 22:13:19 GMT"}, 200),
        ],
    )
    def test_in_the_order_of_the_rfc(self, site: Site, fields: dict[str, str], status: int) -> None:
        assert self.ask(site, **fields) == status

    def test_a_file_just_written_has_a_weak_tag(self, site: Site) -> None:
        (site.root / "htdocs/file.html").write_bytes(CONTENTS)
        tag = self.tag(site)
        assert tag.startswith("W/")
        assert self.ask(site, if_none_match=tag) == 304
        assert self.ask(site, if_match=tag) == 412
        assert self.ask(site, range="bytes=0-1", if_range=tag) == 200

    def test_any_change_changes_the_tag(self, site: Site) -> None:
        tags = {self.tag(site)}
        put(site.root / "htdocs/file.html", CONTENTS, OLD + 0.25)
        tags.add(self.tag(site))
        put(site.root / "htdocs/file.html", CONTENTS + b"x", OLD + 0.25)
        tags.add(self.tag(site))
        other = put(site.root / "htdocs/other", CONTENTS + b"y", OLD + 0.25)
        other.rename(site.root / "htdocs/file.html")
        tags.add(self.tag(site))
        assert len(tags) == 4


class TestRanges:
    @pytest.mark.parametrize(
        ("field", "start", "end"),
        [
            ("bytes=0-0", 0, 1),
            ("bytes=10-19", 10, 20),
            ("bytes=5000-", 5000, 5120),
            ("bytes=-20", 5100, 5120),
            ("bytes=-99999", 0, 5120),
            ("bytes=5119-9999999999999999999", 5119, 5120),
            ("BYTES = 1-2", 1, 3),
            ("bytes=0-10,11-20,5-8", 0, 21),
            ("bytes=0-10, 60-70", 0, 71),
            ("bytes=99999-,3-4", 3, 5),
            ("bytes=,, 3-4 ,", 3, 5),
        ],
    )
    def test_single(self, site: Site, field: str, start: int, end: int) -> None:
        response = site.ask("/file.html", range=field)
        assert response.status == 206
        assert headers_of(response)["Content-Range"] == f"bytes {start}-{end - 1}/5120"
        assert body_of(response) == CONTENTS[start:end]

    @pytest.mark.parametrize(
        "field",
        ["bytes=2-1", "bytes=", "bytes", "bytes=a-b", "bytes=1", "bytes=--1", "bytes=1-2,x", "lines=1-2"],
    )
    def test_what_is_no_range_gets_the_whole(self, site: Site, field: str) -> None:
        response = site.ask("/file.html", range=field)
        assert response.status == 200
        assert body_of(response) == CONTENTS

    @pytest.mark.parametrize("field", ["bytes=5120-", "bytes=-0", "bytes=6000-7000,8000-"])
    def test_unsatisfiable(self, site: Site, field: str) -> None:
        response = site.ask("/file.html", range=field)
        assert response.status == 416
        assert headers_of(response) == {"Content-Range": "bytes */5120"}

    def test_several_in_the_order_asked_for(self, site: Site) -> None:
        response = site.ask("/file.html", range="bytes=4000-4009,0-4,-10")
        assert response.status == 206
        kind = headers_of(response)["Content-Type"]
        message = email.message_from_bytes(f"Content-Type: {kind}\n\n".encode() + body_of(response))
        parts = message.get_payload()
        assert isinstance(parts, list)
        assert [part["Content-Range"] for part in parts] == [
            "bytes 4000-4009/5120",
            "bytes 0-4/5120",
            "bytes 5110-5119/5120",
        ]
        assert {part["Content-Type"] for part in parts} == {"text/html"}
        assert parts[0].get_payload(decode=True) == CONTENTS[4000:4010]

    def test_too_many_get_the_whole(self, site: Site) -> None:
        field = "bytes=" + ",".join(f"{start}-{start}" for start in range(0, 5000, 20))
        assert body_of(site.ask("/file.html", range=field)) == CONTENTS

    def test_overlapping_ones_never_make_more_than_the_file(self, site: Site) -> None:
        response = site.ask("/file.html", range="bytes=" + ",".join(["0-"] * 200))
        assert body_of(response) == CONTENTS

    def test_head_has_none(self, site: Site) -> None:
        response = site.ask("/file.html", method="HEAD", range="bytes=0-1")
        assert (response.status, response.length) == (200, 5120)

    @pytest.mark.parametrize(
        ("condition", "status"),
        [
            ("TAG", 206),
            ("W/TAG", 200),
            ('"other"', 200),
            (OLD_DATE, 206),
            ("Tue, 14 Nov 2023 22:13:21 GMT", 200),
        ],
    )
    def test_if_range(self, site: Site, condition: str, status: int) -> None:
        condition = condition.replace("TAG", headers_of(site.ask("/file.html"))["ETag"])
        response = site.ask("/file.html", range="bytes=0-1", if_range=condition)
        assert response.status == status
        body_of(response)

    def test_a_part_of_a_large_file(self, site: Site) -> None:
        put(site.root / "htdocs/large", b"x" * 500_000 + b"y" * 500_000)
        response = site.ask("/large", range="bytes=400000-599999")
        assert isinstance(response.body, FileBody)
        assert body_of(response) == b"x" * 100_000 + b"y" * 100_000

    def test_a_file_cut_short_while_its_parts_are_sent(self, site: Site) -> None:
        put(site.root / "htdocs/large", b"x" * 500_000)
        response = site.ask("/large", range="bytes=0-1,400000-400001")
        os.truncate(site.root / "htdocs/large", 3)
        with pytest.raises(EOFError):
            b"".join(response.body)  # type: ignore[arg-type]
        response.body.close()  # type: ignore[union-attr]


class TestLinks:
    @pytest.fixture
    def links(self, site: Site) -> Callable[[Options], dict[str, int]]:
        docs = site.root / "htdocs"
        put(site.root / "outside/secret.html", b"secret")
        (docs / "to-file.html").symlink_to("file.html")
        (docs / "to-outside.html").symlink_to(site.root / "outside/secret.html")
        (docs / "to-folder").symlink_to(site.root / "outside")
        (docs / "loop").symlink_to("loop")
        (docs / "dangling").symlink_to("nothing")

        def statuses(options: Options) -> dict[str, int]:
            site.values[OPTIONS] = options
            paths = [
                "/to-file.html",
                "/to-outside.html",
                "/to-folder/secret.html",
                "/to-folder",
                "/to-folder/",
            ]
            found = {}
            for path in [*paths, "/loop", "/loop/x", "/dangling"]:
                response = site.ask(path)
                body_of(response)
                found[path] = response.status
            return found

        return statuses

    def test_none_is_followed_without_options(
        self, links: Callable[[Options], dict[str, int]], site: Site
    ) -> None:
        assert set(links(Options()).values()) == {403}
        assert "symbolic link not allowed" in site.log

    def test_all_are_followed_with_follow_sym_links(self, links: Callable[[Options], dict[str, int]]) -> None:
        assert links(FOLLOW) == {
            "/to-file.html": 200,
            "/to-outside.html": 200,
            "/to-folder/secret.html": 200,
            "/to-folder": 301,
            "/to-folder/": 403,
            "/loop": 403,
            "/loop/x": 403,
            "/dangling": 404,
        }

    def test_if_the_owner_matches(self, links: Callable[[Options], dict[str, int]]) -> None:
        expected = links(FOLLOW)
        assert links(IF_OWNER_MATCHES) == expected

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
    def test_if_the_owner_does_not_match(
        self, links: Callable[[Options], dict[str, int]], site: Site
    ) -> None:
        os.chown(site.root / "outside", 65534, -1)
        os.chown(site.root / "outside/secret.html", 65534, -1)
        found = links(IF_OWNER_MATCHES)
        assert found["/to-file.html"] == 200
        for path in ("/to-outside.html", "/to-folder", "/to-folder/", "/to-folder/secret.html"):
            assert found[path] == 403

    def test_document_root_may_be_a_link(self, site: Site) -> None:
        (site.root / "current").symlink_to("htdocs")
        site.values[DOCUMENT_ROOT] = site.root / "current"
        assert body_of(site.ask("/file.html")) == CONTENTS

    @pytest.mark.parametrize("options", [Options(), FOLLOW, IF_OWNER_MATCHES])
    def test_dots_are_refused_even_if_they_come_through(self, site: Site, options: Options) -> None:
        site.values[OPTIONS] = options
        put(site.root / "secret.html", b"secret")
        (site.root / "htdocs/d").mkdir()
        for path in ("/../secret.html", "/d/../../secret.html", "/d/..", "/d/../file.html"):
            assert site.ask(path).status == 404


def test_settings_of_two_lines_and_scopes() -> None:
    outer = Settings({OPTIONS: FOLLOW})
    inner = Settings(
        {OPTIONS: Options(False, frozenset({"symlinksifownermatch"}), frozenset({"followsymlinks"}))}
    )
    assert inner.inside(outer)[OPTIONS].symlinks.name == "IF_OWNER_MATCHES"
    assert Settings({OPTIONS: Options()}).inside(outer)[OPTIONS].symlinks.name == "NONE"
