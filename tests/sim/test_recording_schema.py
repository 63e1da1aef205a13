import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.percept import ObjectKind
from sim.recording import ATTRIBUTES, SCHEMA, Example
from sim.recording.schema import from_table, to_table
from sim.truth import GroundTruth, LaneTruth, ObjectTruth, SignAttributes, StopLineTruth

numbers = st.floats(allow_nan=False)
whole = st.integers(-(2**63), 2**63 - 1)
boxes = st.tuples(numbers, numbers, numbers, numbers)
texts = st.text(st.characters(codec="utf-8"), max_size=8)
signs = st.builds(
    SignAttributes,
    numbers,
    numbers,
    numbers,
    numbers,
    texts,
    st.lists(texts, max_size=3).map(tuple),
    st.none() | texts,
)
objects = st.builds(
    ObjectTruth,
    whole,
    st.sampled_from(ObjectKind),
    texts,
    boxes,
    boxes,
    numbers,
    st.booleans(),
    numbers,
    st.booleans(),
    st.none() | signs,
)
lines = st.builds(StopLineTruth, numbers, numbers, st.booleans(), st.none() | boxes)
truths = st.builds(
    GroundTruth,
    whole,
    st.lists(objects, max_size=4).map(tuple),
    st.builds(LaneTruth, numbers, numbers, numbers, numbers),
    st.none() | lines,
)
attributes = st.fixed_dictionaries(
    {name: texts if name in ("part", "time_of_day", "light_family", "edge") else numbers for name in ATTRIBUTES}
)
examples = st.builds(Example, whole, whole, st.binary(max_size=64), truths, attributes)


@given(st.lists(examples, min_size=1, max_size=3))
def test_examples_come_back_from_a_shard_exactly(written: list[Example]) -> None:
    file = io.BytesIO()
    pq.write_table(to_table(written), file, compression="none", use_dictionary=False)
    file.seek(0)
    assert from_table(pq.read_table(file)) == written


def test_an_example_without_an_attribute_is_refused() -> None:
    truth = GroundTruth(0, (), LaneTruth(0.0, 0.0, 0.0, 3.5), None)
    with pytest.raises(ValueError, match="Expected the attributes"):
        to_table([Example(0, 1, b"", truth, {"part": "plain"})])


def test_every_number_has_its_meaning_and_every_length_its_unit() -> None:
    def leaves(fields: list[pa.Field]) -> list[pa.Field]:
        found: list[pa.Field] = []
        for item in fields:
            kind = item.type.value_type if pa.types.is_list(item.type) else item.type
            found += leaves([kind.field(i) for i in range(kind.num_fields)]) if pa.types.is_struct(kind) else [item]
        return found

    for leaf in leaves(list(SCHEMA)):
        assert b"about" in leaf.metadata, leaf.name
        if pa.types.is_floating(leaf.type) or pa.types.is_fixed_size_list(leaf.type):
            assert b"unit" in leaf.metadata, leaf.name


def test_the_schema_says_that_every_picture_is_synthetic() -> None:
    assert SCHEMA.metadata[b"synthetic"] == b"true"
