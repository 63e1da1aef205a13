"""The command line as a user meets it: what it prints, with which status it leaves, and that no traceback is shown."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands import run

ROOT = Path(__file__).parents[1]
RECIPE = """
name = "tiny"
seed = 5
count = 12
frames_per_shard = 6

[world]
junctions = [1, 1]
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    from sim.recording import Recipe, generate_dataset

    recipe = Recipe(name="tiny", seed=5, count=12, frames_per_shard=6)
    return generate_dataset(recipe, tmp_path_factory.mktemp("sets") / "tiny").path


def test_version_and_help_are_quick_to_come():
    started_s = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "rollingstop", "--help"], capture_output=True, text=True, cwd=ROOT)
    passed_s = time.perf_counter() - started_s

    assert done.returncode == 0
    for command in ("generate", "show", "train", "evaluate", "drive", "test", "demo", "benchmark", "plot"):
        assert command in done.stdout
    # A guard against loading the simulator by accident, far above what it takes; the benchmark measures speed.
    assert passed_s < 10.0


def test_version(monkeypatch, capsys):
    status, out, _ = run(monkeypatch, capsys, "--version")

    assert status == 0
    assert out.startswith("rollingstop ")


def test_generate_makes_a_data_set_and_says_so_as_json(monkeypatch, capsys, recipe, tmp_path):
    status, out, _ = run(monkeypatch, capsys, "generate", recipe, "--out", tmp_path / "set", "-j", 1, "-q", "--json")

    assert status == 0
    assert json.loads(out)["frames"] == 12
    assert (tmp_path / "set" / "manifest.json").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "x"\nseed = 1\ncount = 2\ncuont = 3\n', ["unknown key 'cuont'", "Did you mean 'count'"]),
        ('name = "x"\nseed = 1\ncount = "many"\n', ["count", "Received: 'many'"]),
        ("name = \n", ["to be TOML"]),
        ('name = "x"\nseed = 1\ncount = 2\n[world]\ndusk_share = 3.0\n', ["dusk_share", "0 to 1", "3.0"]),
    ],
)
def test_a_wrong_recipe_gets_one_clear_line(monkeypatch, capsys, tmp_path, text, words):
    path = tmp_path / "wrong.toml"
    path.write_text(text)

    status, out, err = run(monkeypatch, capsys, "generate", path, "--out", tmp_path / "set", "-q")

    assert status == 2
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    for word in words:
        assert word in err
    assert not (tmp_path / "set").exists()


def test_a_missing_recipe_gets_one_clear_line(monkeypatch, capsys, tmp_path):
    status, _, err = run(monkeypatch, capsys, "generate", tmp_path / "none.toml", "-q")

    assert status == 2
    assert "no such file" in err


def test_show_draws_a_sheet_and_says_what_is_on_it(monkeypatch, capsys, recipe, tmp_path):
    sheet = tmp_path / "sheet.png"

    status, out, _ = run(
        monkeypatch, capsys, "show", recipe, "-n", 4, "--by", "time", "--labels", "--out", sheet, "-q", "--json"
    )

    assert status == 0
    answer = json.loads(out)
    assert answer["path"] == str(sheet)
    assert set(answer["frames"]) <= {"day", "dusk"}
    assert sheet.read_bytes().startswith(b"\x89PNG")


def test_a_sheet_can_be_grouped_by_what_the_simulator_can_group_by():
    from sim.commands.show import GroupName
    from sim.show.groups import GroupBy

    assert [name.value for name in GroupName] == [by.value for by in GroupBy]


def test_show_counts_what_a_recipe_and_what_a_data_set_hold(monkeypatch, capsys, recipe, dataset):
    for what in (recipe, dataset):
        status, out, _ = run(monkeypatch, capsys, "show", what, "--stats", "-q", "--json")

        assert status == 0
        counts = json.loads(out)
        assert counts["frames"] == 12
        assert counts["nearest_pair"]["alike"] is False

    status, out, _ = run(monkeypatch, capsys, "show", recipe, "--stats", "-n", 3)

    assert status == 0
    assert "3 frames" in out
    assert "No two frames are alike" in out


@pytest.mark.parametrize(
    ("words", "said", "expected_status"),
    [
        (["nothing"], "a data set's folder, or seeds", 2),
        (["--out", "sheet.gif"], "Try sheet.png", 2),
        (["1", "--seed", "2"], "either seeds or --seed", 2),
        (["tests"], "rollingstop generate", 3),
        (["9" * 100], "a data set's folder, or seeds", 2),
        (["9" * 5000], "Choose a shorter one", 5),
    ],
)
def test_show_answers_what_it_cannot_show_with_one_clear_line(monkeypatch, capsys, words, said, expected_status):
    monkeypatch.chdir(ROOT)

    status, out, err = run(monkeypatch, capsys, "show", *words, "-q")

    assert status == expected_status
    assert out == ""
    assert said in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize("words", [["--html", "a.html", "--out", "b.png"], ["--stats", "--html", "a.html"]])
def test_show_makes_one_thing_at_a_time(monkeypatch, capsys, tmp_path, words):
    monkeypatch.chdir(tmp_path)

    status, out, err = run(monkeypatch, capsys, "show", "1", *words, "-q")

    assert status == 2 and not out
    assert "Expected one of --html, --stats and --out" in " ".join(err.replace("│", " ").split())
    assert not any(tmp_path.iterdir())


def test_a_wrong_scenario_gets_one_clear_line(monkeypatch, capsys, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('title = "Mine"\ndescription = "Mine."\n[expcet]\nlane_kept_m = 1.0\n')

    status, _, err = run(monkeypatch, capsys, "test", path, "--eyes", "oracle", "-q")

    assert status == 2
    assert "unknown key 'expcet'" in err
    assert "Did you mean 'expect'" in err


def test_an_unknown_scenario_is_answered_with_the_nearest_name(monkeypatch, capsys):
    status, _, err = run(monkeypatch, capsys, "drive", "--scenario", "strait", "--eyes", "oracle", "--headless", "-q")

    assert status == 2
    assert "Did you mean 'straight'?" in err


def test_a_missing_data_set_says_how_to_make_one(monkeypatch, capsys, tmp_path):
    status, _, err = run(monkeypatch, capsys, "evaluate", tmp_path / "none", "-q")

    assert status == 3
    assert "rollingstop generate" in err


@pytest.mark.parametrize("harm", ["missing", "truncated"])
def test_a_harmed_shard_says_how_to_mend_it(monkeypatch, capsys, dataset, tmp_path, harm):
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    shard = sorted(copy.glob("*.parquet"))[0]
    if harm == "missing":
        shard.unlink()
    else:
        shard.write_bytes(shard.read_bytes()[:-500])

    status, _, err = run(monkeypatch, capsys, "train", copy, "--out", tmp_path / "run", "-q")

    assert status == 3
    assert shard.name in err
    assert "rollingstop generate" in err


def test_a_data_set_of_another_camera_is_refused(monkeypatch, capsys, tmp_path):
    from sim.camera import Camera
    from sim.recording import Recipe, generate_dataset

    other = Recipe(name="other", seed=5, count=4, camera=Camera(width_px=320, height_px=160, focal_px=340.0))
    generate_dataset(other, tmp_path / "other")

    status, _, err = run(monkeypatch, capsys, "evaluate", tmp_path / "other", "-q")

    assert status == 3
    assert "320" in err
    assert "672" in err


def test_altered_weights_are_refused(monkeypatch, capsys, dataset, tmp_path):
    shipped = ROOT / "perception" / "weights"
    copy = tmp_path / "weights"
    shutil.copytree(shipped, copy)
    file = next(copy.glob("*.npz"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)

    status, _, err = run(monkeypatch, capsys, "evaluate", dataset, "--weights", file, "-q")

    assert status == 4
    assert "SHA-256" in err


def test_foreign_weights_are_refused(monkeypatch, capsys, dataset, tmp_path):
    file = tmp_path / "model.h5"
    file.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(64))

    status, _, err = run(monkeypatch, capsys, "evaluate", dataset, "--weights", file, "-q")

    assert status == 4
    assert "model.h5" in err


def test_a_full_disk_is_one_line_and_leaves_nothing_that_looks_whole(monkeypatch, capsys, recipe, tmp_path):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

    status, _, err = run(monkeypatch, capsys, "generate", recipe, "--out", tmp_path / "set", "-j", 1, "-q")

    assert status == 5
    assert "space" in err.lower()
    assert not (tmp_path / "set" / "manifest.json").exists()


@pytest.mark.parametrize("command", ["generate", "show", "train", "evaluate", "drive", "test", "demo"])
def test_control_c_leaves_with_130(monkeypatch, capsys, command, recipe, dataset, tmp_path):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    places = {
        "generate": "sim.recording.generate_dataset",
        "show": "sim.show.contact.draw_sheet",
        "train": "perception.train.train",
        "evaluate": "perception.evaluate.evaluate",
        "drive": "sim.viewer.session.run_headless",
        "test": "scenarios.run.run_catalogue",
        "demo": "scenarios.demo.run_demo",
    }
    words = {
        "generate": [recipe, "--out", tmp_path / "out"],
        "show": [recipe, "-n", 1],
        "train": [dataset, "--out", tmp_path / "out"],
        "evaluate": [dataset],
        "drive": ["--headless", "--eyes", "oracle"],
        "test": ["--eyes", "oracle"],
        "demo": ["--out", tmp_path / "out"],
    }
    __import__(places[command].rsplit(".", 1)[0])
    monkeypatch.setattr(places[command], interrupted)

    status, _, err = run(monkeypatch, capsys, command, *words[command], "-q")

    assert status == 130
    assert len(err.strip().splitlines()) == 1


@pytest.mark.slow
def test_a_real_control_c_while_generating_can_be_gone_on_from(tmp_path):
    recipe = tmp_path / "long.toml"
    recipe.write_text(RECIPE.replace("count = 12", "count = 100_000"))
    out = tmp_path / "set"
    words = [sys.executable, "-m", "rollingstop", "generate", recipe, "--out", out, "-j", "2", "-q"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True)
    deadline_s = time.monotonic() + 120
    while len(list(out.glob("*.parquet"))) < 2 and time.monotonic() < deadline_s:
        time.sleep(0.1)

    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Traceback" not in err
    assert not (out / "manifest.json").exists()
    assert len(list(out.glob("*.parquet"))) >= 2


def test_drive_without_a_screen_says_how_to_do_without(tmp_path):
    surroundings = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}
    words = [sys.executable, "-m", "rollingstop", "drive", "--eyes", "oracle"]

    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=surroundings, timeout=120)

    assert done.returncode == 6
    assert "--headless" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_endless_drive_is_judged_by_nobody(monkeypatch, capsys):
    status, out, _ = run(
        monkeypatch, capsys, "drive", "--endless", "--eyes", "oracle", "--headless", "--steps", 6, "-q", "--json"
    )
    assert status == 0
    assert json.loads(out)["verdict"] is None
    assert json.loads(out)["steps"] == 6


def test_an_endless_drive_has_no_scenario(monkeypatch, capsys):
    status, _, err = run(monkeypatch, capsys, "drive", "--endless", "--scenario", "straight", "--eyes", "oracle")
    assert status == 2
    assert "--endless or --scenario" in err


def test_drive_records_a_film(monkeypatch, capsys, tmp_path):
    film = tmp_path / "drive.mp4"

    status, out, _ = run(
        monkeypatch, capsys, "drive", "--scenario", "straight", "--eyes", "oracle", "--headless", "--steps", 12,
        "--record", film, "-q", "--json",
    )  # fmt: skip

    assert status == 0
    assert json.loads(out)["steps"] == 12
    assert film.stat().st_size > 1000


def test_a_film_of_an_unknown_kind_is_refused_before_driving(monkeypatch, capsys, tmp_path):
    status, _, err = run(
        monkeypatch, capsys, "drive", "--eyes", "oracle", "--headless", "--record", tmp_path / "drive.avi", "-q"
    )

    assert status != 0
    assert ".mp4" in err


def test_catalogue_holds_with_the_oracle_and_fails_blind(monkeypatch, capsys, tmp_path):
    straight = ROOT / "scenarios" / "catalogue" / "straight.toml"
    junit = tmp_path / "junit.xml"

    seeing, _, _ = run(monkeypatch, capsys, "test", straight, "--eyes", "oracle", "-j", 1, "-q", "--junit", junit)
    blind, out, _ = run(monkeypatch, capsys, "test", straight, "--eyes", "blind", "-j", 1, "-q")

    assert seeing == 0
    assert junit.read_text().count("<testcase") == 1
    assert blind == 1
    assert "straight, seed 0:" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--out", "FILE"], "Expected a place for the file"),
        (["--html", "FOLDER"], "Received: a folder"),
        (["--html", "page.pdf"], "Try page.html"),
        (["--frames", "5"], "Expected --frames with --corruptions"),
        (["--corruptions", "--html", "page.html"], "Expected --html with a data set alone"),
    ],
)
def test_evaluate_knows_before_it_begins_where_results_cannot_go(
    monkeypatch, capsys, dataset, tmp_path, words, message
):
    (tmp_path / "a file").write_text("mine")
    places = {"FILE": tmp_path / "a file", "FOLDER": tmp_path}

    status, out, err = run(monkeypatch, capsys, "evaluate", dataset, *(places.get(word, word) for word in words), "-q")

    assert status != 0 and not out
    assert message in " ".join(err.replace("│", " ").split())
    assert (tmp_path / "a file").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "message"), [(["--out", "FILE"], "Expected a place for the file"), (["--junit", "FOLDER"], "a folder")]
)
def test_the_tests_know_before_they_drive_where_results_cannot_go(monkeypatch, capsys, tmp_path, words, message):
    (tmp_path / "a file").write_text("mine")
    monkeypatch.setattr("scenarios.run.run_catalogue", lambda *_, **__: pytest.fail("it drove"))
    places = {"FILE": tmp_path / "a file", "FOLDER": tmp_path}

    status, _, err = run(monkeypatch, capsys, "test", *(places.get(word, word) for word in words), "-q")

    assert status != 0
    assert message in " ".join(err.replace("│", " ").split())


def test_evaluate_scores_the_shipped_weights(monkeypatch, capsys, dataset, tmp_path):
    status, out, _ = run(monkeypatch, capsys, "evaluate", dataset, "--out", tmp_path / "scores", "-q", "--json")

    assert status == 0
    assert json.loads(out)["frames"] == 12
    assert (tmp_path / "scores" / "scores.json").exists()


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["set", "--images", "x", "--annotations", "y"],
        ["--images", "x"],
        ["--images", __file__, "--annotations", __file__, "--out", "y"],
    ],
)
def test_evaluate_wants_either_a_data_set_or_photographs(monkeypatch, capsys, words):
    status, _, err = run(monkeypatch, capsys, "evaluate", *words)

    assert status == 2
    assert "Expected" in err


def test_drive_logs_and_plot_draws_the_log(monkeypatch, capsys, tmp_path):
    log = tmp_path / "run.parquet"
    status, out, _ = run(
        monkeypatch, capsys, "drive", "--scenario", "straight", "--eyes", "oracle", "--headless", "--steps", 8,
        "--log", log, "-q", "--json",
    )  # fmt: skip
    assert (status, json.loads(out)["log"]) == (0, str(log))
    status, out, _ = run(monkeypatch, capsys, "plot", log, "--json")
    assert (status, json.loads(out)) == (0, {"path": str(tmp_path / "run.png"), "ticks": 8})
    assert (tmp_path / "run.png").stat().st_size > 10_000


def test_a_log_of_another_kind_is_refused_before_the_drive(monkeypatch, capsys, tmp_path):
    status, _, err = run(
        monkeypatch, capsys, "drive", "--eyes", "oracle", "--headless", "--log", tmp_path / "run.csv", "-q"
    )
    assert status == 3
    assert "--log run.parquet" in err
