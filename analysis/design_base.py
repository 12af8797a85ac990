"""What every group of methods of a design may count on."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from analysis.arrays import DesignArrays

__all__ = ["DesignBase"]


class DesignBase:
    """The data and the arrays of a design; `SurveyDesign` holds them, groups of methods read them."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def _data(self) -> pd.DataFrame: ...

        @property
        def arrays(self) -> DesignArrays:  # noqa: D102
            ...
