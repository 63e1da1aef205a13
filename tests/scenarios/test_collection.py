import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_pytest(*arguments, cwd=ROOT):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def test_pytest_collects_each_scenario_with_each_kind_of_eyes():
    done = run_pytest("scenarios", "--collect-only", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    listed = {line.rsplit("::", 1)[-1] for line in done.stdout.splitlines() if "::" in line}
    assert {"straight[oracle]", "straight[blind]", "straight[network]", "empty_road[oracle]"} <= listed
    assert "empty_road[blind]" not in listed
    for path in (ROOT / "scenarios" / "catalogue").glob("*.toml"):
        assert f"{path.stem}[oracle]" in listed
        required = "required = false" not in path.read_text()
        assert (f"{path.stem}[network]" in listed) is required


def test_a_failing_scenario_is_reported_in_a_sentence_and_a_wrong_file_in_a_line(tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "scenarios", copy / "scenarios", ignore=shutil.ignore_patterns("__pycache__", "*.toml"))
    shutil.copytree(ROOT / "sim", copy / "sim", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    text = 'title = "Hurried"\ndescription = "No time for a stop."\n[expect]\nroute_finished_s = 1.0\n'
    (copy / "scenarios" / "catalogue" / "hurried.toml").write_text(text)
    (copy / "scenarios" / "catalogue" / "wrong.toml").write_text(text + "dwel_s = 1.0\n")
    done = run_pytest("scenarios", "-k", "oracle or wrong", "--continue-on-collection-errors", cwd=copy)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "hurried, seed 1000: Ended " in done.stdout
    assert "unknown key 'expect.dwel_s'. Did you mean 'dwell_s'?" in done.stdout
    assert "Traceback" not in done.stdout
