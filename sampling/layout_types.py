"""What a layout says, once it has been checked: fields, registers, the layout itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from custody.errors import ConfigError
from custody.messages import gettext as _
from sampling.canonical import FieldType, FileFormat, RegisterKind

__all__ = ["Field", "Layout", "RegisterLayout"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a register.

    Parameters
    ----------
    name : str
        Our name.
    column : str
        Header of the column in the file; in a file without headers, the name that messages use.
    type : {"number", "date", "postal", "code", "text", "kana"}
        How the cells are read (see ``layouts/demo.toml``).
    required : bool
        An empty cell is a fault.
    width : int or None
        Digits of a number, 1 to 18.
    codes : mapping of str to str
        Code in the file → value in the register.
    earliest : bool
        A date before ``registers.earliest_birth`` is a fault.
    partial : bool
        Month or day of a date may be unknown (``00``, 不詳).
    start, bytes : int or None
        Fixed width only: first byte in the record, from 1, and number of bytes.
    position : int or None
        File without header line only: number of the column, from 1.
    empty : tuple of str
        Cells that stand for "nothing here", such as ``"00000000"``.
    """

    name: str
    column: str
    type: FieldType
    required: bool = True
    width: int | None = None
    codes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    earliest: bool = False
    partial: bool = False
    start: int | None = None
    bytes: int | None = None
    position: int | None = None
    empty: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegisterLayout:
    """The layout of one register.

    Parameters
    ----------
    title : str
        Name of the register, as the approval names the item.
    key : str
        Field that names the person.
    unique : bool
        The key may stand in one row only.
    fields : tuple of Field
        All fields that are read, in their order.
    kind : {"residents", "certifications", "qualifications"}
        Which register.
    format : {"delimited", "fixed", "excel", "parquet"}
        Form of the file.
    encoding : str
        Encoding of the file, as Python names it (not used for Excel).
    delimiter : str
        Between two cells of a delimited file: comma, tab or semicolon.
    header : bool
        The first line (of a delimited file or sheet) holds the column names.
    record_bytes : int or None
        Fixed width only: bytes of a record, without its line end.
    sheet : str or None
        Excel only: name of the sheet; None for the first one.
    """

    title: str
    key: str
    unique: bool
    fields: tuple[Field, ...]
    kind: RegisterKind = "residents"
    format: FileFormat = "delimited"
    encoding: str = "cp932"
    delimiter: str = ","
    header: bool = True
    record_bytes: int | None = None
    sheet: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Headers of the columns that are read."""
        return tuple(field.column for field in self.fields)

    def field(self, name: str) -> Field | None:
        """Find a field by our name.

        Parameters
        ----------
        name : str
            Our name.

        Returns
        -------
        Field or None
            None where the layout does not name it.
        """
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True)
class Layout:
    """The registers that one layout file describes.

    Parameters
    ----------
    name : str
        Name of the layout.
    residents, certifications, qualifications : RegisterLayout or None
        One for each register; None where the file does not describe it.
    """

    name: str
    residents: RegisterLayout | None = None
    certifications: RegisterLayout | None = None
    qualifications: RegisterLayout | None = None

    @property
    def kinds(self) -> tuple[RegisterKind, ...]:
        """Registers that are described."""
        every: tuple[tuple[RegisterKind, RegisterLayout | None], ...] = (
            ("residents", self.residents),
            ("certifications", self.certifications),
            ("qualifications", self.qualifications),
        )
        return tuple(kind for kind, rules in every if rules is not None)

    def register(self, kind: RegisterKind) -> RegisterLayout:
        """Return the layout of one register.

        Parameters
        ----------
        kind : {"residents", "certifications", "qualifications"}
            Which register.

        Returns
        -------
        RegisterLayout
            Its layout.

        Raises
        ------
        ConfigError
            The layout does not describe this register.
        """
        rules: RegisterLayout | None = getattr(self, kind)
        if rules is None:
            text = _("The layout {name} does not describe the register {kind}, only: {kinds}.")
            raise ConfigError(
                "SAM-LAYOUT-REGISTER",
                text.format(name=self.name, kind=kind, kinds=", ".join(self.kinds)),
                hint=_("Name the layout of this register (hyohon sampling layout list)."),
            )
        return rules
