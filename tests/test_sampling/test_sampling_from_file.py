"""A sample from a Parquet file is that of its rows, whatever the row groups, and few rows are kept."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import norm

from custody.errors import SamplingError
from sampling.methods.from_file import _Kept, stratified_srs_file

UNITS = 5_000
SIZES = {"東": 40, "西": 0, "南": 7, "北": 300}


def strata(seed: int, units: int = UNITS) -> np.ndarray:
    return np.random.default_rng(seed).choice(list(SIZES), units, p=[0.5, 0.2, 0.2, 0.1])


@pytest.fixture
def written(tmp_path):
    def write(column, row_group_size: int = UNITS):
        path = tmp_path / "frame.parquet"
        table = pa.table({"id": np.arange(len(column)), "area": pa.array(column)})
        pq.write_table(table, path, row_group_size=row_group_size)
        return path

    return write


def in_memory(area: np.ndarray, sizes, seed: int) -> list[int]:
    """The n smallest numbers of each stratum."""
    numbers = np.random.default_rng(seed).random(len(area))
    rows = [np.flatnonzero(area == name) for name in sizes]
    drawn = [r[np.argsort(numbers[r])][:n] for r, n in zip(rows, sizes.values(), strict=True)]
    return np.sort(np.concatenate(drawn)).tolist()


@pytest.mark.parametrize("rows", [1, 100, 1 << 17])
@pytest.mark.parametrize("row_group_size", [333, UNITS])
@pytest.mark.parametrize("seed", range(2))
def test_text(written, seed, row_group_size, rows) -> None:
    area = strata(seed)
    path = written(area, row_group_size)
    drawn = stratified_srs_file(path, "area", SIZES, rng=np.random.default_rng(seed), rows=rows)
    assert drawn.tolist() == in_memory(area, SIZES, seed)
    assert drawn.dtype == np.int64


@pytest.mark.parametrize("kind", [np.int64, np.int8])
def test_whole_numbers_in_any_order(written, kind) -> None:
    area = np.random.default_rng(3).integers(0, 9, UNITS).astype(kind)
    sizes = {int(code): 10 * int(code) for code in np.random.default_rng(4).permutation(9)}
    drawn = stratified_srs_file(written(area), "area", sizes, rng=np.random.default_rng(5), rows=700)
    assert drawn.tolist() == in_memory(area, sizes, 5)


def test_strata_that_come_one_after_the_other(written) -> None:
    """Sorted frames meet each stratum late, with values that earlier batches have not seen."""
    area = np.sort(strata(6))
    drawn = stratified_srs_file(written(area, 500), "area", SIZES, rng=np.random.default_rng(6), rows=500)
    assert drawn.tolist() == in_memory(area, SIZES, 6)


def test_inclusion_frequencies(written) -> None:
    area = np.repeat(["東", "南"], [12, 8])
    path, rng, draws = written(area), np.random.default_rng(7), 1500
    counts, sizes = np.zeros(20), {"南": 2, "東": 6}
    for _ in range(draws):
        counts[stratified_srs_file(path, "area", sizes, rng=rng, rows=7)] += 1
    pik = np.where(area == "東", 0.5, 0.25)
    z = (counts - draws * pik) / np.sqrt(draws * pik * (1 - pik))
    assert np.abs(z).max() < norm.isf(0.001 / 20 / 2)


def test_everybody_and_nobody(written) -> None:
    area = strata(8, 50)
    path, rng = written(area), np.random.default_rng(8)
    everybody = {name: int(np.sum(area == name)) for name in SIZES}
    assert stratified_srs_file(path, "area", everybody, rng=rng).tolist() == list(range(50))
    assert stratified_srs_file(path, "area", dict.fromkeys(SIZES, 0), rng=rng).tolist() == []
    assert stratified_srs_file(written(area[:0]), "area", {"東": 0}, rng=rng).tolist() == []


def test_few_rows_are_kept() -> None:
    """However many rows pass by, what is held is some times the sample."""
    kept, rng = _Kept(np.array([30, 20])), np.random.default_rng(9)
    most = 0
    for batch in range(300):
        kept.look(batch * 1000, rng.integers(0, 2, 1000).astype(np.int32), rng.random(1000))
        most = max(most, sum(map(len, kept._rows)))
    assert most <= 2 * 50
    assert len(kept.drawn()) == 50


@pytest.mark.parametrize(
    ("column", "name", "sizes", "code"),
    [
        (["東", "西"], "area", {"東": 1}, "SAM-METHOD-STRATUM"),
        (["東", None], "area", {"東": 1}, "SAM-METHOD-STRATUM"),
        ([1, 2], "area", {"1": 1, "2": 1}, "SAM-METHOD-STRATUM"),
        (["東", "東"], "area", {"東": 3}, "SAM-METHOD-N"),
        (["東", "東"], "area", {"東": 1, "西": 1}, "SAM-METHOD-N"),
        (["東", "東"], "area", {"東": -1}, "SAM-METHOD-N"),
        (["東", "東"], "town", {"東": 1}, "SAM-METHOD-COLUMN"),
    ],
)
def test_refusals(written, column, name, sizes, code) -> None:
    with pytest.raises(SamplingError) as refusal:
        stratified_srs_file(written(column), name, sizes, rng=np.random.default_rng(1))
    assert refusal.value.code == code
