"""Modules that are imported at first use, so that ``import analysis`` stays quick."""

import importlib
from types import ModuleType

__all__ = ["LazyModule"]


class LazyModule(ModuleType):
    """Stand-in for a module: the first attribute asked for imports the module.

    Parameters
    ----------
    name : str
        Full import name.

    Examples
    --------
    >>> LazyModule("math").floor(2.5)
    2
    """

    def __getattr__(self, attribute: str) -> object:
        return getattr(importlib.import_module(self.__name__), attribute)
