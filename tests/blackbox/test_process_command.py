"""What the command shows: versions, directives, virtual hosts, modules; and its exit statuses."""

import os
import re
import subprocess
import sys
from importlib.metadata import version

import pytest
from blackbox.bare import bare_server
from blackbox.server import PROGRAM

HOSTS = """\
<VirtualHost 127.0.0.1:8001>
    ServerName one.test
</VirtualHost>
<VirtualHost *:8002>
    ServerName two.test
    ServerAlias alias.test *.two.test
</VirtualHost>
<VirtualHost *:8002>
    ServerName three.test
</VirtualHost>
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=30, check=False)


def test_versions() -> None:
    done = run("-v")
    assert done.returncode == 0
    first, second = done.stdout.splitlines()
    assert first == f"Server version: prefork_ssl/{version('prefork_ssl')}"
    python = ".".join(map(str, sys.version_info[:3]))
    assert re.fullmatch(rf"Server runs on: Python/{python} .*pyOpenSSL/\S+ OpenSSL/\S+", second)
    assert f"gevent/{version('gevent')}" in run("-V").stdout
    assert run("-V").stdout.startswith(done.stdout)


def test_directives_of_the_core_and_of_all_modules() -> None:
    text = run("-L").stdout
    for usage, module in (("Listen [address:]port [protocol]", "core"), ("SSLEngine on|off", "ssl_module")):
        entry = text.partition(f"{usage}")[2].partition("\n\n")[0]
        assert f"Module: {module}." in entry


def test_output_that_nobody_reads_is_no_failure() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([PROGRAM, "-L"], stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_usage() -> None:
    assert run("-h").stdout.startswith("Usage: prefork-ssl ")
    done = run("-k", "dance")
    assert done.returncode == 1
    assert done.stderr.startswith("prefork-ssl: -k takes start, stop, restart, graceful, graceful-stop")
    assert "Compiled in modules:\n  core\n" in run("-l").stdout


def test_a_right_configuration() -> None:
    with bare_server() as server:
        done = server.run("-t")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "Syntax OK\n")


def test_virtual_hosts_and_settings() -> None:
    with bare_server(HOSTS) as server:
        done = server.run("-S", "-D", "WORD=value")
        assert done.returncode == 0
        lines = done.stdout.splitlines()
        one, two, three = (server.place(line) for line in HOSTS.splitlines() if line.startswith("<Virtual"))
        three = f"{server.configuration_file}:{int(two.rpartition(':')[2]) + 4}"
        assert lines[:9] == [
            "VirtualHost configuration:",
            f"127.0.0.1:8001         one.test ({one})",
            "*:8002                 is a NameVirtualHost",
            f"         default server two.test ({two})",
            f"         port 8002 namevhost two.test ({two})",
            "                 alias alias.test",
            "                 wild alias *.two.test",
            f"         port 8002 namevhost three.test ({three})",
            f'ServerRoot: "{server.root}"',
        ]
        assert f'Main ErrorLog: "{server.root}/logs/error_log"' in lines
        assert f'PidFile: "{server.pid_file}"' in lines
        assert "Define: WORD=value" in lines
        user = next(line for line in lines if line.startswith("User: "))
        assert user.endswith(" id=65534" if os.geteuid() == 0 else " not_used")


def test_modules_and_files() -> None:
    with bare_server("Include conf/more.conf\n") as server:
        (server.root / "conf/more.conf").touch()
        assert server.run("-M").stdout == "Loaded Modules:\n core (static)\n tiny_module (shared)\n"
        shown = server.run("-t", "-D", "DUMP_INCLUDES").stdout
        assert shown == (
            f"Included configuration files:\n  {server.configuration_file}\n  {server.root}/conf/more.conf\n"
        )


def test_lines_before_and_after_the_file() -> None:
    with bare_server("ServerName ${NAME}\n") as server:
        done = server.run("-C", "Define NAME before", "-c", "Listen here", "-t")
        assert done.returncode == 1
        assert done.stderr.startswith("prefork-ssl: -c (command line):1: Listen: ")
        assert len(done.stderr.splitlines()) == 1


def test_a_user_that_does_not_exist_is_found_by_the_check() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root chooses who workers are")
    with bare_server("User nosuchuser\n") as server:
        done = server.run("-t")
        assert done.returncode == 1
        assert server.place("User nosuchuser") in done.stderr


def test_problems_may_be_written_to_a_file() -> None:
    with bare_server("Nonsense\n") as server:
        file = server.root / "errors"
        done = server.run("-E", str(file), "-k", "start")
        assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
        assert server.place("Nonsense") in file.read_text()
        done = server.run("-E", str(server.root / "nowhere/errors"), "-t")
        assert done.returncode == 1
        assert "nowhere/errors: No such file or directory" in done.stderr


def test_the_start_can_be_followed() -> None:
    with bare_server() as server:
        done = server.run("-e", "info", "-k", "start")
        assert done.returncode == 0
        assert f"info: configuration read from {server.configuration_file}" in done.stderr
        assert f"info: prepared: generation 1, 2 workers on 127.0.0.1:{server.http}" in done.stderr


def test_a_missing_configuration_is_one_line() -> None:
    done = run("-f", "/nonexistent.conf", "-k", "start")
    assert done.returncode == 1
    assert done.stderr == (
        "prefork-ssl: the configuration file /nonexistent.conf cannot be read: "
        "No such file or directory (-f names another)\n"
    )
