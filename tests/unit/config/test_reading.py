"""What the text itself decides: conditions, variables, files included, modules loaded, where paths begin."""

from __future__ import annotations

import pytest
from unit.config.sample import ENGINE, LISTEN, NAME, OUTSIDE, PATH, problems, read

from prefork_ssl.config.errors import Origin


def listened(folder, text, **options):
    return read(folder, text, **options).server.settings[LISTEN]


CONDITIONS = {
    "<IfDefine given>": True,
    "<IfDefine !given>": False,
    "<IfDefine other>": False,
    "<IfDefine !other>": True,
    "<ifdefine Given>": False,
    "<IfDefine set>": True,
    "<IfDefine removed>": False,
    "<IfDefine variable>": False,
    '<IfDefine "${variable}">': True,
    "<IfModule ssl_module>": True,
    "<IfModule mod_ssl.c>": True,
    "<IfModule !mod_ssl.c>": False,
    "<IfModule rewrite_module>": False,
    "<IfModule !mod_rewrite.c>": True,
    "<IfFile server.conf>": True,
    "<IfFile !server.conf>": False,
    '<IfFile "no where">': False,
    "<IfFile !nowhere>": True,
    "<IfFile />": True,
    "<IfVersion >= 2.4>": True,
    "<IfVersion < 2.4>": False,
    "<IfVersion !< 2.4>": True,
    "<IfVersion > 2.4.7>": True,
    "<IfVersion 2.2>": False,
    "<IfVersion = 2.4.66>": True,
    f"<IfFile {'x' * 300}>": False,
}


@pytest.mark.parametrize(("opening", "holds"), CONDITIONS.items())
def test_conditions(tmp_path, opening, holds):
    text = f"""
        Define set
        UnDefine removed
        LoadModule ssl_module modules/mod_ssl.so
        Listen 1
        {opening}
            Listen 2
            <IfDefine given>
                Listen 3
            </IfDefine>
            <IfDefine !given>
                Listen 4
            </IfDefine>
        </{opening[1:].split()[0]}>
        Listen 5"""
    found = listened(tmp_path, text, defines={"given": "", "removed": ""}, environment={"variable": "set"})
    assert found == (("1", "2", "3", "5") if holds else ("1", "5"))


def test_a_condition_may_hold_a_part_of_any_section(tmp_path):
    text = "<VirtualHost *>\n<IfDefine !x>\nServerName a\n</IfDefine>\n</VirtualHost>"
    assert [host.settings[NAME] for host in read(tmp_path, text).hosts] == ["a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Define a 1\nListen ${a}", ("1",)),
        ("Define a 1\nDefine a 2\nListen ${a}", ("2",)),
        ("Define a 1\nDefine b 0${a}\nDefine a 2\nListen ${b}", ("01",)),
        ("Define a\nListen x${a}y", ("xy",)),
        ("Define a \"1 2\"\nListen ${a} '${a}' 3", ("1 2", "1 2", "3")),
        ('Define a \'quo"te\'\nListen "${a}"', ('quo"te',)),
        ("Define a ${b}\nListen ${a}", ("${c}",)),
        ("Listen ${given} ${given}${home}", ("g", "gh")),
        ("Listen ${map:key|default} $a $ { }", ("${map:key|default}", "$a", "$", "{", "}")),
        ("Listen ${} ${", ("${}", "${")),
        ("Define given own\nListen ${given}", ("own",)),
    ],
)
def test_variables(tmp_path, text, expected):
    environment = {"home": "h", "b": "${c}", "given": "environment's"}
    assert listened(tmp_path, text, defines={"given": "g"}, environment=environment) == expected


def test_defines_are_told(tmp_path):
    text = "Define a 1\nUnDefine b\n<VirtualHost *>\nDefine c 3\n</VirtualHost>"
    assert read(tmp_path, text, defines={"b": "", "d": "x"}).defines == {"a": "1", "c": "3", "d": "x"}


@pytest.fixture
def tree(tmp_path):
    """Files that each listen to their own name."""
    for name in (
        "b.conf",
        "a.conf",
        "c.txt",
        "sub/z.conf",
        "sub/deep/y",
        "sub/a",
        "sub/.hidden",
        "[x]/1.conf",
        "new/n.conf",
    ):
        file = tmp_path / "conf" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"Listen {name}\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Include conf/a.conf", ("a.conf",)),
        ("Include {root}/conf/a.conf", ("a.conf",)),
        ("Include conf/*.conf", ("a.conf", "b.conf")),
        ("Include conf/?.[ct]*", ("a.conf", "b.conf", "c.txt")),
        ("Include conf/*/[a-z].*", ("new/n.conf", "sub/z.conf")),
        ("Include conf/sub", ("sub/.hidden", "sub/a", "sub/deep/y", "sub/z.conf")),
        ("Include conf/s*", ("sub/.hidden", "sub/a", "sub/deep/y", "sub/z.conf")),
        ("Include conf/a.conf\nInclude conf/a.conf", ("a.conf", "a.conf")),
        (
            "IncludeOptional conf/*.conf\nIncludeOptional nowhere/*\nIncludeOptional nowhere",
            ("a.conf", "b.conf"),
        ),
        ("ServerRoot conf\nInclude a.conf\nServerRoot new\nInclude n.conf", ("a.conf", "new/n.conf")),
        ("ServerRoot conf/[x]\nInclude *.conf", ("[x]/1.conf",)),
        ("Define dir conf\nInclude ${{dir}}/a.conf", ("a.conf",)),
    ],
)
def test_includes(tree, text, expected):
    configuration = read(tree, text.format(root=tree))
    assert configuration.server.settings[LISTEN] == expected
    read_files = dict.fromkeys(tree / "conf" / name for name in expected)
    assert configuration.files == (tree / "server.conf", *read_files)


def test_an_included_file_is_part_of_its_section_and_knows_its_own_lines(tmp_path):
    (tmp_path / "common.conf").write_text("\nServerName ${name}\n")
    text = "".join(
        f"Define name {name}\n<VirtualHost *>\nInclude common.conf\n</VirtualHost>\n" for name in ("a", "b")
    )
    hosts = read(tmp_path, text).hosts
    assert [host.settings[NAME] for host in hosts] == ["a", "b"]
    assert hosts[0].settings.origin(NAME) == Origin(str(tmp_path / "common.conf"), 2)


def test_relative_paths_begin_where_server_root_says_at_that_line(tmp_path):
    (tmp_path / "one" / "two").mkdir(parents=True)
    text = """
        Path a
        <Location /1>
            Path /absolute
        </Location>
        ServerRoot one
        <Directory b>
            Path c
        </Directory>
        serverroot two
        <VirtualHost *>
            Path d
        </VirtualHost>"""
    configuration = read(tmp_path, text)
    directory, location = configuration.server.sections
    assert configuration.server.settings[PATH] == tmp_path / "a"
    assert str(location.settings[PATH]) == "/absolute"
    assert directory.pattern.search(f"{tmp_path}/one/b/")
    assert directory.settings[PATH] == tmp_path / "one" / "c"
    assert configuration.hosts[0].settings[PATH] == tmp_path / "one" / "two" / "d"
    assert configuration.server_root == tmp_path / "one" / "two"


def test_modules_are_loaded_in_the_order_of_the_text_and_once(tmp_path):
    text = """
        SSLEngine on
        LoadModule else_module elsewhere.code:module
        LoadModule ssl_module modules/mod_ssl.so
        LoadModule ssl_module
        Outside on"""
    configuration = read(tmp_path, text)
    assert configuration.modules == ("else_module", "ssl_module")
    assert configuration.server.settings[ENGINE]
    assert configuration.server.settings[OUTSIDE]


def test_lines_of_the_command_line_come_before_and_after(tmp_path):
    configuration = read(
        tmp_path,
        "Listen ${x}",
        before=("Define x 2", "Listen 1", "<VirtualHost *>", "ServerName ${x}", "</VirtualHost>"),
        after=("Listen 3",),
    )
    assert configuration.server.settings[LISTEN] == ("1", "2", "3")
    assert configuration.server.settings.origin(LISTEN) == Origin("-c (command line)", 1)
    assert configuration.hosts[0].origin == Origin("-C (command line)", 3)


def test_bytes_that_are_no_text_survive_as_the_file_system_has_them(tmp_path):
    text = b"\xef\xbb\xbfPath /srv/\xff\xc3\xa9\r\n"
    assert bytes(read(tmp_path, text).server.settings[PATH]) == b"/srv/\xff\xc3\xa9"


def test_bytes_that_are_no_text_are_shown_escaped(tmp_path):
    found = problems(tmp_path, b"\xffListen 1\n")
    assert found == ["server.conf:1: unknown directive \\xffListen: did you mean Listen?"]


def test_an_empty_configuration_is_one(tmp_path):
    configuration = read(tmp_path, "")
    assert configuration.hosts == ()
    assert configuration.server_root == tmp_path
