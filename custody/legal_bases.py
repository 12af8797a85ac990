"""Legal bases (根拠規定) as data: what each permits, when it is law, the duties that go with it.

The table is ``data/legal_bases.toml``; other wordings may stand in an approval, but open nothing.
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from custody.approval_toml import plain
from custody.messages import mark

__all__ = ["NEEDS", "LegalBasis", "bases_named", "legal_bases", "read_legal_bases"]

NEEDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "use": mark("use beyond the purpose (目的外利用)"),
        "outsourcing": mark("outsourcing (外部委託)"),
        "linkage": mark("linkage of systems (電子計算組織の結合)"),
    }
)
"""What a legal basis can open, and its name for people."""


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """One article.

    Parameters
    ----------
    id : str
        Short ASCII code.
    law, article : str
        Name of the law or ordinance, and the article.
    opens : tuple of str
        From `NEEDS`.
    names : tuple of str
        Wordings that mean it in an approval file.
    valid_from, valid_to : datetime.date
        First and last day on which a decision may rest on it, included.
    duties : tuple of str
        What staff and contractor must do, in Japanese.
    """

    id: str
    law: str
    article: str
    opens: tuple[str, ...]
    names: tuple[str, ...]
    valid_from: date
    valid_to: date
    duties: tuple[str, ...]

    def in_force(self, day: date) -> bool:
        """Say whether a decision of a day may rest on it.

        Parameters
        ----------
        day : datetime.date
            Day of the decision.

        Returns
        -------
        bool
            True within its days of validity.
        """
        return self.valid_from <= day <= self.valid_to


@cache
def read_legal_bases() -> tuple[LegalBasis, ...]:
    """Read the table of legal bases.

    Returns
    -------
    tuple of LegalBasis
        In file order.

    Examples
    --------
    >>> [basis.article for basis in read_legal_bases() if basis.in_force(date(2009, 10, 22))]
    ['第16条', '第13条', '第17条']
    """
    text = files("custody").joinpath("data/legal_bases.toml").read_text(encoding="utf-8")
    return tuple(
        LegalBasis(
            id=entry["id"],
            law=entry["law"],
            article=entry["article"],
            opens=tuple(entry["opens"]),
            names=tuple(entry["names"]),
            valid_from=entry.get("valid_from", date.min),
            valid_to=entry.get("valid_to", date.max),
            duties=tuple(entry["duties"]),
        )
        for entry in tomllib.loads(text)["basis"]
    )


@cache
def legal_bases() -> Mapping[str, tuple[str, ...]]:
    """Read which wordings open what.

    Returns
    -------
    mapping of str to tuple of str
        ``"use"``, ``"outsourcing"`` and ``"linkage"`` → the wordings that open it.

    Examples
    --------
    >>> "個人情報保護法69条2項2号" in legal_bases()["use"]
    True
    """
    return MappingProxyType(
        {need: tuple(n for b in read_legal_bases() if need in b.opens for n in b.names) for need in NEEDS}
    )


def bases_named(wordings: Collection[str]) -> tuple[LegalBasis, ...]:
    """Find the legal bases that an approval names.

    Parameters
    ----------
    wordings : collection of str
        As written in the approval; width and blanks do not matter.

    Returns
    -------
    tuple of LegalBasis
        Those known, in table order; unknown wordings are passed over.

    Examples
    --------
    >>> [basis.id for basis in bases_named(["第１３条", "another law"])]
    ['nerima-13']
    """
    held = {plain(wording) for wording in wordings}
    return tuple(b for b in read_legal_bases() if not held.isdisjoint(map(plain, b.names)))
