"""Sample size for several domains at once: each domain keeps its margin."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.size.result import ROUNDING, SampleSize, check_open, common, unreachable
from sampling.size.single import margin_mean, margin_proportion, size_mean, size_proportion

__all__ = ["size_domains"]

Draw = Literal["separate", "proportional"]
Each = float | Mapping[str, float]


def size_domains(
    shares: Mapping[str, float],
    margin: Each,
    *,
    p: Each = 0.5,
    sd: Each | None = None,
    N: int | None = None,
    deff: Each = 1.0,
    response: Each = 1.0,
    level: float = 0.95,
    allocation: Draw = "separate",
) -> SampleSize:
    """Find the sample size with which every domain keeps its margin.

    Parameters
    ----------
    shares : mapping of str to float
        Share W_d of each domain in the population, or its persons; above 0, divided by their sum.
    margin : float or mapping of str to float
        Half-width of the confidence interval wanted in each domain.
    p : float or mapping of str to float
        Expected proportion of each domain, between 0 and 1.
    sd : float or mapping of str to float, optional
        Standard deviation of each domain, above 0: then the domains' means are meant, not proportions.
    N : int, optional
        Size of the whole population; domain d has W_d N, rounded. Default: without limit.
    deff, response : float or mapping of str to float
        Design effect, above 0, and response rate, above 0 to 1, of each domain.
    level : float
        Confidence level of each interval, between 0 and 1.
    allocation : {"separate", "proportional"}
        Domains are drawn on their own, as strata, each as large as it needs; or one sample is drawn from all
        in proportion to the shares, large enough for the domain that needs most of it.

    Returns
    -------
    SampleSize
        One part a domain; its margin is the one reached. The whole has the margin of the population's
        estimate, the domains weighted by their shares.

    Raises
    ------
    SamplingError
        A value that is not allowed, or more persons to draw than a domain has.

    Notes
    -----
    Separate: n_d as in `size_proportion` or `size_mean`, draw n_d / r_d. Proportional: draw m W_d with
    m = max n_d / (r_d W_d); answers are then the expected ones, rounded down. Variance of the whole:
    Σ W_d² Var_d.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sections 4.5 and 5.3.

    Examples
    --------
    >>> size = size_domains({"East": 0.25, "West": 0.75}, 0.05, allocation="proportional")
    >>> size.n, [part.n for part in size.parts]
    (1540, [385, 1155])
    >>> size_domains({"East": 0.25, "West": 0.75}, 0.05).n
    770
    """
    check_open("shares", list(shares.values()) or [math.nan], 0, np.inf)
    if allocation not in get_args(Draw):
        raise SamplingError(
            "SAM-SIZE-VALUE",
            _("The value of {name} is not allowed.").format(name="allocation"),
            hint=_("Allowed: {range}.").format(range=", ".join(get_args(Draw))),
        )
    weights = {name: share / sum(shares.values()) for name, share in shares.items()}
    needed = [
        _domain(
            _of(margin, name),
            p=_of(p, name),
            sd=None if sd is None else _of(sd, name),
            N=None if N is None else round(N * weight),
            deff=_of(deff, name),
            response=_of(response, name),
            level=level,
            name=name,
        )
        for name, weight in weights.items()
    ]
    parts = needed if allocation == "separate" else _proportional(needed, list(weights.values()))
    return _whole(parts, list(weights.values()), N, level, allocation)


def _of(value: Each, name: str) -> float:
    """Return the value of a domain; one that the mapping lacks is refused as missing."""
    return value.get(name, math.nan) if isinstance(value, Mapping) else value


def _domain(
    margin: float,
    *,
    p: float,
    sd: float | None,
    N: int | None,
    deff: float,
    response: float,
    level: float,
    name: str,
) -> SampleSize:
    if sd is None:
        size = size_proportion(margin, p=p, N=N, deff=deff, response=response, level=level)
    else:
        size = size_mean(margin, sd=sd, N=N, deff=deff, response=response, level=level)
    return _resized(size, size.n, size.n_draw, name)


def _resized(size: SampleSize, n: int, n_draw: int, name: str) -> SampleSize:
    """Return the size with other numbers, and the margin that they reach."""
    assumed = dict(size.assumptions)
    deff = 1.0 if size.deff is None else size.deff
    if "sd" in assumed:
        margin = margin_mean(n, sd=float(assumed["sd"]), N=size.N, deff=deff, level=size.level)
    else:
        margin = margin_proportion(n, p=float(assumed["p"]), N=size.N, deff=deff, level=size.level)
    return SampleSize(
        size.estimand,
        n,
        n_draw,
        float(margin),
        size.level,
        size.deff,
        size.N,
        size.response,
        size.assumptions,
        name,
    )


def _proportional(needed: Sequence[SampleSize], weights: Sequence[float]) -> list[SampleSize]:
    """Enlarge every domain to its share of the sample that the neediest domain asks for."""
    rates = [1.0 if size.response is None else size.response for size in needed]
    whole = max(size.n / (rate * w) for size, rate, w in zip(needed, rates, weights, strict=True))
    parts = []
    for size, rate, weight in zip(needed, rates, weights, strict=True):
        draw = max(size.n_draw, math.ceil(whole * weight * (1 - ROUNDING)))
        if size.N is not None and draw > size.N:
            raise unreachable(draw * rate, size.N)
        answers = max(size.n, math.floor(draw * rate * (1 + ROUNDING)))
        parts.append(_resized(size, answers, draw, size.name))
    return parts


def _whole(
    parts: Sequence[SampleSize], weights: Sequence[float], N: int | None, level: float, allocation: Draw
) -> SampleSize:
    margin = math.sqrt(sum((weight * part.margin) ** 2 for weight, part in zip(weights, parts, strict=True)))
    return SampleSize(
        parts[0].estimand,
        sum(part.n for part in parts),
        sum(part.n_draw for part in parts),
        margin,
        level,
        common(1.0 if part.deff is None else part.deff for part in parts),
        N,
        common(1.0 if part.response is None else part.response for part in parts),
        (("allocation", allocation),),
        parts=tuple(parts),
    )
