"""Who the workers are to be, and that there is no way back."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import ConfigError, Origin
from prefork_ssl.kernel.directives import GROUP, USER
from prefork_ssl.kernel.process.privileges import Identity, worker_identity

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root chooses who workers are")

NOBODY = pwd.getpwnam("nobody")


def settings(user: str = "", group: str = "") -> Settings:
    values = {directive: value for directive, value in ((USER, user), (GROUP, group)) if value}
    return Settings(values, {directive: Origin("test.conf", 3) for directive in values})


def refusal(user: str = "", group: str = "") -> str:
    with pytest.raises(ConfigError) as error:
        worker_identity(settings(user, group))
    (problem,) = error.value.problems
    return str(problem)


def test_a_user_by_name_and_by_number() -> None:
    expected = Identity(NOBODY.pw_uid, NOBODY.pw_gid, tuple(os.getgrouplist("nobody", NOBODY.pw_gid)))
    assert worker_identity(settings("nobody")) == expected
    assert worker_identity(settings(f"#{NOBODY.pw_uid}")) == expected


def test_a_number_without_a_name() -> None:
    assert worker_identity(settings("#54321")) == Identity(54321, 54321, (54321,))
    assert worker_identity(settings("#54321", "#12345")) == Identity(54321, 12345, (12345,))


def test_a_group_takes_the_place_of_the_users_own() -> None:
    identity = worker_identity(settings("nobody", "daemon"))
    assert identity.gid == 1
    assert 1 in identity.groups
    assert NOBODY.pw_gid not in identity.groups


def test_root_must_be_named() -> None:
    assert worker_identity(settings("root")).uid == 0
    assert "User is missing" in refusal()
    assert refusal("#0") == "test.conf:3: User #0 is root (write User root if you insist)"


@pytest.mark.parametrize("name", ["nosuchuser", "#", "#x", "#-1x"])
def test_a_user_that_does_not_exist(name: str) -> None:
    assert refusal(name).startswith(f"test.conf:3: User {name}: there is no such user (")


def test_a_group_that_does_not_exist() -> None:
    assert refusal("nobody", "nosuchgroup").startswith(
        "test.conf:3: Group nosuchgroup: there is no such group ("
    )


def become_and(script: str) -> str:
    head = "import os\nfrom prefork_ssl.kernel.process.privileges import *\nbecome(Identity(65534, 65534, (65534,)))\n"
    command = [sys.executable, "-c", head + script]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_there_is_no_way_back_to_root() -> None:
    assert become_and(
        "print(os.getresuid(), os.getresgid(), os.getgroups())\n"
        "for call in (os.setuid, os.seteuid, os.setgid):\n"
        "    try: call(0); print('root again')\n"
        "    except PermissionError: print('no')\n"
    ).splitlines() == ["(65534, 65534, 65534) (65534, 65534, 65534) [65534]", "no", "no", "no"]


def test_a_core_file_holds_keys_and_is_written_only_where_it_was_asked_for(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    dumpable = "import ctypes\nprint(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), os.getcwd())\n"
    assert become_and(dumpable).split()[0] == "0"
    origin = "{CORE_DUMP_DIRECTORY: Origin('test.conf', 3)}"
    asked = (
        "from pathlib import Path\nfrom prefork_ssl.config.errors import Origin\n"
        f"asked = lambda path: allow_core_dumps(Settings({{CORE_DUMP_DIRECTORY: Path(path)}}, {origin}))\n"
    )
    assert become_and(f"{asked}asked('/')\n{dumpable}").split() == ["1", "/"]
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    refused = f"{asked}try: asked({str(closed)!r})\nexcept ConfigError as error: print(error)\n"
    assert become_and(refused).startswith(f"test.conf:3: CoreDumpDirectory {closed}: Permission denied (let ")
