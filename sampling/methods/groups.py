"""Random division of units into groups, and bootstrap samples in which each unit comes equally often."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

from .inputs import as_numbers, as_strata, check_n, check_repeats, check_units

__all__ = ["balanced_bootstrap", "random_groups"]


def random_groups(
    units: int,
    groups: ArrayLike,
    *,
    rng: np.random.Generator,
    stratum: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """Divide the units at random into groups of equal or given sizes.

    Parameters
    ----------
    units : int
        Units N.
    groups : int or array_like of int
        Number of groups G, as equal as may be; or their sizes, shape (G,), which sum to N.
    rng : numpy.random.Generator
        Source of randomness.
    stratum : array_like of int, optional
        Shape (N,): stratum code of each unit, 0 on; each stratum is divided as evenly as may be. With a
        number of groups only.

    Returns
    -------
    ndarray of int64
        Shape (N,): group of each unit, 0 to G - 1.

    Raises
    ------
    SamplingError
        No group, sizes that do not sum to N, or sizes together with strata.

    Notes
    -----
    GROUPS= of SURVEYSELECT. A unit is in group g with probability 1 / G, or its size over N where sizes are
    given. Sizes of groups differ by one at most, in each stratum and over all: a stratum goes on with the
    group at which the one before ended, and a random numbering says which groups are the larger ones.

    Examples
    --------
    >>> np.bincount(random_groups(10, 3, rng=np.random.default_rng(1))).tolist()
    [3, 3, 4]
    """
    count, numbers = check_units(units), as_numbers(groups)
    result = np.empty(count, dtype=np.int64)
    if numbers.ndim == 1 and stratum is None:
        sizes = [check_n(size, count) for size in numbers.tolist()]
        if sum(sizes) == count:
            result[rng.permutation(count)] = np.repeat(np.arange(len(sizes)), sizes)
            return result
    elif numbers.ndim == 0 and check_n(groups):  # type: ignore[arg-type]
        codes = np.zeros(count, dtype=np.int64) if stratum is None else as_strata(stratum, count)
        order = np.lexsort((rng.random(count), codes))
        result[order] = rng.permutation(int(numbers))[np.arange(count) % int(numbers)]
        return result
    raise SamplingError(
        "SAM-METHOD-GROUPS",
        _("Give a number of groups, 1 or more, or sizes of groups that sum to the number of units."),
        hint=_("Sizes and strata do not go together: divide each stratum on its own."),
    )


def balanced_bootstrap(units: int, replicates: int, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Bootstrap samples with replacement in which each unit comes equally often over all.

    Parameters
    ----------
    units : int
        Units N, the size of each sample.
    replicates : int
        Samples R.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64
        Shape (R, N): positions, rising in each row; each unit comes R times in the whole.

    Raises
    ------
    SamplingError
        Numbers that are no counts.

    Notes
    -----
    METHOD=BALBOOT of SURVEYSELECT: R copies of the units in random order, cut into R pieces. Each unit has
    one expected draw a sample.

    References
    ----------
    Davison, Hinkley and Schechtman (1986), Biometrika 73, 555-566.

    Examples
    --------
    >>> np.bincount(balanced_bootstrap(4, 3, rng=np.random.default_rng(1)).ravel()).tolist()
    [3, 3, 3, 3]
    """
    count, samples = check_units(units), check_repeats(replicates)
    shuffled = rng.permutation(np.tile(np.arange(count), samples)).reshape(samples, count)
    return np.sort(shuffled, axis=1).astype(np.int64)
