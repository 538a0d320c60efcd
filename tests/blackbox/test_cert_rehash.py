"""prefork-ssl-cert rehash: openssl finds CAs and CRLs by the links, and would have made the same ones."""

from pathlib import Path

import pytest
from blackbox.desk import Desk

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Three CAs, of which two have the same name; the first has issued a.crt, revoked it and written a CRL."""
    desk = Desk(tmp_path_factory.mktemp("rehash"))
    for name, subject in {"one": "/O=Ä  b/CN=One", "two": "/CN=Two", "three": "/O= Ä B/CN=ONE"}.items():
        desk.cert(f"ca --cert {name}.pem --key {name}.key --subject '{subject}' --no-passphrase")
    for name in ("one", "three"):
        desk.cert(f"request --key {name}.key --out a.csr --subject /CN=a.test --force")
        desk.cert(f"sign --ca-cert {name}.pem --ca-key {name}.key --request a.csr --out a-{name}.crt")
        desk.cert(f"revoke --ca-cert {name}.pem --cert a-{name}.crt")
        desk.cert(f"crl --ca-cert {name}.pem --ca-key {name}.key --out {name}.crl")
    desk.cert("convert --in two.pem --out two.der --to der")
    return desk


@pytest.fixture
def desk(made: Desk, tmp_path: Path) -> Desk:
    """A desk with a folder `cas` that has the CAs and CRLs."""
    (tmp_path / "cas").mkdir()
    for path in made.folder.iterdir():
        place = tmp_path / "cas" if path.suffix in (".pem", ".crl") else tmp_path
        (place / path.name).write_bytes(path.read_bytes())
    return Desk(tmp_path)


def links(folder: Path) -> dict[str, str]:
    """All symbolic links in a folder."""
    return {path.name: str(path.readlink()) for path in folder.iterdir() if path.is_symlink()}


def test_openssl_verifies_by_the_links(desk: Desk) -> None:
    desk.openssl("verify -no-CAfile -no-CAstore -CApath cas a-one.crt", status=2)
    desk.cert("rehash cas")
    for name in ("one", "three"):
        desk.openssl(f"verify -no-CAfile -no-CAstore -CApath cas a-{name}.crt")
        refusal = desk.openssl(f"verify -no-CAfile -no-CAstore -CApath cas -crl_check a-{name}.crt", status=2)
        assert "certificate revoked" in refusal


def test_the_links_are_those_of_openssl(desk: Desk) -> None:
    desk.cert("rehash cas")
    ours = links(desk / "cas")
    hashes = {
        name: desk.openssl(f"x509 -in cas/{name}.pem -noout -subject_hash").strip()
        for name in ("one", "two", "three")
    }
    assert hashes["one"] == hashes["three"]
    assert ours == {
        f"{hashes['one']}.0": "one.pem",
        f"{hashes['two']}.0": "two.pem",
        f"{hashes['three']}.1": "three.pem",
        f"{hashes['one']}.r0": "one.crl",
        f"{hashes['three']}.r1": "three.crl",
    }
    desk.openssl("rehash cas")
    assert set(links(desk / "cas")) == set(ours)


def test_dead_and_wrong_links_go_and_others_stay(desk: Desk) -> None:
    cas = desk / "cas"
    desk.cert("rehash cas")
    before = links(cas)
    inodes = {name: (cas / name).lstat().st_ino for name in before}
    (cas / "00000000.0").symlink_to("gone.pem")
    (cas / "11111111.r3").symlink_to("one.crl")
    (cas / "latest").symlink_to("two.pem")
    (cas / "gone.pem").symlink_to("nowhere.pem")
    printed = desk.cert("rehash cas")
    assert "00000000.0 removed\n11111111.r3 removed\n" in printed
    assert links(cas) == before | {"latest": "two.pem", "gone.pem": "nowhere.pem"}
    # What was right was not touched, so that nobody misses it in between.
    assert {name: (cas / name).lstat().st_ino for name in before} == inodes


def test_links_close_up_when_a_file_goes(desk: Desk) -> None:
    cas = desk / "cas"
    desk.cert("rehash cas")
    (cas / "one.pem").unlink()
    desk.cert("rehash cas")
    (left,) = (name for name, target in links(cas).items() if target == "three.pem")
    assert left.endswith(".0")
    desk.openssl("verify -no-CAfile -no-CAstore -CApath cas a-three.crt")


def test_a_file_with_a_hashed_name_keeps_its_place(desk: Desk) -> None:
    cas = desk / "cas"
    one = desk.openssl("x509 -in cas/one.pem -noout -subject_hash").strip()
    (cas / "one.pem").rename(cas / f"{one}.0")
    desk.cert("rehash cas")
    assert links(cas)[f"{one}.1"] == "three.pem"
    for name in ("one", "three"):
        desk.openssl(f"verify -no-CAfile -no-CAstore -CApath cas a-{name}.crt")


def test_what_gets_no_link_is_said(desk: Desk) -> None:
    cas = desk / "cas"
    (cas / "copy.crt").write_bytes((cas / "two.pem").read_bytes())
    (cas / "bundle.pem").write_bytes((cas / "one.pem").read_bytes() + (cas / "two.pem").read_bytes())
    (cas / "der.cer").write_bytes((desk / "two.der").read_bytes())
    (cas / "text.pem").write_text("text\n")
    (cas / "bad.pem").write_text("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")
    (cas / "readme.txt").write_text("text\n")
    result = desk.run("rehash cas")
    assert result.returncode == 0
    said = sorted(line.removeprefix("Passed over: ") for line in result.stderr.splitlines())
    assert said[0] == "bad.pem: what it holds is malformed"
    assert said[1:] == [
        "bundle.pem: holds 2 certificates and CRLs, and only one gets a link",
        "der.cer: is DER, and OpenSSL looks for PEM here: convert it",
        "text.pem: cas/text.pem holds no certificate, request, CRL, private key or PKCS#12",
        "two.pem: the same as copy.crt",
    ]
    assert "copy.crt" in links(cas).values()


def test_places_that_are_none(desk: Desk) -> None:
    assert desk.refused("rehash nowhere") == "nowhere: No such file or directory"
    assert desk.refused("rehash a-one.crt") == "a-one.crt: Not a directory"
