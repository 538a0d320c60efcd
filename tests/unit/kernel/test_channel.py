"""What master and worker say to each other."""

import os
from pathlib import Path

from prefork_ssl.kernel.process.channel import Channel


def test_messages_keep_their_bounds() -> None:
    master, worker = Channel.pair()
    worker.send("ready")
    worker.send("failed for a reason")
    assert master.receive() == "ready"
    assert master.receive() == "failed for a reason"
    assert master.receive() == ""


def test_the_end_is_heard_after_the_last_words() -> None:
    master, worker = Channel.pair()
    worker.send("failed")
    worker.close()
    assert master.receive() == "failed"
    assert master.receive() is None
    assert not worker.open


def test_nobody_listens_any_more() -> None:
    master, worker = Channel.pair()
    worker.close()
    master.send("drain")
    worker.send("ready")
    assert master.receive() is None


def test_long_reasons_are_cut() -> None:
    master, worker = Channel.pair()
    worker.send("failed " + "x" * 100_000)
    assert master.receive().startswith("failed xxx")
    assert master.receive() == ""


def test_a_log_descriptor_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    master, worker = Channel.pair()
    old = os.open(tmp_path / "old", os.O_WRONLY | os.O_CREAT)
    new = os.open(tmp_path / "new", os.O_WRONLY | os.O_CREAT)
    master.send_log(old, new)
    os.close(new)
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert worker.receive() == f"log {old}"
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    os.write(old, b"line\n")
    assert (tmp_path / "new").read_bytes() == b"line\n"
    assert (tmp_path / "old").read_bytes() == b""
    assert not os.get_inheritable(old)
    os.close(old)


def test_no_worker_chooses_descriptors_of_the_master(tmp_path: Path) -> None:
    master, worker = Channel.pair()
    precious = os.open(tmp_path / "precious", os.O_WRONLY | os.O_CREAT)
    other = os.open(tmp_path / "other", os.O_WRONLY | os.O_CREAT)
    before = len(list(Path("/proc/self/fd").iterdir()))
    worker.send_log(precious, other)
    assert master.receive() == f"log {precious}"
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert os.path.samestat(os.fstat(precious), (tmp_path / "precious").stat())
    os.close(precious)
    os.close(other)
