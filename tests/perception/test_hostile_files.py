"""Files made to do harm, each with a card that vouches for it: none is used, none runs, none fills the memory."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from perception import weights as weights_module
from perception.card import MAX_CARD_BYTES, card_path
from perception.checkpoint import CHECKPOINT_NAME, read_checkpoint
from perception.perceiver import load_perceiver
from perception.weights import MAX_BYTES, WEIGHTS_NAME, unpack
from sim.errors import WeightsError
from tests.perception.conftest import Trained
from tests.perception.test_weights import stamp


@pytest.fixture
def copy(trained: Trained, tmp_path: Path) -> Path:
    for name in (WEIGHTS_NAME, "rollingstop.json"):
        shutil.copy(trained.folder / name, tmp_path / name)
    return tmp_path / WEIGHTS_NAME


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npy_that_claims(shape: str) -> bytes:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 8


def archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def link(name: str, target: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        member = zipfile.ZipInfo(name)
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(member, target)
    return buffer.getvalue()


def bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("stem_2_1/kernel.npy", npy(np.zeros(MAX_BYTES // 4 + 1000, np.float32)))
    return buffer.getvalue()


def twice() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file, pytest.warns(UserWarning, match="Duplicate"):
        for _ in range(2):
            file.writestr("stem_2_1/kernel.npy", npy(np.zeros(3, np.float32)))
    return buffer.getvalue()


def locked() -> bytes:
    """Return an archive whose member says that it is encrypted."""
    data = bytearray(archive(**{"stem_2_1/kernel.npy": npy(np.zeros(3, np.float32))}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    return bytes(data)


LAMBDA = json.dumps({"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__"}}}).encode()
HOSTILE = {
    "a Keras file with a Lambda layer": lambda: archive(**{"config.json": LAMBDA, "metadata.json": b"{}"}),
    "a Keras file with a TFSMLayer": lambda: archive(
        **{"config.json": json.dumps({"class_name": "TFSMLayer", "config": {"filepath": "/elsewhere"}}).encode()}
    ),
    "an HDF5 file": lambda: b"\x89HDF\r\n\x1a\n" + b"\0" * 600,
    "a member that leads upwards": lambda: archive(**{"../outside.npy": npy(np.zeros(3, np.float32))}),
    "a member that leads upwards within": lambda: archive(**{"a/../../outside.npy": npy(np.zeros(3, np.float32))}),
    "a member with an absolute path": lambda: archive(**{"/outside.npy": npy(np.zeros(3, np.float32))}),
    "a member with a drive": lambda: archive(**{"C:\\outside.npy": npy(np.zeros(3, np.float32))}),
    "a link": lambda: link("stem_2_1/kernel.npy", "/etc/hostname"),
    "the same member twice": twice,
    "an encrypted member": locked,
    "a member that is no array": lambda: archive(**{"stem_2_1/kernel.npy": b"import os"}),
    "an array of objects": lambda: archive(**{"stem_2_1/kernel.npy": _objects()}),
    "an array that claims a petabyte": lambda: archive(**{"stem_2_1/kernel.npy": npy_that_claims("(1 << 48,)")}),
    "an array with a huge shape": lambda: archive(**{"stem_2_1/kernel.npy": npy_that_claims("(281474976710656,)")}),
    "an array with a shape below zero": lambda: archive(**{"stem_2_1/kernel.npy": npy_that_claims("(-4, -4)")}),
    "an archive that unpacks to more than it may": bomb,
    "half a file": lambda: archive(**{"stem_2_1/kernel.npy": npy(np.zeros(300, np.float32))})[:700],
    "nothing": lambda: b"",
}


def _objects() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_even_where_its_card_vouches_for_it(copy: Path, name: str) -> None:
    copy.write_bytes(HOSTILE[name]())
    stamp(copy)
    before = set(copy.parent.parent.iterdir())
    with pytest.raises(WeightsError) as refused:
        load_perceiver(copy)
    assert "Expected" in str(refused.value)
    assert set(copy.parent.parent.iterdir()) == before


@pytest.mark.parametrize("name", ["an array with a huge shape", "an array of objects", "an encrypted member"])
def test_a_hostile_checkpoint_is_refused_too(tmp_path: Path, name: str) -> None:
    (tmp_path / CHECKPOINT_NAME).write_bytes(HOSTILE[name]())
    with pytest.raises(WeightsError):
        read_checkpoint(tmp_path, "any")


def test_a_file_over_the_limit_is_refused_before_it_is_read(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with copy.open("r+b") as file:
        file.truncate(MAX_BYTES + 1)
    monkeypatch.setattr(weights_module, "unpack", lambda *_: pytest.fail("it was opened"))
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(WeightsError, match=f"at most {MAX_BYTES} bytes"):
        load_perceiver(copy)


def test_the_digest_is_checked_before_anything_is_unpacked(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy.write_bytes(HOSTILE["an archive that unpacks to more than it may"]())
    monkeypatch.setattr(weights_module, "unpack", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(WeightsError, match="altered"):
        load_perceiver(copy)


@pytest.mark.parametrize("text", ["[" * 200_000, "{" * 10, "nonsense", "[]", "\x00"])
def test_a_hostile_card_is_refused(copy: Path, text: str) -> None:
    card_path(copy).write_text(text)
    with pytest.raises(WeightsError, match="card"):
        load_perceiver(copy)


def test_a_card_over_the_limit_is_refused(copy: Path) -> None:
    with card_path(copy).open("r+b") as file:
        file.truncate(MAX_CARD_BYTES + 1)
    with pytest.raises(WeightsError, match="at most"):
        load_perceiver(copy)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_place_of_a_file_does_not_hang(copy: Path) -> None:
    copy.unlink()
    os.mkfifo(copy)
    with pytest.raises(WeightsError, match="no such file"):
        load_perceiver(copy)


def test_good_arrays_still_come_back() -> None:
    whole = archive(**{"a/b.npy": npy(np.arange(6, dtype=np.float32).reshape(2, 3)), "c.npy": npy(np.float32(3))})
    back = unpack(whole, Path("here"))
    assert back["a/b"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert back["c"] == 3
