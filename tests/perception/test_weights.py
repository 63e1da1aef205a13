from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from perception.card import card_path, read_card, render
from perception.network import NetworkConfig, build_network
from perception.perceiver import load_perceiver
from perception.weights import WEIGHTS_NAME, arrays_of, fill, pack, read_weights, save_weights, unpack
from sim.camera import Camera, CameraFrame
from sim.errors import WeightsError
from tests.perception.conftest import SMALL_CAMERA, SMALL_NETWORK, Trained


@pytest.fixture
def copy(trained: Trained, tmp_path: Path) -> Path:
    for name in (WEIGHTS_NAME, "rollingstop.json"):
        shutil.copy(trained.folder / name, tmp_path / name)
    return tmp_path / WEIGHTS_NAME


def stamp(path: Path) -> None:
    """Make the card agree with a file that was changed, as an attacker who writes both would."""
    import hashlib

    card = json.loads(card_path(path).read_text())
    card["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    card_path(path).write_text(json.dumps(card))


def test_weights_come_back_as_they_were_written(tmp_path: Path) -> None:
    arrays = arrays_of(build_network(SMALL_NETWORK, SMALL_CAMERA))
    save_weights(tmp_path / "w.npz", arrays)
    back = unpack((tmp_path / "w.npz").read_bytes(), tmp_path)
    assert list(back) == list(arrays)
    assert all((back[name] == arrays[name]).all() for name in arrays)
    assert pack(arrays) == pack(back)


def test_a_folder_stands_for_the_weights_in_it(copy: Path) -> None:
    assert read_weights(copy.parent)[0] == read_weights(copy)[0]


def test_one_changed_byte_is_refused(copy: Path) -> None:
    data = bytearray(copy.read_bytes())
    data[len(data) // 2] ^= 1
    copy.write_bytes(bytes(data))
    with pytest.raises(WeightsError, match="altered"):
        load_perceiver(copy)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"nowhere\.npz.*no such file"):
        load_perceiver(tmp_path / "nowhere.npz")


def test_a_missing_card_is_named(copy: Path) -> None:
    card_path(copy).unlink()
    with pytest.raises(WeightsError, match=r"rollingstop\.json.*no such file"):
        load_perceiver(copy)


@pytest.mark.parametrize("name", ["model.h5", "model.keras", "model.pkl"])
def test_files_that_may_carry_code_are_not_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"anything")
    with pytest.raises(WeightsError, match="not opened"):
        load_perceiver(tmp_path / name)


def test_a_pickle_within_is_never_unpickled(copy: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
            return (pytest.fail, ("a pickle was opened",))

    copy.write_bytes(pickle.dumps(Trap()))
    stamp(copy)
    with pytest.raises(WeightsError, match="another kind of file"):
        load_perceiver(copy)


def test_an_array_of_objects_is_refused(copy: Path) -> None:
    with copy.open("wb") as file:
        np.savez(file, allow_pickle=True, **{"stem_2_1/kernel": np.array([{}], dtype=object)})
    stamp(copy)
    with pytest.raises(WeightsError, match="plain arrays"):
        load_perceiver(copy)


def test_weights_of_another_network_are_refused(copy: Path) -> None:
    other = build_network(NetworkConfig(stem=(4, 8, 8), context=16, branch=8, lane_maps=2, lane_units=8), SMALL_CAMERA)
    save_weights(copy, arrays_of(other))
    stamp(copy)
    with pytest.raises(WeightsError, match=r"float32 of shape .*Received: float32 of shape"):
        load_perceiver(copy)


def test_an_unknown_array_is_refused() -> None:
    model = build_network(SMALL_NETWORK, SMALL_CAMERA)
    with pytest.raises(WeightsError, match="unknown array 'extra'"):
        fill(model, {**arrays_of(model), "extra": np.zeros(1, np.float32)}, "test")


def test_numbers_that_are_not_finite_are_refused() -> None:
    model = build_network(SMALL_NETWORK, SMALL_CAMERA)
    arrays = arrays_of(model)
    arrays["head/bias"][0] = np.nan
    with pytest.raises(WeightsError, match="finite"):
        fill(model, arrays, "test")


def test_a_card_with_an_unknown_key_is_refused(copy: Path) -> None:
    card = json.loads(card_path(copy).read_text())
    card_path(copy).write_text(json.dumps({**card, "extra": 1}))
    with pytest.raises(WeightsError, match="unknown key 'extra'"):
        load_perceiver(copy)


def test_another_camera_is_refused_when_loading_and_when_looking(copy: Path) -> None:
    other = Camera(width_px=192, height_px=96, focal_px=300.0)
    with pytest.raises(WeightsError, match="camera"):
        load_perceiver(copy, camera=other)
    perceive = load_perceiver(copy, camera=SMALL_CAMERA)
    with pytest.raises(WeightsError, match="focal length 300"):
        perceive(CameraFrame(0, np.zeros((96, 192, 3), np.uint8), other))


def test_the_card_says_how_the_weights_were_made(copy: Path) -> None:
    page = render(read_card(copy))
    assert "recipe `tiny`, seed 7" in page
    assert "SHA-256" in page
    assert "| stop sign, recall at 97 |" in page
