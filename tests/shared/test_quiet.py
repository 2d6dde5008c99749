"""OpenEXR's own words are kept off the streams; nobody else's are."""

from __future__ import annotations

import os
import sys

import pytest

from shared.passes.quiet import quiet


def test_only_the_librarys_words_are_lost(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet():
        os.write(2, b"a.exr: (EXR_ERR_CORRUPT_CHUNK) Unable to decompress\nfrom another thread\n")
        print("Warning: Exception raised reading pixel data for part 0 - Unable to run decoder")
        print("printed meanwhile")
        with quiet():  # a second reader
            os.write(2, b"(EXR_ERR_BAD_CHUNK_LEADER) again\n")
        os.write(2, b"(EXR_ERR_BAD_CHUNK_LEADER) the first one still reads\n")
    print("after")
    os.write(2, b"after\n")
    sys.stdout.flush()
    assert capfd.readouterr() == ("printed meanwhile\nafter\n", "from another thread\nafter\n")


def test_it_ends_with_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout
    with pytest.raises(ValueError, match="inside"), quiet():
        raise ValueError("inside")
    assert sys.stdout is before
    os.write(2, b"heard\n")
    assert capfd.readouterr().err == "heard\n"
