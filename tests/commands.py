"""The command line, run in the tests' own process."""

from __future__ import annotations

import sys

import pytest

import rollingstop


def run(monkeypatch, capsys, *words):
    """Run the command line; return status, standard output and standard error, neither with a traceback."""
    monkeypatch.setattr(sys, "argv", ["rollingstop", *map(str, words)])
    monkeypatch.setenv("COLUMNS", "160")
    with pytest.raises(SystemExit) as leaving:
        rollingstop.main()
    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err
    return leaving.value.code, printed.out, printed.err
