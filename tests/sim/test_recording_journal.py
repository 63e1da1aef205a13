"""A shard's entry in the journal costs the same however many there are, and counts only once its line is whole."""

import os
from dataclasses import replace
from itertools import pairwise

import pytest

import sim.recording.generation
from sim.errors import DatasetError
from sim.recording import Recipe, generate_dataset
from sim.recording.journal import JOURNAL_NAME, journal_lines, read_journal, shard_line
from sim.recording.manifest import ShardRecord, new_manifest
from tests.sim.test_recording_integrity import stand_in

RECIPE = Recipe(name="tiny", seed=5, count=50, frames_per_shard=10)


def record(number):
    return ShardRecord(
        name=f"shard-{number:05d}.parquet", first_index=10 * number, rows=10, bytes=1, sha256=f"{number:064x}"
    )


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / JOURNAL_NAME
    path.write_bytes(b"".join(journal_lines(replace(new_manifest(RECIPE), shards=(record(3), record(0))))))
    return path


def test_what_is_entered_is_read_in_the_order_of_the_examples(journal):
    found = read_journal(journal)
    assert found == replace(new_manifest(RECIPE), shards=(record(0), record(3)))


@pytest.mark.parametrize("length", [1, 40, -2, -1])
def test_a_torn_last_line_does_not_count(journal, length):
    whole = journal.read_bytes()
    journal.write_bytes(whole + shard_line(record(1))[:length])
    assert [shard.name for shard in read_journal(journal).shards] == [record(0).name, record(3).name]
    # What comes after a torn line in the same file is not lost with it, but for the line that is glued to it.
    journal.write_bytes(whole + shard_line(record(1))[:length] + shard_line(record(2)) + shard_line(record(4)))
    assert [shard.first_index for shard in read_journal(journal).shards] == [0, 30, 40]


def test_a_shard_entered_twice_counts_as_the_last_says(journal):
    again = replace(record(3), sha256="f" * 64)
    journal.write_bytes(journal.read_bytes() + shard_line(again))
    assert read_journal(journal).shards == (record(0), again)


@pytest.mark.parametrize("data", [b"", b"{", b"\n", b"[]\n", b"{}\n", b"\xff\xfe\n"])
def test_a_journal_without_a_head_is_one_line(journal, data):
    journal.write_bytes(data)
    with pytest.raises(DatasetError) as told:
        read_journal(journal)
    assert "\n" not in str(told.value)


def test_a_run_adds_one_line_a_shard_and_writes_none_again(tmp_path, monkeypatch):
    monkeypatch.setattr(sim.recording.generation, "new_artist", stand_in)
    out, seen = tmp_path / "set", []

    def progress(done, total):
        path = out / JOURNAL_NAME
        if path.exists():
            seen.append((path.read_bytes(), path.stat().st_ino))

    generate_dataset(RECIPE, out, progress=progress)
    texts = [text for text, _ in seen]
    assert all(late.startswith(early) for early, late in pairwise(texts))
    assert [text.count(b"\n") for text in dict.fromkeys(texts)] == [1, 2, 3, 4, 5]
    assert len({inode for _, inode in seen}) == 1
    assert not (out / JOURNAL_NAME).exists()


def test_a_shard_in_the_journal_with_other_bytes_is_drawn_again(tmp_path, monkeypatch):
    monkeypatch.setattr(sim.recording.generation, "new_artist", stand_in)
    whole = generate_dataset(RECIPE, tmp_path / "whole").path

    def stop(done, total):
        if done == 35:
            raise KeyboardInterrupt

    out = tmp_path / "set"
    with pytest.raises(KeyboardInterrupt):
        generate_dataset(RECIPE, out, progress=stop)
    os.truncate(out / "shard-00001.parquet", 700)
    with (out / JOURNAL_NAME).open("ab") as file:
        file.write(shard_line(record(4))[:30])
    began = []
    generate_dataset(RECIPE, out, progress=lambda done, total: began.append(done))
    assert began[0] == 20
    assert {p.name: p.read_bytes() for p in out.iterdir()} == {p.name: p.read_bytes() for p in whole.iterdir()}


def test_a_bucket_gets_the_journal_every_few_seconds_and_at_the_end(monkeypatch):
    from sim.recording import cloud

    clock, written = [100.0], []

    class Stand:
        def write(self, name, data):
            written.append((name, data.count(b"\n")))

    monkeypatch.setattr(cloud, "monotonic", lambda: clock[0])
    journal = cloud._Journal(Stand(), new_manifest(RECIPE))
    journal.keep(at_once=True)
    for number in range(4):
        journal.enter(record(number))
        clock[0] += 2.0
    journal.keep()
    assert written == [(JOURNAL_NAME, 1), (JOURNAL_NAME, 5)]
    journal.keep(at_once=True)
    assert len(written) == 2
    journal.enter(record(4))
    journal.keep(at_once=True)
    assert written[-1] == (JOURNAL_NAME, 6)
