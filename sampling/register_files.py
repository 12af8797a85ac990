"""The extracts and lists that an act reads, where they lie and how they are to be read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custody.errors import InputError
from custody.messages import gettext as _
from sampling.control_totals import read_totals
from sampling.exclusions import Exclusions, read_exclusions
from sampling.linkage import Links, link_registers, read_decisions
from sampling.register import Register
from sampling.registers import read_certifications, read_qualifications, read_residents

__all__ = ["RegisterFiles", "Registers", "link_files", "read_lists", "read_registers"]


@dataclass(frozen=True, slots=True)
class RegisterFiles:
    """The extracts and how to read them.

    Parameters
    ----------
    residents, certifications : pathlib.Path
        The two files without which there is no frame.
    layout : str
        Name or file of the layout of both, where they have none of their own.
    encoding : str, optional
        Encoding of all registers. Default: each layout's own.
    residents_layout, certifications_layout : str, optional
        Layout of one register.
    qualifications : pathlib.Path, optional
        Extract of the qualifications (介護保険資格情報).
    qualifications_layout : str
        Its layout.
    opt_outs, earlier, institutions : pathlib.Path, optional
        Lists of who is left out, as `read_exclusions` takes them.
    review : pathlib.Path, optional
        The staff list of the linkage with the decisions of staff (``review.csv``).
    totals : pathlib.Path, optional
        Control totals: how many rows each file has, from the section that made the extracts.
    confirm_repairs : bool
        Full-width digits and lost leading zeros of numbers are repaired and counted, not put into quarantine.
    """

    residents: Path
    certifications: Path
    layout: str = "demo"
    encoding: str | None = None
    residents_layout: str | None = None
    certifications_layout: str | None = None
    qualifications: Path | None = None
    qualifications_layout: str = "qualification_csv"
    opt_outs: Path | None = None
    earlier: Path | None = None
    institutions: Path | None = None
    review: Path | None = None
    totals: Path | None = None
    confirm_repairs: bool = False


@dataclass(frozen=True, slots=True)
class Registers:
    """The registers after reading; `qualifications` is None where there is none."""

    residents: Register
    certifications: Register
    qualifications: Register | None = None

    @property
    def given(self) -> tuple[Register, ...]:
        """Those that were read."""
        last = () if self.qualifications is None else (self.qualifications,)
        return (self.residents, self.certifications, *last)


def read_registers(files: RegisterFiles) -> Registers:
    """Read the registers.

    Parameters
    ----------
    files : RegisterFiles
        Where they lie.

    Returns
    -------
    Registers
        The registers.

    Raises
    ------
    InputError
        A file is refused, its control total is another, or the list of control totals does not name it.
    ConfigError
        A layout is refused.
    """
    totals = _totals(files)

    def how(path: Path, layout: str | None) -> dict[str, Any]:
        chosen: dict[str, Any] = {"layout": files.layout if layout is None else layout}
        if totals is not None:
            chosen["rows"] = totals[path.name]
        return chosen | {"encoding": files.encoding, "confirm_repairs": files.confirm_repairs}

    residents = read_residents(files.residents, **how(files.residents, files.residents_layout))
    certifications = read_certifications(
        files.certifications, **how(files.certifications, files.certifications_layout)
    )
    if files.qualifications is None:
        return Registers(residents, certifications)
    qualifications = read_qualifications(
        files.qualifications, **how(files.qualifications, files.qualifications_layout)
    )
    return Registers(residents, certifications, qualifications)


def link_files(registers: Registers, files: RegisterFiles, *, secret: bytes, municipality: str) -> Links:
    """Find whose each certification row is, with the decisions of staff where they were given.

    Parameters
    ----------
    registers : Registers
        From `read_registers`.
    files : RegisterFiles
        Names the staff list, if there is one.
    secret : bytes
        Secret of the survey's person keys.
    municipality : str
        What stands before the town in an address, if it stands there.

    Returns
    -------
    Links
        Every certification row with its resident.

    Raises
    ------
    InputError, SamplingError
        The staff list or the registers are refused.
    """
    return link_registers(
        registers.residents,
        registers.certifications,
        qualifications=registers.qualifications,
        decisions=None if files.review is None else read_decisions(files.review),
        secret=secret,
        municipality=municipality,
    )


def read_lists(files: RegisterFiles) -> Exclusions:
    """Read the lists of who is left out.

    Parameters
    ----------
    files : RegisterFiles
        Where they lie; those that are not given leave nobody out.

    Returns
    -------
    Exclusions
        The lists.

    Raises
    ------
    InputError, SamplingError
        A list is refused.
    """
    return read_exclusions(opt_outs=files.opt_outs, earlier=files.earlier, institutions=files.institutions)


def _totals(files: RegisterFiles) -> dict[str, int] | None:
    """Read the control totals, and see that they name every file before one is read."""
    if files.totals is None:
        return None
    totals = read_totals(files.totals)
    for path in (files.residents, files.certifications, files.qualifications):
        if path is not None and path.name not in totals:
            raise InputError(
                "SAM-TOTALS-FILE",
                _("The list of control totals does not name the file {name}.").format(name=path.name),
                hint=_("Ask the section that made the extracts for a list that names every file."),
                file=files.totals.name,
            )
    return totals
