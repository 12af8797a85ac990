"""Linkage of a ward with the faults of real ones: rates, reproducibility, and no care field in it."""

import logging
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sampling.linkage import Links, link_registers
from sampling.linkage.model import model
from sampling.linkage.shares import estimated
from sampling.registers import read_certifications, read_qualifications, read_residents

SECRET = bytes(32)
MISSED, FALSE, LISTED = 0.003, 0.0005, 0.02
CARE = ("application", "applied_on", "decided_on", "decision", "outcome", "valid_from", "valid_to")


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A dirty ward of 10,000: three registers, and whose each accepted certification row is."""
    from synthetic_data import make_ward

    files = make_ward(10_000, seed="linkage tests").write(tmp_path_factory.mktemp("dirty"), form="dirty")
    rows = read_certifications(files["certifications"], layout="certification_csv")
    truth = pd.read_csv(files["links"], dtype="str", keep_default_na=False)
    truth = truth[~truth["row"].astype("int64").isin(rows.quarantine["row"])]
    return SimpleNamespace(
        residents=read_residents(files["residents"], layout="resident_csv"),
        certifications=rows,
        qualifications=read_qualifications(files["qualifications"], layout="qualification_csv"),
        truth=truth["resident_no"].to_numpy(),
    )


@pytest.fixture(scope="module")
def bare(dirty) -> SimpleNamespace:
    """The same ward without any number, and its links."""
    ward = unnumbered(dirty)
    return SimpleNamespace(ward=ward, links=linked(ward))


def unnumbered(ward: SimpleNamespace) -> SimpleNamespace:
    """Take away every number that could name a resident."""
    table = ward.certifications.table
    table = table.set_column(
        table.column_names.index("resident_no"), "resident_no", pa.nulls(len(table), pa.string())
    )
    changed = {"certifications": replace(ward.certifications, table=table), "qualifications": None}
    return SimpleNamespace(**{**vars(ward), **changed})


def linked(ward: SimpleNamespace, **options) -> Links:
    return link_registers(
        ward.residents, ward.certifications, qualifications=ward.qualifications, secret=SECRET, **options
    )


def rates(ward: SimpleNamespace, links: Links) -> tuple[float, float, float]:
    """Return the shares of rows missed (neither matched nor listed), false, and of pairs for staff."""
    numbers = ward.residents.table["resident_no"].combine_chunks()
    got = np.array([number or "" for number in numbers.take(links.resident_of_row).to_pylist()])
    here = np.isin(ward.truth, numbers.to_pylist())
    listed = np.isin(ward.truth, numbers.take(pa.array(links.undecided)).to_pylist())
    missed = here & (got == "") & ~listed
    false = (got != "") & (got != ward.truth)
    return missed.sum() / here.sum(), false.sum() / here.sum(), len(links.review) / len(got)


def test_the_dirty_ward_is_linked_within_the_limits(dirty) -> None:
    links = linked(dirty)
    missed, false, listed = rates(dirty, links)
    assert missed <= MISSED
    assert false <= FALSE
    assert listed <= LISTED
    found = links.steps.set_index("step")["rows"]
    assert found[["resident_no", "insured_no", "deterministic"]].gt(0).all()
    assert links.false_match_rate <= FALSE
    assert links.missed_match_rate <= MISSED


def test_without_any_number_names_birth_sex_and_address_are_enough(bare) -> None:
    links = bare.links
    missed, false, listed = rates(bare.ward, links)
    assert missed <= MISSED
    assert false <= FALSE
    assert listed <= LISTED
    assert links.steps.set_index("step")["rows"]["probabilistic"] > 0


def test_the_same_registers_give_the_same_links(bare) -> None:
    first, second = bare.links, linked(bare.ward)
    assert first.resident_of_row.equals(second.resident_of_row)
    pd.testing.assert_frame_equal(first.review, second.review)
    assert first.false_match_rate == second.false_match_rate
    assert first.missed_match_rate == second.missed_match_rate


def test_people_who_left_the_register_are_not_tied_to_somebody_else(dirty) -> None:
    ward = unnumbered(dirty)
    table = ward.residents.table
    stay = np.arange(len(table)) % 5 > 0
    ward.residents = replace(ward.residents, table=table.filter(pa.array(stay)))
    links = linked(ward)
    missed, false, _listed = rates(ward, links)
    assert missed <= MISSED
    assert false <= 10 * FALSE  # a fifth of all persons is not there: far more than a ward ever has
    assert links.steps.set_index("step")["rows"]["unmatched"] > 0


def test_a_higher_threshold_takes_no_more_and_lists_no_less(dirty) -> None:
    ward = unnumbered(dirty)
    taken = [
        linked(ward, accept=accept, review=0.01).steps.set_index("step")["rows"]["probabilistic"]
        for accept in (0.5, 0.9999999)
    ]
    assert taken[0] >= taken[1]


def test_no_care_field_is_used_or_shown(bare) -> None:
    ward, plain = bare.ward, bare.links
    table = ward.certifications.table
    for name in CARE:
        place, column = table.column_names.index(name), table[name]
        table = table.set_column(place, name, pa.nulls(len(column), column.type))
    blank = SimpleNamespace(**{**vars(ward), "certifications": replace(ward.certifications, table=table)})
    links = linked(blank)
    assert links.resident_of_row.equals(plain.resident_of_row)
    pd.testing.assert_frame_equal(links.review, plain.review)
    assert not (set(CARE) - {"decision"}) & set(plain.review.columns)  # that of staff, and empty
    assert not plain.review["decision"].any()


def test_names_are_read_only_where_a_number_does_not_decide(dirty) -> None:
    table = dirty.certifications.table
    known = pc.is_in(table["resident_no"], value_set=pc.unique(dirty.residents.table["resident_no"]))
    rows = dirty.certifications.table.filter(known)
    asked: list[int] = []

    class Watched:
        kind, unclear, unclear_insured = "residents", [], []
        table = dirty.residents.table
        accepted = dirty.residents.accepted

        def text(self, name, positions=None):
            asked.append(len(positions))
            return dirty.residents.text(name, positions)

    good = link_registers(
        dirty.residents, replace(dirty.certifications, table=rows), secret=SECRET
    ).resident_of_row.is_valid()
    asked.clear()
    links = link_registers(Watched(), replace(dirty.certifications, table=rows.filter(good)), secret=SECRET)
    assert links.resident_of_row.null_count == 0
    assert sum(asked) < 100


def test_splink_says_nothing_and_its_logger_stays_as_it_was(dirty, capfd) -> None:
    logger = logging.getLogger("splink")
    before = (logger.level, list(logger.handlers), logger.propagate)
    linked(unnumbered(dirty))
    assert (logger.level, list(logger.handlers), logger.propagate) == before
    out, err = capfd.readouterr()
    assert out == err == ""


def test_the_figures_of_the_model_add_up() -> None:
    for comparison in model().comparisons:
        for share in ("m", "u"):
            total = sum(getattr(level, share) for level in comparison.levels)
            assert total == pytest.approx(1, abs=0.005), (comparison.name, share)
        assert not comparison.levels[-1].sql
        assert all(level.sql for level in comparison.levels[:-1])
    names = [level.name for level in model().comparisons[0].levels]
    assert set(model().assignment["named"]) < set(names)


def test_without_known_pairs_the_figures_of_the_file_stand() -> None:
    columns = {
        name: pa.nulls(0, pa.string()) for name in ("kana", "kanji", "alias", "pattern", "surname", "given")
    }
    columns |= {
        name: pa.nulls(0, pa.string()) for name in ("birth", "monthday", "sex", "address", "block", "town")
    }
    columns |= {name: pa.nulls(0, pa.int32()) for name in ("year", "born", "latest")}
    nobody = pa.table(columns)
    fitted = estimated(model(), nobody, nobody, (nobody, nobody))
    for ours, plain in zip(fitted.comparisons, model().comparisons, strict=True):
        for level, figure in zip(ours.levels, plain.levels, strict=True):
            assert (level.m, level.u) == pytest.approx((figure.m, figure.u), rel=1e-3)


def test_known_pairs_and_pairs_at_random_move_the_figures(dirty) -> None:
    from sampling.linkage.candidates import compared
    from sampling.linkage.persons import particulars_at

    people = np.arange(400)
    keys = compared(particulars_at(dirty.residents, people), people, "東京都練馬区")
    fitted = estimated(model(), keys, keys.slice(0, 1), (keys, keys))
    name, _birth, sex, _address = (comparison.levels for comparison in fitted.comparisons)
    assert name[0].m > model().comparisons[0].levels[0].m  # every known pair agrees in all
    assert sum(level.m for level in sex) == pytest.approx(1, abs=0.001)
    assert [
        level.m for level in estimated(model(), keys, keys, (keys[:50], keys[:50])).comparisons[0].levels
    ] == [level.m for level in model().comparisons[0].levels]  # too few to say anything
