"""A record opens where it was made, until it expires, and not after the slightest change."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from prefork_ssl.modules.ssl.sessions.records import Label, expiry_of, label_of
from prefork_ssl.modules.ssl.sessions.sealing import KEY_SIZE, Sealer

ID, SCOPE, SESSION = os.urandom(32), os.urandom(32), b"the master secret is in here" * 8
LABEL = Label(1000.5, 0x0303, "www.example.test:443")
SEALER = Sealer(os.urandom(KEY_SIZE))
RECORD = SEALER.seal(ID, SCOPE, LABEL, SESSION)


def test_it_opens_in_its_scope_until_it_expires():
    assert SEALER.open(ID, SCOPE, RECORD, 1000.4) == SESSION
    assert SEALER.open(ID, SCOPE, RECORD, 1000.6) is None


def test_what_may_be_read_without_the_key():
    assert label_of(RECORD) == LABEL
    assert expiry_of(RECORD) == 1000.5
    assert b"master secret" not in RECORD


def test_another_key_another_id_another_host():
    assert Sealer(os.urandom(KEY_SIZE)).open(ID, SCOPE, RECORD, 0) is None
    assert SEALER.open(os.urandom(32), SCOPE, RECORD, 0) is None
    assert SEALER.open(ID, os.urandom(32), RECORD, 0) is None


def test_no_two_records_are_alike():
    assert SEALER.seal(ID, SCOPE, LABEL, SESSION) != RECORD


def test_each_single_bit_counts():
    for position in range(len(RECORD) * 8):
        changed = bytearray(RECORD)
        changed[position // 8] ^= 1 << position % 8
        assert SEALER.open(ID, SCOPE, bytes(changed), 0) is None


@given(st.binary(max_size=400) | st.integers(0, len(RECORD) - 1).map(lambda length: RECORD[:length]))
def test_what_is_no_record(data):
    assert SEALER.open(ID, SCOPE, data, 0) is None
    label_of(data)
    expiry_of(data)


@given(st.text(max_size=300), st.integers(0, 2**32), st.sampled_from([0x0301, 0x0303, 0x0304]))
def test_any_label(host, expiry, protocol):
    record = SEALER.seal(ID, SCOPE, Label(expiry, protocol, host), SESSION)
    found = label_of(record)
    assert found is not None
    assert (found.expiry, found.protocol) == (expiry, protocol)
    assert host.encode("utf-8", "replace").startswith(found.host.encode()[:200]) or len(host.encode()) > 200
    assert SEALER.open(ID, SCOPE, record, -1) == SESSION
