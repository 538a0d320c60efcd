"""Everything that can be wrong with a configuration is told, in the order of the text, in one line each."""

from __future__ import annotations

import os

import pytest
from unit.config.sample import CORE, Finder, problems

from prefork_ssl.config.build import read_configuration
from prefork_ssl.config.errors import ConfigError

# What is written, and all that is said about it (server.conf is the file).
CASES = {
    "nothing is wrong": ("Limit 5\n<Directory />\nDeny on\n</Directory>", []),
    "an unknown directive": (
        "Lisen 80",
        ["server.conf:1: unknown directive Lisen: did you mean Listen?"],
    ),
    "an unknown directive like no other": (
        "Xyzzy",
        ["server.conf:1: unknown directive Xyzzy (-L lists all)"],
    ),
    "a directive of a module that is not loaded": (
        "sslengine on",
        [
            "server.conf:1: SSLEngine is a directive of ssl_module, which is not loaded"
            " (add the line: LoadModule ssl_module)"
        ],
    ),
    "several directives of a module that is not loaded, which is told once": (
        "SSLProtocol all\nOrder deny\nSSLEngine on\nsslengine off",
        [
            "server.conf:1: SSLProtocol is a directive of ssl_module, which is not loaded"
            " (add the line: LoadModule ssl_module, which 2 more lines need, too)",
            "server.conf:2: there is no directive Order here (write Deny)",
        ],
    ),
    "a module that the server does without": (
        "LoadModule needless_module\n<IfModule needless_module>\nNonsense\n</IfModule>\nLoadModule companion_module\n"
        "SSLProtocol all",
        [],
    ),
    "nearly a directive of a module that is not loaded": (
        "SSLProtocl all",
        [
            "server.conf:1: unknown directive SSLProtocl: did you mean SSLProtocol of ssl_module, which is not loaded?"
        ],
    ),
    "nearly a directive of a module that is loaded": (
        "LoadModule ssl_module\nSSLProtocl all",
        ["server.conf:2: unknown directive SSLProtocl: did you mean SSLProtocol?"],
    ),
    "nearly a directive of the language": (
        "Inclde x",
        ["server.conf:1: unknown directive Inclde: did you mean Include?"],
    ),
    "a section written as a directive": (
        "VirtualHost *:80",
        ["server.conf:1: unknown directive VirtualHost: did you mean <VirtualHost>?"],
    ),
    "a directive written as a section": (
        "<ServerName x>\n</ServerName>",
        ["server.conf:1: unknown section <ServerName>: did you mean ServerName?"],
    ),
    "a misplaced directive": (
        "<VirtualHost *>\nlisten 80\n</VirtualHost>\nDeny on\n<Files x>\nServerName x\n</Files>",
        [
            "server.conf:2: Listen cannot stand in <VirtualHost> (it can stand outside sections)",
            "server.conf:4: Deny cannot stand outside sections"
            " (it can stand in <Directory>, <Location> and <Files>)",
            "server.conf:6: ServerName cannot stand in <Files>"
            " (it can stand outside sections, in <VirtualHost>)",
        ],
    ),
    "a misplaced section": (
        "<Location />\n<Files x>\n</Files>\n<Virtualhost *>\n</VirtualHost>\n</Location>",
        [
            "server.conf:2: <Files> cannot stand in <Location> (it can stand outside sections, in <VirtualHost>,"
            " in <Directory>, in <DirectoryMatch>)",
            "server.conf:4: <VirtualHost> cannot stand in <Location> (it can stand outside sections)",
        ],
    ),
    "a wrong argument": (
        "Limit 1001\nLimit\nRedirect a\n<Directory />\nDeny maybe\n</Directory>",
        [
            "server.conf:1: Limit: must be from 0 to 1000, not 1001 (syntax: Limit bytes)",
            "server.conf:2: Limit: takes one argument, bytes, and was given none (syntax: Limit bytes)",
            "server.conf:3: Redirect: takes from to, and was given 1 argument (syntax: Redirect from to)",
            "server.conf:5: Deny: must be on|off, not 'maybe' (syntax: Deny on|off)",
        ],
    ),
    "a wrong argument of a directive that relies on Python's errors": (
        "Port x\nPort \udcff",
        [
            "server.conf:1: Port: invalid literal for int() with base 10: b'x' (syntax: Port number)",
            "server.conf:2: Port: there are bytes in it that are not UTF-8 (syntax: Port number)",
        ],
    ),
    "a missing file": (
        "KeyFile nowhere/key.pem",
        [
            "server.conf:1: KeyFile: file nowhere/key.pem does not exist or cannot be reached (syntax: KeyFile file)"
        ],
    ),
    "a name too long for any file": (
        f"KeyFile {'x' * 300}",
        [f"server.conf:1: KeyFile: {'x' * 300} cannot be used: File name too long (syntax: KeyFile file)"],
    ),
    "a quote without end": ('ServerName "a b', ['server.conf:1: ServerName: no quote closes "a b']),
    "variables that are not defined": (
        "Define known x\nListen ${a} ${b} ${a}\nServerName ${knwon}\nLimit 5x",
        [
            "server.conf:2: Listen: ${a}, ${b} are not defined (set it by Define, -D or the environment)",
            "server.conf:3: ServerName: ${knwon} is not defined (did you mean ${known}?)",
            "server.conf:4: Limit: must be a whole number, not '5x' (syntax: Limit bytes)",
        ],
    ),
    "a variable used before its definition, and after its end": (
        "Listen ${a}\nDefine a 1\nListen ${a}\nUnDefine a\nListen ${a}",
        [
            "server.conf:1: Listen: ${a} is not defined (set it by Define, -D or the environment)",
            "server.conf:5: Listen: ${a} is not defined (set it by Define, -D or the environment)",
        ],
    ),
    "variables that grow without end": (
        "Define a 0123456789abcdef\n" + "Define a ${a}${a}\n" * 12 + "Define a ${a}${a}\n",
        ["server.conf:14: Define: variables make a word of more than 65536 characters"],
    ),
    "a section that is not closed": (
        "<VirtualHost *>\n<Directory />\nDeny on\n",
        [
            "server.conf:1: <VirtualHost> is not closed (add </VirtualHost> where it ends)",
            "server.conf:2: <Directory> is not closed (add </Directory> where it ends)",
        ],
    ),
    "what follows a section that is not closed is not blamed": (
        "<VirtualHost *:80>\nServerName a\n<VirtualHost *:81>\nServerName b\n</VirtualHost>\nListen 80\nLimt 3",
        [
            "server.conf:1: <VirtualHost> is not closed (add </VirtualHost> where it ends)",
            "server.conf:7: unknown directive Limt: did you mean Limit?",
        ],
    ),
    "sections that overlap": (
        "<VirtualHost *>\n<Directory />\n</VirtualHost>\n</Directory>\nListen 80",
        [
            "server.conf:2: <Directory> is not closed (add </Directory> where it ends)",
            "server.conf:4: </Directory> closes no section",
        ],
    ),
    "an end without a beginning": ("</VirtualHost>", ["server.conf:1: </VirtualHost> closes no section"]),
    "a misspelt end": (
        "<Directory />\nDeny on\n</Directroy>\nListen 80",
        ["server.conf:3: </Directroy> does not close <Directory> of server.conf:1"],
    ),
    "a misspelt beginning, whose contents are checked": (
        "<VirtualHots *>\nServerAlias a\nLimit x\n<Directry />\nDeny on\n</Directory>\n</VirtualHost>",
        [
            "server.conf:1: unknown section <VirtualHots>: did you mean <VirtualHost>?",
            "server.conf:3: Limit: must be a whole number, not 'x' (syntax: Limit bytes)",
            "server.conf:4: unknown section <Directry>: did you mean <Directory>?",
        ],
    ),
    "a tag without its end": (
        "<Directory /\nDeny on\n</Directory\nListen 80",
        [
            "server.conf:1: <Directory> needs a '>' at the end of the line",
            "server.conf:3: </Directory> needs a '>' at the end of the line",
        ],
    ),
    "a tag without a name": (
        "< Directory />\n</>",
        ["server.conf:1: unknown section <> (-L lists all)"],
    ),
    "a comment after a tag": (
        "<Directory /> # everything\n</Directory>",
        [
            "server.conf:1: <Directory> needs a '>' at the end of the line",
            "server.conf:1: <Directory>: takes path|wildcard|~ regex, and was given 3 arguments"
            " (a comment has a line of its own; syntax: <Directory path|wildcard|~ regex>)",
        ],
    ),
    "a comment after a directive": (
        "Limit 5 # bytes",
        [
            "server.conf:1: Limit: takes one argument, bytes, and was given 3"
            " (a comment has a line of its own; syntax: Limit bytes)",
        ],
    ),
    "wrong arguments of sections": (
        "<VirtualHost>\n</VirtualHost>\n<Directory a b>\n</Directory>\n<FilesMatch (>\n</FilesMatch>\n"
        "<Location private>\n</Location>\n<Files a/b>\n</Files>\n<Directory [z-a]>\n</Directory>",
        [
            "server.conf:1: <VirtualHost>: takes address[:port] ..., and was given no arguments"
            " (syntax: <VirtualHost address[:port] ...>)",
            "server.conf:3: <Directory>: takes one argument, and was given 2"
            " (quote what has blanks in it; syntax: <Directory path|wildcard|~ regex>)",
            "server.conf:5: <FilesMatch>: '(' is not a regular expression: missing ), unterminated subpattern"
            " (syntax: <FilesMatch regex>)",
            "server.conf:7: <Location>: needs a URL path that begins with '/', not 'private'"
            " (syntax: <Location URL-path|wildcard|~ regex>)",
            "server.conf:9: <Files>: needs the name of a file without a path, not 'a/b'"
            " (syntax: <Files name|wildcard|~ regex>)",
            "server.conf:11: <Directory>: '[z-a]/' is not a pattern: bad character range z-a"
            " (syntax: <Directory path|wildcard|~ regex>)",
        ],
    ),
    "a virtual host by name": (
        "<VirtualHost www.example.com:80>\nServerName x y\n</VirtualHost>",
        [
            "server.conf:1: <VirtualHost>: 'www.example.com' is not an IP address, and names are not looked up"
            " (write the address, or *, and inside the section: ServerName www.example.com;"
            " syntax: <VirtualHost address[:port] ...>)",
            "server.conf:2: ServerName: takes one argument, text, and was given 2 (syntax: ServerName text)",
        ],
    ),
    "a section with an undefined variable, whose contents are checked": (
        "<VirtualHost ${ip}>\nListen 80\n</VirtualHost>",
        [
            "server.conf:1: <VirtualHost>: ${ip} is not defined (set it by Define, -D or the environment)",
            "server.conf:2: Listen cannot stand in <VirtualHost> (it can stand outside sections)",
        ],
    ),
    "wrong conditions": (
        "<IfDefine>\n</IfDefine>\n<IfModule a b>\nXyzzy\n</IfModule>\n<IfFile !>\n</IfFile>\n"
        "<IfVersion ~ 2>\n</IfVersion>",
        [
            "server.conf:1: <IfDefine>: takes one argument (syntax: <IfDefine [!]name>)",
            "server.conf:3: <IfModule>: takes one argument (syntax: <IfModule [!]module>)",
            "server.conf:6: <IfFile>: takes one argument (syntax: <IfFile [!]path>)",
            "server.conf:8: <IfVersion>: needs one of = == > >= < <= and a version such as 2.4"
            " (syntax: <IfVersion [!][=|==|>|>=|<|<=] version>)",
        ],
    ),
    "nothing is checked where a condition is false, but sections must match": (
        '<IfDefine no>\nXyzzy ${undefined} "\n<Foo\n<Bar>\n</Foo>\n</IfDefine>\nListen 80\n<IfDefine no>\n',
        [
            "server.conf:4: <Bar> is not closed (add </Bar> where it ends)",
            "server.conf:8: <IfDefine> is not closed (add </IfDefine> where it ends)",
        ],
    ),
    "a module that is not known, or brings what exists": (
        "LoadModule mime_module modules/mod_mime.so\nLoadModule clashing_module\nLoadModule",
        [
            "server.conf:1: LoadModule: there is no module mime_module (known are ssl_module, clashing_module,"
            " companion_module; syntax: LoadModule name [package.module:attribute])",
            "server.conf:2: LoadModule: clashing_module brings another LISTEN, which exists already"
            " (syntax: LoadModule name [package.module:attribute])",
            "server.conf:3: LoadModule: takes name [package.module:attribute], and was given no arguments"
            " (syntax: LoadModule name [package.module:attribute])",
        ],
    ),
    "a file to include that is missing": (
        "Include no.conf\nInclude conf.d/*.conf\nIncludeOptional no.conf\nIncludeOptional conf.d/*.conf",
        [
            "server.conf:1: Include: there is no no.conf (IncludeOptional would allow that;"
            " syntax: Include file|directory|wildcard)",
            "server.conf:2: Include: there is no conf.d/*.conf (IncludeOptional would allow that;"
            " syntax: Include file|directory|wildcard)",
        ],
    ),
    "a file that includes itself": (
        "Include server.conf\nLimit x",
        [
            "server.conf:1: Include: server.conf would include itself",
            "server.conf:2: Limit: must be a whole number, not 'x' (syntax: Limit bytes)",
        ],
    ),
    "a line that continues is where it begins": (
        "Listen 80 \\\n 81\nLimit \\\n\\\n x\n",
        ["server.conf:3: Limit: must be a whole number, not 'x' (syntax: Limit bytes)"],
    ),
    "characters that would break the line": (
        "ServerName a\x1b[2J\u2028 b\nX\x07y",
        [
            "server.conf:1: ServerName: takes one argument, text, and was given 2 (syntax: ServerName text)",
            "server.conf:2: unknown directive X\\x07y (-L lists all)",
        ],
    ),
    "a NUL character": ("Path a\0b", ["server.conf:1: Path: there is a NUL character in this line"]),
    "an unlucky name of a variable": (
        "Define a:b c\nUnDefine ''",
        [
            "server.conf:1: Define: the name of a variable has no ':' and no '}', unlike 'a:b'"
            " (syntax: Define name [value])",
            "server.conf:2: UnDefine: the name of a variable has no ':' and no '}', unlike ''"
            " (syntax: UnDefine name)",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_problems(tmp_path, text, expected):
    assert problems(tmp_path, text) == expected


def test_sections_too_deep_for_any_purpose(tmp_path):
    found = problems(tmp_path, "<Files x>\n" * 30000)
    assert "server.conf:21: <Files> is inside 20 other sections, which is too deep" in found
    assert len(found) == 30001


def test_problems_of_all_files_come_in_the_order_of_the_text(tmp_path):
    (tmp_path / "one.conf").write_text("Limt 1\n<VirtualHost *>")
    (tmp_path / "two.conf").write_text("</VirtualHost>\nLimit x")
    text = "Lisen 1\nInclude one.conf\nLisen 2\nInclude two.conf\nLimit y"
    found = problems(tmp_path, text, before=("Limit b", "Nmae x"), after=("Limit 5", "Limit a"))
    assert [line.split(": ")[0] for line in found] == [
        "-C (command line):1",
        "-C (command line):2",
        "server.conf:1",
        "one.conf:1",
        "one.conf:2",
        "server.conf:3",
        "two.conf:1",
        "two.conf:2",
        "server.conf:5",
        "-c (command line):2",
    ]


def test_an_included_file_cannot_close_the_section_that_it_is_in(tmp_path):
    (tmp_path / "close.conf").write_text("</VirtualHost>\n</VirtualHots>")
    assert problems(tmp_path, "<VirtualHost *>\nInclude close.conf\nListen 80\n</VirtualHost>") == [
        "close.conf:1: </VirtualHost> closes no section",
        "close.conf:2: </VirtualHots> closes no section",
        "server.conf:3: Listen cannot stand in <VirtualHost> (it can stand outside sections)",
    ]


def test_a_chain_of_includes_ends(tmp_path):
    for number in range(30):
        (tmp_path / f"{number}.conf").write_text(f"Include {number + 1}.conf")
    assert problems(tmp_path, "Include 0.conf") == [
        "19.conf:1: Include: 20.conf is more than 20 Includes deep"
    ]


def test_what_cannot_be_included(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "up").symlink_to(tmp_path / "folder")
    assert problems(tmp_path, "Include loop\nInclude pipe\nInclude folder") == [
        "server.conf:1: Include: loop cannot be used: Too many levels of symbolic links",
        "server.conf:2: Include: pipe cannot be used: it is not a file",
        "server.conf:3: Include: folder/up leads back to folder"
        " (remove the link; syntax: Include file|directory|wildcard)",
    ]


def test_a_folder_that_nobody_meant_to_include(tmp_path):
    (tmp_path / "many").mkdir()
    for number in range(10001):
        (tmp_path / "many" / str(number)).touch()
    assert problems(tmp_path, "Include many") == [
        "server.conf:1: Include: there are more than 10000 files in many (syntax: Include file|directory|wildcard)"
    ]


@pytest.mark.parametrize(
    ("name", "reason"), [("nowhere", "No such file or directory"), ("", "it is not a file")]
)
def test_a_main_file_that_cannot_be_read(tmp_path, name, reason):
    file = tmp_path / name
    with pytest.raises(ConfigError) as caught:
        read_configuration(file, server_root=tmp_path, core=CORE, modules=Finder(), defines={})
    assert str(caught.value) == f"the configuration file {file} cannot be read: {reason} (-f names another)"
