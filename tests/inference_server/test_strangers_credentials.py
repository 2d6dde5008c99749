"""What strangers signed, and what is no certificate and no picture: read and told as what it is."""

import io
import json

import pytest
from PIL import Image

pytest.importorskip("c2pa")

import c2pa

from inference_server.provenance import certificates, credentials
from semrender import main


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (
            [{"layer": "a", "who": "\x1b[2J\u202eeve\n  watermark: 00000000"}],
            r"a, \x1b[2J\u202eeve\n  watermark: 00000000",
        ),
        ([{"layer": "a", "who": ["eve"], "purpose": 5}], "a"),
        (["a", "b"], None),
        (5, None),
        (None, None),
    ],
)
def test_what_a_stranger_signed_steers_nothing_and_forges_no_line(monkeypatch, tmp_path, capsys, said, wanted):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    certificate, _ = certificates.bring()
    kind = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    made = {
        "action": "c2pa.created",
        "digitalSourceType": kind,
        "softwareAgent": {"name": "\x1b]0;x\x07y\n", "version": "1"},
    }
    assertions = [
        {"label": "c2pa.actions.v2", "data": {"actions": [made]}},
        {"label": credentials.CONSENT, "data": {"statements": said}},
    ]
    told_of = {"claim_generator_info": [{"name": "evil", "version": "1"}], "title": "a", "format": "png"}
    context = c2pa.Context.from_dict(credentials.SETTINGS)
    builder = c2pa.Builder.from_json(json.dumps({**told_of, "assertions": assertions}), context=context)
    about = c2pa.C2paSignerInfo(certificate.algorithm.encode(), certificate.chain, certificate.key, None)
    plain, signed = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (64, 64)).save(plain, "PNG")
    plain.seek(0)
    builder.sign(c2pa.Signer.from_info(about), "png", plain, signed)
    theirs = tmp_path / "the\x1b[2Jirs\n.png"
    theirs.write_bytes(signed.getvalue())
    assert main(["provenance", "read", str(theirs)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert r"     c2pa.created by \x1b]0;x\x07y\n trainedAlgorithmicMedia" in lines
    assert [one.strip() for one in lines if "consent" in one] == ([] if wanted is None else [f"consent: {wanted}"])
    assert all(one.isprintable() for one in lines)
    assert main(["--json", "provenance", "read", str(theirs)]) == 0
    assert all(isinstance(one, dict) for one in json.loads(capsys.readouterr().out)["credentials"]["consents"])


def test_who_is_trusted_is_a_certificate_and_a_damaged_file_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    (tmp_path / "none.pem").write_text("garbage")
    assert main(["provenance", "read", str(tmp_path / "a.png"), "--trust", str(tmp_path / "none.pem")]) == 3
    assert "none.pem: the file has no certificates" in capsys.readouterr().err
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"\x1b[2J" * 40)
    how = ("--consent", "synthetic-or-fictional", "--out", str(tmp_path / "signed.png"))
    assert main(["provenance", "sign", str(damaged), *how]) != 0
    words = capsys.readouterr().err
    assert "damaged.png: the file could not be signed" in words and "opens in other programs" in words
    assert not (tmp_path / "signed.png").exists()
