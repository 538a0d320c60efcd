"""Files that change, and passwords that are known for a while."""

from __future__ import annotations

import time

import bcrypt
import pytest

from prefork_ssl.kernel.http.credentials import basic, parse_basic
from prefork_ssl.modules.auth_basic import passwords
from prefork_ssl.modules.auth_basic.changing_file import ChangingFile, entries
from prefork_ssl.modules.auth_basic.directives import AUTH_GROUP_FILE, AUTH_USER_FILE
from prefork_ssl.modules.auth_basic.hashes import is_hash, is_hash_of
from prefork_ssl.modules.auth_basic.passwords import Passwords, UnknownHash

SECRET = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
OTHER = "{SHA}0JWPMeSsg5vzKPP+e+uuDEhPCi8="


class Place:
    """What parsers know of the line."""

    def __init__(self, folder) -> None:
        self._folder = folder

    def path(self, text):
        return self._folder / text


# --- files ---


def test_lines_of_a_file():
    contents = b"# a: comment\n\na:1\r\n  b : 2 \nno colon\nc::3\n:4\n\xff:5\n\xc3\xbc:6"
    assert entries(contents) == [
        ("a", "1"),
        ("b ", " 2"),
        ("c", ":3"),
        ("", "4"),
        ("\udcff", "5"),
        ("ü", "6"),
    ]


def test_users_and_groups(tmp_path):
    (tmp_path / "users").write_text("joe:hash:Joe himself\njoe:later\nann:\n")
    assert AUTH_USER_FILE.arguments.parse(("users",), Place(tmp_path)).read() == {"joe": "later", "ann": ""}
    (tmp_path / "groups").write_text("a: joe ann\nb:\na:  eve\n")
    groups = AUTH_GROUP_FILE.arguments.parse(("groups",), Place(tmp_path)).read()
    assert groups == {"a": {"joe", "ann", "eve"}, "b": frozenset()}


def test_each_change_is_seen_however_soon_it_comes(tmp_path):
    file = ChangingFile(tmp_path / "file", bytes)
    for number in range(50):
        (tmp_path / "file").write_bytes(b"%02d" % number)
        assert file.read() == b"%02d" % number


def test_a_file_that_has_been_left_alone_is_not_read_again(tmp_path, monkeypatch):
    parsed = []
    file = ChangingFile(tmp_path / "file", lambda contents: parsed.append(contents) or contents)
    (tmp_path / "file").write_bytes(b"a")
    file.read()
    file.read()
    assert len(parsed) == 2  # it is too young
    later = time.time_ns() + 3_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: later)
    file.read()
    file.read()
    assert len(parsed) == 3
    (tmp_path / "other").write_bytes(b"b")
    (tmp_path / "other").replace(tmp_path / "file")
    assert file.read() == b"b"


def test_a_file_that_is_gone(tmp_path):
    file = ChangingFile(tmp_path / "file", bytes)
    with pytest.raises(FileNotFoundError):
        file.read()
    (tmp_path / "file").write_bytes(b"a")
    assert file.read() == b"a"
    (tmp_path / "file").unlink()
    with pytest.raises(FileNotFoundError):
        file.read()


# --- hashes ---


@pytest.mark.parametrize(
    "stored",
    [
        "xxj31ZMTZzkVA",
        "$1$OXLyS...$Owx8s2/m9/gfkcRVXzgoE/",
        "$apr1$qh4qL.YQ$0JaFY9mnLBWbqKY34pEYs0",
        "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "$2y$04$u9ZWjcBKfAzKrXPqhOvO6uwTvKRo7oYKUeihyUnCY0Ug4sJO7WCSa",
        "$5$salt$Gcm6FsVtF/Qa77ZKD.iwsJlCVPY0XSMgLJL0Hnww/c1",
        "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.",
    ],
)
def test_hashes_of_password(stored):
    assert is_hash(stored)
    right = is_hash_of(stored, b"password")
    assert is_hash_of(stored, b"Password") is False
    assert is_hash_of(stored, b"password\0") is False
    assert is_hash_of(stored, b"") is False
    assert is_hash_of(stored, b"x" * 100_000) is False
    assert right is True


def test_passwords_of_bcrypt_end_after_72_bytes():
    stored = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert is_hash_of(stored, b"x" * 80)
    assert not is_hash_of(stored, b"x" * 71)


@pytest.mark.parametrize("stored", ["", "secret", "{SHA}", "{SSHA}abc", "$9$x$y", "!", "*", "x" * 5000])
def test_what_is_no_hash(stored):
    assert not is_hash(stored) or not is_hash_of(stored, b"secret")


# --- passwords ---


@pytest.fixture
def checks(monkeypatch):
    """Each hash that is computed."""
    made = []

    def counted(stored, password):
        made.append((stored, password))
        return is_hash_of(stored, password)

    monkeypatch.setattr(passwords, "is_hash_of", counted)
    return made


@pytest.fixture
def file(tmp_path):
    (tmp_path / "users").write_text(f"joe:{SECRET}\nbroken:$9$\n")
    return AUTH_USER_FILE.arguments.parse(("users",), Place(tmp_path))


def test_what_was_right_is_known_and_what_was_wrong_is_not(file, checks):
    known = Passwords()
    assert [known.right(file, "joe", b"secret") for _ in range(3)] == [True] * 3
    assert len(checks) == 1
    assert [known.right(file, "joe", b"wrong") for _ in range(3)] == [False] * 3
    assert len(checks) == 4
    assert known.right(file, "joe", b"secret")
    assert len(checks) == 4


def test_it_is_known_for_a_minute(file, checks, monkeypatch):
    known = Passwords()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    for seconds, hashed in ((0, 1), (59, 1), (61, 2), (119, 2), (122, 3)):
        moment = now + seconds
        monkeypatch.setattr(time, "monotonic", lambda moment=moment: moment)
        assert known.right(file, "joe", b"secret")
        assert len(checks) == hashed


def test_another_entry_is_another_password(file, checks):
    known = Passwords()
    assert known.right(file, "joe", b"secret")
    file.path.write_text(f"joe:{OTHER}\n")
    assert not known.right(file, "joe", b"secret")
    file.path.write_text(f"ann:{SECRET}\n")
    assert not known.right(file, "joe", b"secret")


def test_users_of_one_file_are_not_those_of_another(file, tmp_path, checks):
    known = Passwords()
    assert known.right(file, "joe", b"secret")
    (tmp_path / "others").write_text(f"joe:{OTHER}\n")
    other = AUTH_USER_FILE.arguments.parse(("others",), Place(tmp_path))
    assert not known.right(other, "joe", b"secret")


def test_unknown_users_cost_a_hash_too(file, checks):
    assert not Passwords().right(file, "nobody", b"x")
    assert checks == [(SECRET, b"x")]


def test_an_entry_that_is_no_hash(file):
    with pytest.raises(UnknownHash):
        Passwords().right(file, "broken", b"x")


def test_what_is_known_does_not_grow_without_end(file, checks, monkeypatch):
    monkeypatch.setattr(passwords, "_MOST", 10)
    known = Passwords()
    file.path.write_text("".join(f"u{number}:{SECRET}\n" for number in range(30)))
    for number in range(30):
        assert known.right(file, f"u{number}", b"secret")
    assert len(known._known) <= 10


def test_passwords_are_not_kept(file):
    known = Passwords()
    known.right(file, "joe", b"secret")
    assert b"secret" not in repr(known.__dict__).encode()


# --- credentials ---


@pytest.mark.parametrize(
    ("field", "parsed"),
    [
        (basic("joe", "a:b"), ("joe", b"a:b")),
        (basic("müller", ""), ("müller", b"")),
        (basic("\udcff", "\udcff"), ("\udcff", b"\xff")),
        ("basic  am9lOng=", ("joe", b"x")),
        ("Basic am9lOng= ", ("joe", b"x")),
        (":", None),
        ("", None),
        ("Basic", None),
        ("Basicam9lOng=", None),
        ("Basic am9l", None),
        ("Basic am9lOng", None),
        ("Basic AAo6eA==", None),  # a NUL in the name
        ("Basic \xe9", None),
    ],
)
def test_credentials(field, parsed):
    assert parse_basic(field) == parsed
