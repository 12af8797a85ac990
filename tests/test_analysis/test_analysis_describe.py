"""The description of a design counts strata, units of each stage and weights as the data has them."""

import numpy as np
import pytest
from survey_designs import design, table

from analysis import SurveyDesign, kish_deff


def facts(d: SurveyDesign) -> dict[str, str]:
    tidy = d.describe().tidy()
    return dict(zip(tidy["item"], tidy["value"], strict=True))


def test_strata_are_counted_one_by_one() -> None:
    d, data = design("dstrat"), table("api_strat")
    found = d.describe().strata_table.set_index("stratum")
    for name, part in data.groupby("stype"):
        row = found.loc[str(name)]
        assert row["psus"] == row["rows"] == len(part)
        assert row["population"] == part["fpc"].iloc[0]
        assert row["weight_sum"] == pytest.approx(part["pw"].sum())
        assert (row["weight_min"], row["weight_max"]) == (part["pw"].min(), part["pw"].max())
    assert found["weight_sum"].sum() == pytest.approx(d.describe().population)


def test_later_stages_unequal_probabilities_and_phases_are_named() -> None:
    two = design("dclus2").describe()
    data = table("api_clus2")
    assert (two.psus, two.later_units) == (data["dnum"].nunique(), (len(data),))
    assert facts(design("dclus2"))["units of stage 2"] == f"{len(data):,}"
    assert design("own_three").describe().later_units == (
        len(table("own_main")[["丁目", "世帯"]].drop_duplicates()),
        len(table("own_main")[["丁目", "世帯", "個人"]].drop_duplicates()),
    )
    assert not two.unequal
    assert facts(design("pps_brewer"))["unequal probabilities"] == "yes"
    keep = np.arange(200) % 2 == 0
    phases = design("dsrs").second_phase(keep)
    assert facts(phases)["phases"] == "2"
    assert phases.describe().deff_kish == pytest.approx(kish_deff(phases.weights))


def test_a_domain_keeps_the_strata_as_drawn() -> None:
    d = design("dstrat")
    part = d.subset(d.data["stype"] == "E").describe()
    assert part.strata == 3
    found = part.strata_table.set_index("stratum")
    assert found[["psus", "rows"]].to_numpy().tolist()[1] == [50, 0]
    assert found["weight_min"].isna().tolist() == [False, True, True]


def test_both_tables_are_shown() -> None:
    html = design("dstrat")._repr_html_()
    assert 'id="hyohon-design"' in html
    assert 'id="hyohon-design-strata"' in html
    assert 'id="hyohon-design-strata"' not in design("dsrs")._repr_html_()
