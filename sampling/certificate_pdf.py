"""The draw certificate on one page (抽出証明書), in Japanese, for the council's file."""

from contextvars import copy_context
from io import BytesIO
from typing import Any, Final

from custody.checkpoints import parse_checkpoint
from custody.fonts import FontChain
from custody.messages import gettext as _
from custody.messages import mark, set_language
from custody.pdf import A4, MM, draw_text, fit_size, new_canvas, save_canvas
from sampling.certificate import DrawCertificate, StratumRecord
from sampling.frame import RULE_TITLES

__all__ = ["certificate_pdf"]

LEFT: Final = 18 * MM
WIDTH: Final = A4[0] - 2 * LEFT
TOP: Final = A4[1] - 20 * MM
SMALL: Final = 7.0
BODY: Final = 8.5
STRATA_ROWS: Final = 30
STRATA_COLUMNS: Final = 2
NO_GLYPH: Final = "〓"
COORDINATIONS: Final = {
    "independent": mark("permanent numbers, a starting point of its own"),
    "negative": mark("permanent numbers; the persons of the draw before are avoided"),
    "positive": mark("permanent numbers; the persons of the draw before are kept"),
    "rotate": mark("permanent numbers; one panel of the draw before is replaced"),
}
"""How a draw stands to the one before, in words."""


def certificate_pdf(certificate: DrawCertificate, json_sha256: str) -> bytes:
    """Print a certificate.

    Parameters
    ----------
    certificate : DrawCertificate
        The certificate.
    json_sha256 : str
        Digest of its JSON file, which is what a program checks.

    Returns
    -------
    bytes
        A PDF of one page; the same certificate gives the same bytes on a machine with the same fonts.
    """
    return copy_context().run(_render, certificate, json_sha256)


def _render(certificate: DrawCertificate, json_sha256: str) -> bytes:
    set_language("ja")
    buffer = BytesIO()
    page = _Page(new_canvas(buffer, "draw certificate", training=certificate.training), FontChain.find())
    page.line(_("Draw certificate"), size=18, after=8 * MM)
    for name, text in _head(certificate):
        page.pair(name, text)
    page.gap()
    page.line(_("From the register to the frame"), size=11)
    for title, count in _flow(certificate):
        page.row((title, f"{count:,}"), (0, 110 * MM, 130 * MM))
    page.gap()
    page.line(_strata_title(certificate), size=11)
    _draw_strata(page, certificate)
    page.gap()
    for name, text in _tail(certificate, json_sha256):
        page.pair(name, text, size=SMALL)
    page.canvas.showPage()
    return save_canvas(page.canvas, buffer)


def _head(certificate: DrawCertificate) -> list[tuple[str, str]]:
    clocks = (certificate.reference_date.isoformat(), certificate.knowledge_date.isoformat())
    lines = [
        (_("Survey"), f"{certificate.title} ({certificate.survey_id})"),
        (_("Approval"), certificate.approval),
        (_("Drawn at"), certificate.drawn_at),
        (_("Reference date, date of the extracts"), " / ".join(clocks)),
        (_("Persons drawn of the frame"), f"{certificate.sample:,} / {certificate.persons:,}"),
        (_("Seed"), certificate.seed),
    ]
    if (home := certificate.one_per_household) is not None:
        text = _("{households} households; {persons} persons of {institutions} institutions count one by one")
        counts = {
            "households": f"{home.households:,}",
            "persons": f"{home.institution_persons:,}",
            "institutions": f"{home.institutions:,}",
        }
        lines.append((_("One person a household"), text.format(**counts)))
    lines += _ways(certificate)
    if certificate.draw_number > 1:
        text = _("draw number {number}; the draw before is void: {reason}")
        lines.append(
            (_("Redraw"), text.format(number=certificate.draw_number, reason=certificate.redraw_reason))
        )
    return lines


def _ways(certificate: DrawCertificate) -> list[tuple[str, str]]:
    """Say what differs from a plain draw: systematic, with a reserve, coordinated, in public."""
    lines = []
    if certificate.method == "systematic":
        lines.append((_("Method"), _("systematic: equal steps through the list of each stratum")))
    if certificate.reserve:
        text = _("{persons} persons, in order after the sample")
        lines.append((_("Reserve"), text.format(persons=f"{certificate.reserve:,}")))
    if (plan := certificate.coordination) is not None:
        lines.append((_("Coordination"), _(COORDINATIONS[plan.kind])))
    if (record := certificate.ceremony) is not None:
        lines.append((_("Public draw: words of the commitment"), " ".join(record.words)))
        for number, dice in enumerate(record.entropies, start=1):
            lines.append((_("Dice of party {number}").format(number=number), dice))
    return lines


def _strata_title(certificate: DrawCertificate) -> str:
    if certificate.one_per_household is None:
        return _("Strata: persons of the frame, persons drawn, start of the last number drawn")
    return _("Strata: households of the frame, persons drawn, start of the last number drawn")


def _flow(certificate: DrawCertificate) -> list[tuple[str, int]]:
    return [
        (_(title), certificate.flow[rule])
        for rule, title in RULE_TITLES.items()
        if certificate.flow.get(rule)
    ]


def _tail(certificate: DrawCertificate, json_sha256: str) -> list[tuple[str, str]]:
    signed = parse_checkpoint(certificate.checkpoint)
    return [
        (_("Key of the draw"), certificate.key_hex),
        (_("Digest of the frame"), certificate.frame_digest),
        (_("Digest of the sample"), certificate.sample_digest),
        (_("Digest of the approval"), certificate.approval_sha256),
        (_("Digest of draw-certificate.json"), json_sha256),
        (_("Ledger before the draw"), f"{certificate.ledger_seq}  {certificate.ledger_hash}"),
        *([(_("Signed checkpoint (照合点)"), signed.short)] if signed else []),
        (_("Rule and program"), f"{certificate.rule}, hyohon {certificate.version}"),
        (_("To check"), "hyohon sampling verify draw-certificate.json --frame-keys frame-keys.csv"),
    ]


def _draw_strata(page: "_Page", certificate: DrawCertificate) -> None:
    shown = certificate.strata[: STRATA_ROWS * STRATA_COLUMNS]
    rows = -(-len(shown) // STRATA_COLUMNS)
    frame = _("frame") if certificate.one_per_household is None else _("households")
    titles = (_("stratum"), frame, _("drawn"), _("last number"))
    lines = [[titles] * STRATA_COLUMNS]
    lines += [[_cells(record) for record in shown[place::rows]] for place in range(rows)]
    half = WIDTH / STRATA_COLUMNS
    for line in lines:
        for column, cells in enumerate(line):
            start = column * half
            at = tuple(start + offset * MM for offset in (0, 32, 45, 56, 80))
            page.row(cells, at, size=SMALL, advance=False)
        page.y -= SMALL * 1.35
    if len(shown) < len(certificate.strata):
        text = _("{count} further strata are in draw-certificate.json.")
        page.line(text.format(count=len(certificate.strata) - len(shown)), size=SMALL)


def _cells(record: StratumRecord) -> tuple[str, str, str, str]:
    last = f"{record.threshold[:12]}…" if record.threshold else ""
    frame = record.persons if record.households is None else record.households
    return record.stratum, f"{frame:,}", f"{record.sample:,}", last


class _Page:
    """One page, written from top to bottom."""

    def __init__(self, canvas: Any, chain: FontChain) -> None:
        self.canvas, self.chain, self.y = canvas, chain, TOP

    def text(self, x: float, text: str, size: float, width: float) -> None:
        for character in self.chain.missing(text):
            text = text.replace(character, NO_GLYPH)
        while text and (fitted := fit_size(text, width, size, 4.5, self.chain)) is None:
            text = text[:-1]
        if text:
            draw_text(self.canvas, LEFT + x, self.y, text, fitted or size, self.chain)

    def line(self, text: str, *, size: float = BODY, after: float | None = None) -> None:
        self.text(0, text, size, WIDTH)
        self.y -= size * 1.5 if after is None else after

    def pair(self, name: str, text: str, *, size: float = BODY) -> None:
        self.text(0, name, size, 52 * MM)
        self.text(55 * MM, text, size, WIDTH - 55 * MM)
        self.y -= size * 1.5

    def row(
        self, cells: tuple[str, ...], at: tuple[float, ...], *, size: float = BODY, advance: bool = True
    ) -> None:
        """Write the first cell from the left and the others to the right edge of their column."""
        for place, (cell, x, end) in enumerate(zip(cells, at[:-1], at[1:], strict=True)):
            width = end - x - MM
            indent = max(width - self.chain.width(cell, size), 0) if place else 0
            self.text(x + indent, cell, size, width - indent)
        if advance:
            self.y -= size * 1.4

    def gap(self) -> None:
        self.y -= 3 * MM
