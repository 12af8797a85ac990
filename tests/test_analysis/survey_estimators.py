"""Every estimator of a design under a short name, and made-up samples of three stages, for property tests."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from analysis import Estimate, SurveyDesign

__all__ = ["ESTIMATORS", "READS", "SMOOTH", "STAGES", "multistage", "same", "three_stages"]

Estimator = Callable[[SurveyDesign], Estimate]
STAGES: dict[str, Any] = {"strata": "s", "psu": ["u", "v", "i"], "fpc": ["N1", "N2", "N3"]}
# over the columns y, x (above 0), g and h (text), yes (boolean), k and k2 (whole numbers)
SMOOTH: dict[str, Estimator] = {
    "mean": lambda d: d.mean(["y", "x"]),
    "mean by": lambda d: d.mean(["y", "yes"], by="g"),
    "total": lambda d: d.total(["y", "x"]),
    "total by": lambda d: d.total("x", by=["g", "h"]),
    "ratio": lambda d: d.ratio("y", "x"),
    "ratio by": lambda d: d.ratio("y", "x", by="g"),
    "levels": lambda d: d.mean("g", by="h"),
    "proportion": lambda d: d.proportion("yes", by="g"),
    "contrast": lambda d: d.mean(["y", "x"]).contrast("y / x"),
    "table": lambda d: d.crosstab("g", "h").totals(),
    "row shares": lambda d: d.crosstab("g", "h").percent("row"),
    "var": lambda d: d.var(["y", "x"]),
    "std by": lambda d: d.std("y", by="h"),
    "correlation": lambda d: d.correlation(["y", "x"]),
    "gini": lambda d: d.gini("x"),
    "kappa": lambda d: d.kappa("k", "k2"),
    "alpha": lambda d: d.alpha(["y", "x", "k"]),
    "standard": lambda d: d.standardise("y", "h", {"男": 2.0, "女": 3.0}),
    "distribution": lambda d: d.cdf("x", [5.0, 15.0]),
    "margin": lambda d: d.crosstab("g", "h").margin("row", share=True),
}
ESTIMATORS: dict[str, Estimator] = SMOOTH | {
    "median": lambda d: d.median(["y", "x"]),
    "quantiles by": lambda d: d.quantile("x", [0.1, 0.75], by="h"),
}
# columns that are read as numbers
READS: dict[str, str] = {
    "mean": "yx",
    "mean by": "y",
    "total": "yx",
    "total by": "x",
    "ratio": "yx",
    "ratio by": "yx",
    "contrast": "yx",
    "var": "yx",
    "std by": "y",
    "correlation": "yx",
    "gini": "x",
    "alpha": "yx",
    "standard": "y",
    "distribution": "x",
    "median": "yx",
    "quantiles by": "x",
}


@st.composite
def multistage(draw: st.DrawFn, census: bool = False) -> pd.DataFrame:
    """Two or three strata of units, units within units and persons; sizes of the population at each stage.

    Of every unit that holds more than one of the stage below at least two are drawn: no stage is lonely.
    """
    rows: list[tuple[object, ...]] = []
    for s in range(draw(st.integers(2, 3))):
        units = draw(st.integers(2, 3))
        total = units if census else units + draw(st.integers(0, 6))
        for u in range(units):
            inner = draw(st.integers(1, 3))
            more = 0 if census or inner == 1 else draw(st.integers(0, 4))
            for v in range(inner):
                persons = draw(st.integers(1, 3))
                rest = 0 if census or persons == 1 else draw(st.integers(0, 3))
                rows += [
                    (f"s{s}", f"u{s}-{u}", v, i, total, inner + more, persons + rest) for i in range(persons)
                ]
    frame = pd.DataFrame(rows, columns=["s", "u", "v", "i", "N1", "N2", "N3"])
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n = len(frame)
    shift = rng.normal(0, 20, 3)[frame["s"].str[1:].astype(int)]
    frame["y"] = (rng.normal(0, 30, n) + shift).round(draw(st.integers(0, 3)))
    frame["x"] = rng.gamma(2, 5, n).round(2) + 1
    frame["g"] = rng.choice(list("abc"), n, p=[0.5, 0.4, 0.1])
    frame["h"] = rng.choice(["男", "女"], n)
    frame["yes"] = rng.uniform(size=n) < 0.4
    frame.loc[:1, "h"] = ["男", "女"]
    frame["k"] = rng.integers(1, 6, n)
    frame["k2"] = np.where(rng.uniform(size=n) < 0.6, frame["k"], rng.integers(1, 6, n))
    frame["w"] = rng.uniform(1, 9, n).round(2)
    return frame


def three_stages(frame: pd.DataFrame, **options: Any) -> SurveyDesign:
    """The design of `multistage`, weighted from the population sizes unless weights are named."""
    return SurveyDesign(frame, **(STAGES | options))


def same(one: object, other: object, close: float = 1e-9, scale: float = 1.0, what: str = "") -> None:
    """Equal to nine digits of the largest number; NaN equals NaN."""
    first, second = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    size = float(np.nanmax(np.abs(second), initial=0.0))
    np.testing.assert_allclose(first, second, rtol=close, atol=close * max(size, scale), err_msg=what)
