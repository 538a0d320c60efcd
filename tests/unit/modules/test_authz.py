"""Require lines and their sections: how they are read, merged and judged (mod_authz_core's manual)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.kernel.evaluating import request

from prefork_ssl.config.build import read_configuration
from prefork_ssl.config.errors import ConfigError, Origin
from prefork_ssl.kernel.directives import CORE_DIRECTIVES
from prefork_ssl.kernel.generation import build
from prefork_ssl.kernel.loader import Loader
from prefork_ssl.kernel.requirements import Verdict
from prefork_ssl.modules.authz.checking import TESTS
from prefork_ssl.modules.authz.directives import REQUIRE
from prefork_ssl.modules.authz.evaluation import evaluator
from prefork_ssl.modules.authz.gate import authorise
from prefork_ssl.modules.authz.rules import Logic, Requirement, Section

GRANTED, DENIED, NEEDS_USER, NEUTRAL = Verdict.GRANTED, Verdict.DENIED, Verdict.NEEDS_USER, Verdict.NEUTRAL


def generation(folder, text: str):
    file = folder / "server.conf"
    file.write_text(
        f"ErrorLog error_log\nServerName main.test\nLoadModule authz_module\n<Location />\n{text}\n</Location>"
    )
    loader = Loader()
    configuration = read_configuration(
        file, server_root=folder, core=CORE_DIRECTIVES, modules=loader, defines={}, environment={}
    )
    return build(configuration, loader, 1)


def verdict(folder, text: str, asked=None) -> Verdict:
    """What the lines say of the request."""
    made = generation(folder, text)
    rules = made.configuration.server.sections[0].settings[REQUIRE]
    return evaluator(rules.section, made[TESTS])(asked or request())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("all granted", GRANTED),
        ("all Denied", DENIED),
        ("ALL granted", GRANTED),
        ("ip 192.0.2.7", GRANTED),
        ("ip 10 192.0.2", GRANTED),
        ("ip 10.0.0.0/8", DENIED),
        ("method PUT GET", GRANTED),
        ("method HEAD", GRANTED),
        ("method PUT", DENIED),
        ("env noted", GRANTED),
        ("env other noted", GRANTED),
        ("env other", DENIED),
        ("local", DENIED),
        ("user joe", NEEDS_USER),
        ("valid-user", NEEDS_USER),
        ("expr true", GRANTED),
        ("expr %{REMOTE_ADDR} == '192.0.2.7'", GRANTED),
        ("expr \"%{REMOTE_ADDR} == '192.0.2.8'\"", DENIED),
        ('expr "%{REQUEST_METHOD}" == "GET"', GRANTED),
        (r'expr "%{REQUEST_METHOD} == \"GET\""', GRANTED),
        ("not ip 10.0.0.0/8\nRequire all granted", None),
    ],
)
def test_requirements(tmp_path, line, expected):
    if expected is None:
        with pytest.raises(ConfigError, match="keeps nobody out here"):
            verdict(tmp_path, f"Require {line}")
        return
    assert verdict(tmp_path, f"Require {line}", request(env={"noted": ""})) is expected


@pytest.mark.parametrize(
    ("peer", "local"),
    [("127.0.0.1", "127.0.0.1"), ("127.8.9.1", "10.0.0.1"), ("::1", "::1"), ("192.0.2.9", "192.0.2.9")],
)
def test_who_is_local(tmp_path, peer, local):
    asked = request()
    asked.transport.wire.peer, asked.transport.wire.local = (peer, 1), (local, 443)
    assert verdict(tmp_path, "Require local", asked) is GRANTED


@pytest.mark.parametrize(
    ("line", "user", "expected"),
    [
        ("user joe", "joe", GRANTED),
        ('user ann "joe o\'hara"', "joe o'hara", GRANTED),
        ("user joe", "Joe", DENIED),
        ("user joe", "", DENIED),
        ("valid-user", "anybody", GRANTED),
    ],
)
def test_users(tmp_path, line, user, expected):
    assert verdict(tmp_path, f"Require {line}", request(user=user)) is expected


# G: all granted, D: all denied, U: needs a user; with a user, U is granted to joe
LINES = {"G": "Require all granted", "D": "Require all denied", "U": "Require user joe"}


def section(name: str, *members: str) -> str:
    lines = [member if "<" in member else LINES.get(member) or member for member in members]
    return "\n".join([f"<Require{name}>", *lines, f"</Require{name}>"])


NOT = {"G": "Require not all granted", "D": "Require not all denied", "U": "Require not user joe"}


@pytest.mark.parametrize(
    ("text", "nobody", "joe", "ann"),
    [
        (section("Any", "D", "G"), GRANTED, GRANTED, GRANTED),
        (section("Any", "D", "D"), DENIED, DENIED, DENIED),
        (section("Any", "D", "U"), NEEDS_USER, GRANTED, DENIED),
        (section("Any", "U", "D"), NEEDS_USER, GRANTED, DENIED),
        (section("Any", "U", "G"), GRANTED, GRANTED, GRANTED),
        (section("All", "G", "G"), GRANTED, GRANTED, GRANTED),
        (section("All", "G", "D"), DENIED, DENIED, DENIED),
        (section("All", "G", "U"), NEEDS_USER, GRANTED, DENIED),
        (section("All", "U", "G"), NEEDS_USER, GRANTED, DENIED),
        (section("All", "U", "D"), DENIED, DENIED, DENIED),
        (section("All", "G", NOT["D"]), GRANTED, GRANTED, GRANTED),
        (section("All", "G", NOT["G"]), DENIED, DENIED, DENIED),
        (section("All", "U", NOT["D"]), NEEDS_USER, GRANTED, DENIED),
        # who nobody has asked for a name cannot be kept out by name, as in Apache
        (section("All", "G", NOT["U"]), GRANTED, DENIED, GRANTED),
        (section("All", "Require valid-user", NOT["U"]), NEEDS_USER, DENIED, GRANTED),
        (section("All", "G", section("None", "D", "D")), GRANTED, GRANTED, GRANTED),
        (section("All", "G", section("None", "D", "G")), DENIED, DENIED, DENIED),
        (section("All", "G", section("Any", "D", "U")), NEEDS_USER, GRANTED, DENIED),
        (section("Any", "D", section("All", "G", "U")), NEEDS_USER, GRANTED, DENIED),
        (section("Any", section("All", "G", "D"), "U"), NEEDS_USER, GRANTED, DENIED),
        ("Require all denied\n" + section("All", "G"), GRANTED, GRANTED, GRANTED),
    ],
)
def test_sections(tmp_path, text, nobody, joe, ann):
    made = generation(tmp_path, text)
    test = evaluator(made.configuration.server.sections[0].settings[REQUIRE].section, made[TESTS])
    assert [test(request(user=user)) for user in (None, "joe", "ann")] == [nobody, joe, ann]


TREES = st.recursive(
    st.builds(
        Requirement,
        st.sampled_from(["granted", "denied", "joe"]),
        st.just(""),
        st.just(Origin("x", 1)),
        st.booleans(),
    ),
    lambda inner: st.builds(
        Section, st.sampled_from(Logic), st.lists(inner, min_size=1, max_size=4).map(tuple)
    ),
    max_leaves=12,
)


@given(TREES)
def test_whoever_is_kept_out_before_he_is_known_would_be_kept_out_in_any_case(tree):
    def test_of(name):
        if name != "joe":
            return lambda _request: GRANTED if name == "granted" else DENIED
        return lambda asked: NEEDS_USER if asked.user is None else GRANTED if asked.user == "joe" else DENIED

    section = Section(Logic.ANY, (tree,))
    judge = evaluator(section, {each: test_of(each.name) for each in section.requirements()})
    nobody, joe, ann = (judge(request(user=user)) for user in (None, "joe", "ann"))
    assert NEEDS_USER not in (joe, ann)
    if nobody is DENIED:
        assert GRANTED not in (joe, ann)
    if nobody is NEEDS_USER:
        assert joe is not NEUTRAL or ann is not NEUTRAL
    if GRANTED not in (joe, ann):
        assert nobody is not GRANTED


def test_what_lets_in_everybody_costs_nothing(tmp_path):
    made = generation(tmp_path, "Require all granted")
    host = made.configuration.server
    assert authorise(made, host, host.sections[0].settings, ()) is None
    assert authorise(made, host, host.settings, ()) is None


@pytest.mark.parametrize("text", [section("All", NOT["D"]), section("All", NOT["D"], section("None", "G"))])
def test_sections_that_let_nobody_in(tmp_path, text):
    with pytest.raises(ConfigError, match="<RequireAll> lets nobody in, since all rules in it only keep out"):
        generation(tmp_path, text)


@pytest.mark.parametrize("text", [section("None", "G"), section("Any", "G", section("None", "G"))])
def test_sections_without_effect(tmp_path, text):
    with pytest.raises(ConfigError, match="<RequireNone> keeps nobody out here"):
        generation(tmp_path, text)
