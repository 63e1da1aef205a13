from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sim.config import STRICT, load_toml, read_toml
from sim.errors import RecipeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    __pydantic_config__: ClassVar[Any] = STRICT

    width_m: float = 1.0

    def __post_init__(self) -> None:
        if self.width_m <= 0:
            raise ValueError(f"Expected width_m to be positive. Received: {self.width_m}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    __pydantic_config__: ClassVar[Any] = STRICT

    name: str
    count: int = 1
    span: tuple[float, float] = (0.0, 1.0)
    inner: Inner = field(default_factory=Inner)
    rows: tuple[Inner, ...] = ()


def read(tmp_path: Path, text: str) -> Outer:
    path = tmp_path / "file.toml"
    path.write_text(text, encoding="utf-8")
    return load_toml(path, Outer, RecipeError)


def test_a_file_fills_the_dataclass(tmp_path: Path) -> None:
    found = read(tmp_path, 'name = "x"\nspan = [1, 2.5]\ninner = { width_m = 2 }\n[[rows]]\nwidth_m = 3.0\n')
    assert found == Outer(name="x", span=(1.0, 2.5), inner=Inner(width_m=2.0), rows=(Inner(width_m=3.0),))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "x"\ncuont = 3', "unknown key 'cuont'. Did you mean 'count'?"),
        ('name = "x"\nzzz = 3', "unknown key 'zzz'. Known keys: name, count, span, inner, rows."),
        ('name = "x"\ninner = { widht_m = 3 }', "unknown key 'inner.widht_m'. Did you mean 'width_m'?"),
        ('name = "x"\n[[rows]]\nwidht_m = 3', "unknown key 'rows.0.widht_m'. Did you mean 'width_m'?"),
        ("count = 3", "the key 'name' is missing"),
        ('name = "x"\ncount = "many"', "key 'count'"),
        ('name = "x"\ncount = "many"', "Received: 'many'"),
        ('name = "x"\nspan = [1, 2, 3]', "key 'span'"),
        ('name = "x"\nspan = [1, inf]', "finite"),
        ('name = "x"\ninner = { width_m = nan }', "key 'inner.width_m': input should be a finite number"),
        ('name = "x"\ninner = { width_m = -1 }', "key 'inner': Expected width_m to be positive. Received: -1.0."),
        ('name = "x', "Expected"),
    ],
)
def test_a_fault_is_one_line_that_names_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RecipeError) as caught:
        read(tmp_path, text)
    message = str(caught.value)
    assert words in message
    assert "file.toml" in message
    assert "\n" not in message


def test_a_file_may_begin_with_a_mark(tmp_path: Path) -> None:
    assert read(tmp_path, '\ufeffname = "x"') == Outer(name="x")


def test_a_missing_file_a_folder_and_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    for path, words in (
        (tmp_path / "none.toml", "no such file"),
        (tmp_path, "a folder"),
        (tmp_path / "binary.toml", "readable"),
    ):
        with pytest.raises(RecipeError, match=words):
            read_toml(path, RecipeError)
