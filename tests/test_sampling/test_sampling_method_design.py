"""A design by method says what it needs before it sees a table, and gives the caller's rows with weights."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import sampling
from custody.errors import HyohonError, InputError, SamplingError
from sampling.method_design import (
    MethodDesign,
    Stage,
    column_digest,
    method_table,
    read_method_record,
    verify,
)
from sampling.method_design.ordering import key_order
from sampling.method_design.units import within_groups
from sampling.methods import serpentine


def ward(rows: int = 300) -> pd.DataFrame:
    """A frame with Japanese names, blanks in them, and an index of its own."""
    rng = np.random.default_rng(20260401)
    return pd.DataFrame(
        {
            "地区 名": rng.choice(["北", "南", "東 町"], rows, p=[0.2, 0.3, 0.5]),
            "町": rng.integers(0, 30, rows),
            "人 数": rng.integers(1, 40, rows),
            "x": rng.random(rows),
            "id": [f"k{place:05d}" for place in rng.permutation(rows)],
            "kind": pd.Categorical(rng.choice(["a", "b"], rows)),
        },
        index=np.arange(rows) + 5_000,
    )


FRAME = ward()


def refused(code: str, make) -> HyohonError:
    with pytest.raises(HyohonError) as error:
        make()
    assert error.value.code == code
    assert error.value.hint
    return error.value


@pytest.mark.parametrize(
    ("code", "method", "options"),
    [
        ("SAM-MDESIGN-METHOD", "lottery", {"n": 5}),
        ("SAM-MDESIGN-NEEDS", "sampford", {"n": 5}),
        ("SAM-MDESIGN-NEEDS", "cube", {"n": 5}),
        ("SAM-MDESIGN-NEEDS", "local_pivotal_2", {"n": 5, "size": "x"}),
        ("SAM-MDESIGN-NEEDS", "bernoulli", {}),
        ("SAM-MDESIGN-UNUSED", "bernoulli", {"rate": 0.1, "n": 5}),
        ("SAM-MDESIGN-UNUSED", "srs", {"n": 5, "size": "x"}),
        ("SAM-MDESIGN-UNUSED", "srs", {"n": 5, "order": "x"}),
        ("SAM-MDESIGN-UNUSED", "sampford", {"n": 5, "size": "x", "randomised": True}),
        ("SAM-MDESIGN-UNUSED", "pps_with_replacement", {"n": 5, "size": "x", "certainty": 0.5}),
        ("SAM-MDESIGN-OPTION", "srs", {}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": 5, "rate": 0.1}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": 0}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": 2.5}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": True}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": {}, "strata": "s"}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": {"a": 0}, "strata": "s"}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": {"a": 3}}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": {("a", None): 3}, "strata": ["a", "b"]}),
        ("SAM-MDESIGN-OPTION", "srs", {"rate": 1.2}),
        ("SAM-MDESIGN-OPTION", "srs", {"rate": "half"}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": 5, "allocation": "size"}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": 5, "allocation": "neyman"}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": 5, "minimum": 0}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": 5, "strata": ["a", "a"]}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": 5, "strata": [3]}),
        ("SAM-MDESIGN-OPTION", "sampford", {"n": 5, "size": "x", "certainty": 1.5}),
        ("SAM-MDESIGN-OPTION", "sampford", {"n": 5, "size": "x", "minimum_size": -1.0}),
        ("SAM-MDESIGN-OPTION", "sampford", {"n": 5, "size": "x", "minimum_size": 3, "maximum_size": 2}),
        ("SAM-MDESIGN-OPTION", "pivotal", {"n": 5, "certainty": 0.5}),
        ("SAM-MDESIGN-OPTION", "murthy", {"n": 3, "size": "x"}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": 3, "start": 0.5}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": 3, "prn": "u", "psu": "town"}),
        ("SAM-MDESIGN-OPTION", "srs", {"n": 3, "prn": "u", "start": 1.0}),
        ("SAM-MDESIGN-UNUSED", "sampford", {"n": 3, "size": "x", "prn": "u"}),
        (
            "SAM-MDESIGN-OPTION",
            "pps_systematic",
            {"n": 5, "size": "x", "order": "y", "randomised": True},
        ),
    ],
)
def test_misuse_is_refused_without_a_table(code, method, options) -> None:
    refused(code, lambda: MethodDesign(method, **options))


def test_stages_that_do_not_follow_are_refused() -> None:
    for parts in (
        [],
        [Stage("srs", n=5), Stage("srs", n=2)],
        [Stage("srs", unit="a", n=5), Stage("srs", unit="a", n=2)],
        [Stage("srs", unit="a", n=5), Stage("srs", n={"x": 2})],
    ):
        refused("SAM-MDESIGN-STAGES", lambda parts=parts: MethodDesign.stages(parts))


@pytest.mark.parametrize(
    ("code", "design", "change"),
    [
        ("SAM-MDESIGN-TABLE", MethodDesign("srs", n=5), lambda f: f.to_dict("list")),
        ("SAM-MDESIGN-TABLE", MethodDesign("srs", n=5), lambda f: f.iloc[:0]),
        ("SAM-MDESIGN-TABLE", MethodDesign("srs", n=5), lambda f: f.set_axis(["a", *"abcde"], axis=1)),
        ("SAM-MDESIGN-COLUMN", MethodDesign("srs", n=5, strata="nowhere"), lambda f: f),
        ("SAM-MDESIGN-MISSING", MethodDesign("srs", n=9, strata="kind"), lambda f: f.assign(kind=None)),
        ("SAM-MDESIGN-MISSING", MethodDesign("sampford", n=9, size="x"), lambda f: f.assign(x=np.nan)),
        ("SAM-MDESIGN-NUMBERS", MethodDesign("sampford", n=9, size="id"), lambda f: f),
        ("SAM-MDESIGN-NUMBERS", MethodDesign("sampford", n=9, size="x"), lambda f: f.assign(x=np.inf)),
        ("SAM-MDESIGN-SIZE", MethodDesign("sampford", n=9, size="x"), lambda f: f.assign(x=0)),
        ("SAM-MDESIGN-SIZE", MethodDesign("sampford", n=9, size="x"), lambda f: f.assign(x=-1)),
        ("SAM-MDESIGN-TYPE", MethodDesign("srs", n=9, strata="x"), lambda f: f.assign(x=[1, "a", 2.5] * 100)),
        ("SAM-MDESIGN-KEY", MethodDesign("srs", n=9, key="町"), lambda f: f),
        ("SAM-MDESIGN-STRATA", MethodDesign("srs", n={"a": 3}, strata="kind"), lambda f: f),
        ("SAM-MDESIGN-STRATA", MethodDesign("srs", n=dict.fromkeys("abc", 3), strata="kind"), lambda f: f),
        ("SAM-MDESIGN-SHORT", MethodDesign("srs", n={"a": 3, "b": 999}, strata="kind"), lambda f: f),
        ("SAM-MDESIGN-SHORT", MethodDesign("srs", n=301), lambda f: f),
        ("SAM-DESIGN-N", MethodDesign("srs", n=301, strata="kind"), lambda f: f),
        ("SAM-DESIGN-MIN", MethodDesign("srs", n=3, strata="kind"), lambda f: f),
        ("SAM-MDESIGN-CERTAIN", MethodDesign("sampford", n=2, size="x", certainty=0.001), lambda f: f),
        ("SAM-MDESIGN-NAMES", MethodDesign("srs", n=5), lambda f: f.assign(psu=1, fpc=2)),
        ("SAM-MDESIGN-NAMES", MethodDesign("srs", n=5), lambda f: f.assign(stratum=1)),
    ],
)
def test_frames_that_do_not_allow_the_design_are_refused(code, design, change) -> None:
    error = refused(code, lambda: design.draw(change(FRAME), seed=1))
    assert "k0" not in str(error)


def test_a_refusal_names_the_row_of_the_callers_table() -> None:
    frame = FRAME.sort_values("id", ascending=False)
    broken = frame.assign(x=np.where(np.arange(300) == 41, -1.0, 1.0))
    for key in (None, "id"):
        design = MethodDesign("sampford", n=9, size="x", key=key)
        assert refused("SAM-MDESIGN-SIZE", lambda design=design: design.draw(broken, seed=1)).row == 42
    rare = frame.assign(kind=np.where(np.arange(300) == 41, "rare", "b"))
    short = MethodDesign("srs", n=9, strata="kind", allocation="each", key="id")
    assert refused("SAM-MDESIGN-SHORT", lambda: short.draw(rare, seed=1)).row == 42


def test_options_of_the_draw_are_checked() -> None:
    design = MethodDesign("srs", n=5)
    for seed in ("", None, True, 1.5):
        refused("SAM-MDESIGN-OPTION", lambda seed=seed: design.draw(FRAME, seed=seed))
    refused("SAM-MDESIGN-OPTION", lambda: design.draw(FRAME, seed=1, reps=0))
    refused("SAM-MDESIGN-OPTION", lambda: design.draw(FRAME, seed=1, reps=2, joint=True))
    refused("SAM-MDESIGN-OPTION", lambda: design.draw(FRAME, seed=1).groups(1, np.random.default_rng(1)))
    balanced = MethodDesign("cube", n=5, balance="x")
    refused("SAM-METHOD-JOINT", lambda: balanced.draw(FRAME, seed=1, joint=True))
    refused("SAM-MDESIGN-OPTION", lambda: design.preview(FRAME, cost=[1, 2]))
    permanent = MethodDesign("srs", n=5, prn="x")
    refused("SAM-MDESIGN-OPTION", lambda: permanent.draw(FRAME, seed=1, reps=2))


def test_the_callers_rows_come_unchanged_beside_new_columns() -> None:
    before = FRAME.copy(deep=True)
    sample = MethodDesign("srs", n=20, strata="地区 名").draw(FRAME, seed="第1回")
    pd.testing.assert_frame_equal(FRAME, before)
    pd.testing.assert_frame_equal(sample.table[FRAME.columns], FRAME.loc[sample.table.index])
    assert list(sample.table.columns[len(FRAME.columns) :]) == [
        "stratum", "psu", "fpc", "inclusion_prob", "base_weight",
    ]  # fmt: skip
    assert sample.table["stratum"].tolist() == sample.table["地区 名"].tolist()
    assert sample.table["psu"].tolist() == (sample.table.index - 4_999).tolist()
    sizes = FRAME["地区 名"].value_counts()
    assert sample.table["fpc"].tolist() == sizes[sample.table["stratum"]].tolist()


def test_names_that_are_taken_get_a_prefix_and_a_strata_column_of_that_name_stays() -> None:
    frame = FRAME.assign(psu=1, stratum="z")
    table = MethodDesign("srs", n=5).draw(frame, seed=1, prefix="d_").table
    assert {"d_psu", "d_stratum", "d_base_weight", "psu"} <= set(table.columns)
    table = MethodDesign("srs", n=5, strata="stratum").draw(FRAME.assign(stratum="z"), seed=1).table
    assert list(table.columns).count("stratum") == 1


@pytest.mark.parametrize(
    "design",
    [
        MethodDesign("srs", n=30, strata=["地区 名", "kind"], key="id"),
        MethodDesign("pps_systematic", n=30, size="人 数", order=["町", "kind"], key="id"),
        MethodDesign("cube", n=30, balance=["x", "人 数"], strata="kind", key="id"),
        MethodDesign("local_pivotal_2", n=30, points="x", key="id"),
        MethodDesign.stages([Stage("sampford", unit="町", n=6), Stage("srs", n=3)], key="id"),
    ],
    ids=lambda design: design.parts[0].method,
)
def test_a_shuffled_frame_and_another_kind_of_table_give_the_same_sample(design) -> None:
    first = design.draw(FRAME, seed=7)
    other = FRAME.sample(frac=1, random_state=3)
    for table in (other, pa.Table.from_pandas(other, preserve_index=False)):
        again = design.draw(table, seed="7")
        assert list(again.table["id"] if table is other else again.table["id"].to_pylist()) == list(
            first.table["id"]
        )
        np.testing.assert_array_equal(
            np.asarray(again.table["base_weight"]), first.table["base_weight"].to_numpy()
        )
        assert again.record == first.record


def test_without_a_key_the_order_of_the_rows_counts() -> None:
    design = MethodDesign("srs", n=30)
    one = design.draw(FRAME, seed=7)
    assert set(one.table["id"]) != set(design.draw(FRAME.iloc[::-1], seed=7).table["id"])
    assert one.record == design.draw(FRAME, seed=7).record
    assert set(one.table["id"]) != set(design.draw(FRAME, seed=8).table["id"])


def test_arrow_views_are_taken_too() -> None:
    table = pa.table({"x": pa.array(["標", "本"] * 10, pa.string_view())})
    drawn = MethodDesign("srs", n=6, strata="x").draw(table, seed=1).table
    assert drawn["x"].to_pylist() == drawn["stratum"].to_pylist()


def test_polars_in_polars_out() -> None:
    polars = pytest.importorskip("polars", reason="polars is no dependency")
    frame = FRAME.assign(day=pd.date_range("2026-01-01", periods=300))
    design = MethodDesign("systematic", n=20, strata=["地区 名", "kind"], order="day", key="id")
    drawn = design.draw(polars.from_pandas(frame), seed=7)
    assert isinstance(drawn.table, polars.DataFrame)
    assert drawn.table["id"].to_list() == design.draw(frame, seed=7).table["id"].tolist()
    assert verify(drawn.record, frame).ok


def test_the_record_runs_again_and_finds_what_changed(tmp_path: Path) -> None:
    design = MethodDesign.stages(
        [Stage("pps_systematic", unit="町", n=6, size="人 数"), Stage("srs", n=3)], strata="kind", key="id"
    )
    record = design.draw(FRAME, seed=7, reps=3).record
    path = tmp_path / "抽出 記録.json"
    path.write_text(record.to_json(), encoding="utf-8")
    read = read_method_record(path)
    assert read == record
    assert MethodDesign.from_facts(read.design) == design
    assert verify(read, FRAME).ok
    assert verify(read, FRAME.sample(frac=1, random_state=1), design).ok
    changed = FRAME.copy()
    changed.loc[changed.index[17], "人 数"] += 1
    assert verify(read, changed).changed == ("人 数",)
    assert not verify(read, changed).ok
    assert not verify(read, FRAME.iloc[1:]).rows
    other = MethodDesign.stages([*design.parts[:1], Stage("srs", n=2)], strata="kind", key="id")
    assert not verify(read, FRAME, other).design
    assert not verify(read, FRAME, other).sample
    assert verify(read, FRAME.assign(x=0)).ok  # a column that the design does not read


def test_records_that_are_none_are_refused(tmp_path: Path) -> None:
    record = MethodDesign("srs", n=5).draw(FRAME, seed=1).record
    facts = json.loads(record.to_json())
    for text in ("", "[]", json.dumps(facts | {"rule": "other"}), json.dumps(facts | {"more": 1})):
        refused("SAM-MDESIGN-RECORD", lambda text=text: read_method_record(text))
    refused("SAM-MDESIGN-RECORD", lambda: read_method_record(tmp_path / "none.json"))
    broken = read_method_record(json.dumps(facts | {"design": {"stages": []}}))
    refused("SAM-MDESIGN-FACTS", lambda: verify(broken, FRAME))


@pytest.mark.parametrize(
    "design",
    [
        MethodDesign("srs", rate={("北", "a"): 0.1}, strata=["地区 名", "kind"], minimum=3),
        MethodDesign("systematic", n=np.int64(4), order="x", psu="町"),
        MethodDesign("chromy", n=4, size="x", allocation="each", maximum_size=3.5, strata="kind"),
    ],
)
def test_designs_come_back_from_json(design) -> None:
    facts = json.loads(json.dumps(design.facts()))
    again = MethodDesign.from_facts(facts)
    assert again == design
    assert again.facts() == facts


def test_digests_do_not_depend_on_the_table() -> None:
    text = column_digest(pa.array(["標", "本"]))
    assert text == column_digest(pa.array(["x", "標", "本"], pa.large_string())[1:])
    assert text == column_digest(pa.array(pd.Series(["標", "本"], dtype=object)))
    assert text != column_digest(pa.array(["標本", ""]))
    assert text == column_digest(pa.array(["標", "本"], pa.string_view()).cast(pa.large_string()))
    assert column_digest(pa.array([0.0])) == column_digest(pa.array([-0.0]))
    day = pd.Series(pd.to_datetime(["2026-04-01"]))
    assert column_digest(pa.array(day)) == column_digest(pa.array(day.dt.date))


@pytest.mark.parametrize("letters", ["ab", "a標𠮷b", "a\0b", "長" * 11])
def test_keys_are_ordered_by_their_bytes(letters) -> None:
    rng = np.random.default_rng(6)
    texts = ["".join(rng.choice(list(letters), rng.integers(0, 12))) for _ in range(400)]
    expected = sorted(range(400), key=lambda place: texts[place].encode())
    for kind in (pa.string(), pa.large_string()):
        assert key_order(pa.array(["x", *texts], kind)[1:]).tolist() == expected
    assert key_order(pa.array([3, 1, 2])).tolist() == [1, 2, 0]


def test_serpentine_within_groups_is_serpentine_in_each() -> None:
    rng = np.random.default_rng(5)
    group, keys = rng.integers(0, 4, 200), [rng.integers(0, 3, 200) for _ in range(3)]
    rank = within_groups(group, keys)
    assert sorted(rank) == list(range(200))
    for one in range(4):
        rows = np.flatnonzero(group == one)
        expected = rows[serpentine([key[rows] for key in keys])]
        assert rows[np.argsort(rank[rows])].tolist() == expected.tolist()


def test_the_table_of_methods_is_the_public_list() -> None:
    import sampling.methods as methods

    named = set(method_table()["method"])
    assert named <= set(methods.__all__)
    assert {"cube", "murthy", "sampford", "srs"} <= named
    assert not {"multistage", "stratified_srs", "two_stage"} & named  # strata and stages say these
    assert sampling.MethodDesign is MethodDesign
    assert sampling.Stage is Stage
    assert issubclass(InputError, HyohonError)
    assert issubclass(SamplingError, HyohonError)
