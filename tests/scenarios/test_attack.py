"""Attacks on whole drives: what flashes when, who drives, how it is counted, and the command."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import lru_cache

import pytest

from perception.attack.optimise import Candidate, FoundSticker, Start, TriedPlace
from perception.weights import SHIPPED
from scenarios.attack import drives
from scenarios.attack.choice import choose
from scenarios.attack.drives import AttackJob, DriverKind, Flash, Flasher, Showing, run_attack
from scenarios.attack.phantom import EMPTY_ROAD, PICTURES, flash_name, phantom_arms, road_with, try_phantoms
from scenarios.attack.sticker import CONDITIONS, sticker_arms, try_sticker
from scenarios.attack.trial import Arm, Driven, drive_arms, paired, unchanged
from scenarios.scenario import find_scenario, load_shipped, start_world
from sim.control import DriverConfig
from sim.loop import BlindEyes, OracleEyes
from sim.percept import Detection, ObjectKind
from sim.signs import SignKind
from sim.stickers import Sticker, noise_sticker, place_of, plain_sticker, read_sticker, write_sticker
from sim.world import place_ego
from tests.commands import run

STRAIGHT = find_scenario("straight", load_shipped())
PLACE = place_of(0.10, 0.0, 0.0)
STICKER = noise_sticker(PLACE, 16, 16, 7)


@pytest.fixture
def perfect_eyes(monkeypatch):
    """Drive with perfect eyes: what is tested is what happens to the drives, not the network."""
    monkeypatch.setattr(drives, "eyes_of_process", lru_cache(lambda _name, _weights: OracleEyes()))


def _shown(showing, frames):
    world = start_world(EMPTY_ROAD, 3)
    flasher = Flasher(world, Flash(showing, frames))
    seen = []
    for step in range(120):
        world = replace(place_ego(world, world.ego_s_m + 0.5, 0.0, 0.0, 10.0), step=step)
        world = flasher(world)
        seen.append(any(sign.kind in (SignKind.STOP, SignKind.STOP_BILLBOARD) for sign in world.scene.signs))
    return seen


@pytest.mark.parametrize("showing", list(Showing))
@pytest.mark.parametrize("frames", [0, 1, 10])
def test_a_flash_lasts_as_many_frames_as_it_says_in_one_piece(showing, frames):
    seen = _shown(showing, frames)

    assert sum(seen) == frames
    if frames:
        first = seen.index(True)
        assert all(seen[first : first + frames])
        assert first > 10
    assert seen == _shown(showing, frames)


def test_a_road_for_phantoms_has_nothing_to_stop_for_and_its_pictures():
    for kind in PICTURES:
        signs = [start_world(road_with(kind), seed).scene.signs for seed in range(6)]
        assert {sign.kind for each in signs for sign in each} == {kind}
    assert start_world(EMPTY_ROAD, 1).scene.network.stop_lines == ()


def test_drivers_differ_in_what_they_are_called():
    config = DriverConfig()

    assert DriverKind.STANDARD.configured(config) == config
    assert DriverKind.NO_MEMORY.configured(config).at_its_word
    assert config.eases_off and not DriverKind.UNWARY.configured(config).eases_off
    assert config.checks_size
    assert not DriverKind.ANY_SIZE.configured(config).checks_size


def test_a_run_tells_what_was_seen_of_the_sign_and_how_it_ended():
    seen = run_attack(AttackJob(STRAIGHT, 1, sticker=STICKER), OracleEyes())
    blind = run_attack(AttackJob(STRAIGHT, 1), BlindEyes())

    assert not seen.lost and not seen.ran_the_stop and not seen.phantom
    distances = [distance_m for distance_m, _ in seen.seen]
    assert distances == sorted(distances, reverse=True) or distances[0] > distances[-1]
    assert min(score for distance_m, score in seen.seen if 12 < distance_m < 50) > 0.9
    assert blind.lost and blind.ran_the_stop
    assert max(score for _, score in blind.seen) == 0.0


class DeceivedEyes:
    """Eyes that know the lane, and for some steps believe in a stop sign ahead that they come nearer to."""

    name, needs_frame, needs_truth, sure_score = "oracle", False, True, 0.5

    def __init__(self, steps):
        self._steps = steps

    def __call__(self, step, capture):
        percept = OracleEyes()(step, capture)
        if step not in self._steps:
            return percept
        distance_m = max(40.0 - 0.4 * (step - self._steps.start), 8.0)
        side = 0.76 * 720.0 / distance_m
        box = (420.0, 120.0, 420.0 + side, 120.0 + side)
        seen = Detection(ObjectKind.STOP_SIGN, box, 0.99, distance_m, 0.5)
        return replace(percept, detections=(seen, *percept.detections))


def test_a_sign_that_is_believed_in_for_long_makes_a_phantom(monkeypatch):
    eyes = {"long": DeceivedEyes(range(40, 200)), "none": DeceivedEyes(range(0))}
    found = {}
    for name, each in eyes.items():
        monkeypatch.setattr(drives, "eyes_of_process", lambda _name, _weights, each=each: each)
        found[name] = run_attack(AttackJob(EMPTY_ROAD, 2))

    assert found["long"].phantom and found["long"].lost
    assert not found["none"].phantom and not found["none"].lost


def test_arms_are_driven_on_the_same_seeds_and_held_against_each_other(perfect_eyes):
    arms = sticker_arms(STRAIGHT, STICKER, other_drivers=True)
    jobs = {arm.name: arm.jobs(5, 2) for arm in arms if arm.driver is DriverKind.STANDARD}

    assert list(jobs) == list(CONDITIONS)
    assert [job.sticker for job in jobs["optimised"]] == [STICKER, STICKER]
    assert jobs["none"][0].sticker is None
    assert jobs["noise"][0].sticker != jobs["noise"][1].sticker
    assert {job.sticker.place for job in (*jobs["noise"], *jobs["white"])} == {PLACE}
    trial = try_sticker(arms, STICKER, seed=5, runs=1)
    assert [each.lost.hits for each in trial.driven] == [0] * len(arms)
    assert [pair.second for pair in trial.pairs] == [
        *("none", "white", "noise") * 2,
        "optimised (unwary)",
        "optimised (no memory)",
    ]
    assert json.dumps(trial.to_dict())


def candidate(sticker: Sticker, score: float) -> Candidate:
    return Candidate(sticker, Start.WHITE, (1.0,), score, {"optimised": score})


def found_two() -> FoundSticker:
    other = plain_sticker(place_of(0.1, 0.2, 0.0))
    return FoundSticker((candidate(STICKER, 0.2), candidate(other, 0.6)), (TriedPlace(PLACE, Start.WHITE, 0.7),), 1)


def test_the_sticker_that_costs_most_drives_is_chosen_not_that_of_the_lowest_score(monkeypatch):
    lost = run_attack(AttackJob(STRAIGHT, 1), BlindEyes())
    held = run_attack(AttackJob(STRAIGHT, 1), OracleEyes())
    jobs: list[AttackJob] = []

    def driven(given, **_):
        jobs.extend(given)
        return [lost if job.sticker != STICKER else held for job in given]

    monkeypatch.setattr("scenarios.attack.choice.run_attacks", driven)
    chosen = choose(found_two(), STRAIGHT, weights=None, seed=0, drives=3)

    assert chosen.number == 1 and chosen.sticker != STICKER
    assert [(each.lost, each.drives) for each in chosen.tried] == [(0, 3), (3, 3)]
    assert [job.run_seed for job in jobs[:3]] == [job.run_seed for job in jobs[3:]]
    assert min(job.run_seed for job in jobs) > 10**6  # none that a trial is judged on
    assert [each["chosen"] for each in chosen.to_list()] == [False, True]


def test_of_two_that_cost_as_many_drives_that_is_chosen_with_which_the_sign_is_seen_less(perfect_eyes):
    chosen = choose(found_two(), STRAIGHT, weights=None, seed=0, drives=1)

    assert [each.lost for each in chosen.tried] == [0, 0]
    assert chosen.number == min((0, 1), key=lambda k: chosen.tried[k].score)


def test_without_trial_drives_frames_choose():
    assert choose(found_two(), STRAIGHT, weights=None, seed=0, drives=0).sticker == STICKER


def test_pairs_count_what_differs():
    held = run_attack(AttackJob(STRAIGHT, 1), OracleEyes())
    lost = run_attack(AttackJob(STRAIGHT, 1), BlindEyes())
    arm = Arm("none", "given", DriverKind.STANDARD, STRAIGHT, unchanged)

    pair = paired(Driven(arm, (held, lost, lost, lost)), Driven(replace(arm, name="white"), (held, held, held, lost)))

    assert (pair.only_first, pair.only_second, pair.p) == (2, 0, 0.5)
    assert Driven(arm, (held, lost)).lost.words == "1 of 2, 50 % (1-99 %)"
    other = run_attack(AttackJob(STRAIGHT, 2), OracleEyes())
    with pytest.raises(ValueError, match="same seeds"):
        paired(Driven(arm, (held,)), Driven(arm, (other,)))


def test_phantoms_are_counted_by_length_and_driver(perfect_eyes):
    flashes, standing = phantom_arms(frames=(0, 1), showings=(Showing.BILLBOARD,), pictures=(SignKind.STOP_SHIRT,))
    trial = try_phantoms(flashes, standing, seed=1, runs=1)

    assert flash_name(Showing.BILLBOARD, 1) == "billboard, 1 frame"
    assert len(trial.flashes) == 4 and len(trial.pictures) == 3 and len(trial.pairs) == 4
    assert all(each.phantoms.hits == 0 for each in (*trial.flashes, *trial.pictures))


def test_scores_are_averaged_by_distance(perfect_eyes):
    arm = Arm("none", "given", DriverKind.STANDARD, STRAIGHT, unchanged)
    (driven,) = drive_arms([arm], seed=1, runs=1)

    rows = driven.score_by_distance()
    assert [middle_m for middle_m, _, _ in rows] == sorted(middle_m for middle_m, _, _ in rows)
    assert sum(frames for _, _, frames in rows) == len(driven.runs[0].seen)


def test_the_command_judges_a_given_sticker_and_leaves_a_page(perfect_eyes, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("scenarios.run.make_eyes", lambda *_: BlindEyesOfFrames())
    write_sticker(STICKER, tmp_path / "sticker.json")
    words = ("attack", "sticker", "--sticker", tmp_path / "sticker.json", "--runs", 1, "--seed", 4, "--out", tmp_path)

    status, printed, _ = run(monkeypatch, capsys, *words, "--json", "--quiet", "--no-other-drivers")

    assert status == 0
    plain = json.loads(printed)
    assert [arm["name"] for arm in plain["arms"]] == list(CONDITIONS)
    assert plain == json.loads((tmp_path / "sticker-results.json").read_text())
    page = (tmp_path / "sticker.html").read_text()
    assert page.count("data:image/png;base64,") >= 11
    assert "http" not in page.replace("http-equiv", "")
    assert (tmp_path / "sticker.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_finds_stickers_and_tells_which_of_them_was_chosen(perfect_eyes, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("scenarios.run.make_eyes", lambda *_: BlindEyesOfFrames())
    asked = []

    def find(_spec, config, _weights, *, progress):
        asked.append(config)
        return found_two()

    monkeypatch.setattr("perception.attack.optimise.find_stickers", find)
    words = ("attack", "sticker", "--quick", "--runs", 1, "--trial-drives", 1, "--seed", 4, "--out", tmp_path)

    status, printed, _ = run(monkeypatch, capsys, *words, "--json", "--quiet", "--no-other-drivers")

    assert status == 0
    assert (asked[0].area, asked[0].seed, asked[0].finalists) == (0.10, 4, 2)
    finalists = json.loads(printed)["finalists"]
    assert [each["drives"] for each in finalists] == [1, 1]
    (chosen,) = (each for each in finalists if each["chosen"])
    assert read_sticker(tmp_path / "sticker.json").u == chosen["place"]["u"]
    page = (tmp_path / "sticker.html").read_text()
    assert "trial drives lost" in page and page.count("<td>chosen</td>") == 1


def test_the_command_flashes_phantoms_and_leaves_a_page(perfect_eyes, monkeypatch, capsys, tmp_path):
    words = ("attack", "phantom", "--frames", "1,3", "--runs", 1, "--no-pictures", "--out", tmp_path)

    status, printed, _ = run(monkeypatch, capsys, *words)

    assert status == 0
    assert "projected, 3 frames" in printed and "McNemar" in printed
    assert "data:image/png" in (tmp_path / "phantom.html").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("sticker", "--adapt"), "--defended"),
        (("sticker", "--scenario", "empty_road"), "stop sign"),
        (("sticker", "--scenario", "school_bus"), "with a stop sign in each of its worlds"),
        (("sticker", "--scenario", "strait"), "straight"),
        (("sticker", "--sticker", "nowhere.json"), "sticker"),
        (("phantom", "--frames", "many"), "whole numbers"),
        (("phantom", "--frames", "-1"), "whole numbers"),
    ],
)
def test_bad_input_gets_one_line(monkeypatch, capsys, tmp_path, words, told):
    monkeypatch.chdir(tmp_path)

    status, printed, error = run(monkeypatch, capsys, "attack", *words)

    assert status != 0
    assert told in printed + error


def test_weights_of_another_camera_are_refused_before_the_hunt(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("perception.attack.optimise.find_stickers", lambda *_, **__: pytest.fail("it was hunted"))
    for name in ("rollingstop.npz", "rollingstop.json"):
        shutil.copy(SHIPPED.with_name(name), tmp_path / name)
    card = json.loads((tmp_path / "rollingstop.json").read_text())
    card["camera"]["focal_px"] = 500.0
    (tmp_path / "rollingstop.json").write_text(json.dumps(card))

    for weights in (("--weights", tmp_path), ("--defended", tmp_path)):
        status, _, error = run(monkeypatch, capsys, "attack", "sticker", *weights, "--out", tmp_path / "out", "--quiet")

        assert status != 0
        assert "Expected frames of the camera that the weights were trained for" in error


class BlindEyesOfFrames:
    """Eyes that take frames and see nothing: they stand for the network in pictures."""

    name, needs_frame, needs_truth, sure_score = "network", True, False, 0.9

    def __call__(self, step, capture):
        from sim.percept import Percept

        assert capture.frame is not None
        return Percept(step)
