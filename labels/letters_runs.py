"""Runs of letters: the contractor's from a sealed package, in the order of the labels; staff's preview.

Names are in memory while printing, and in the PDF; the ledger learns kind, counts and digests.
"""

import io
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from custody.errors import ConfigError, KeyFileError, LabelError
from custody.files import record_file
from custody.fonts import FontChain
from custody.keys import KeyStore
from custody.ledger import Act, Fact, Ledger
from custody.messages import gettext as _
from custody.package_receipts import receive
from custody.packages import Package, open_package
from custody.whole_file import WholeFile
from labels.job_printing import REPRINT_REASONS
from labels.jobs import Job, package_denials, write_table
from labels.letters_draw import ReadyLetter, write_letters
from labels.letters_envelope import check_permit, envelope_pdf
from labels.letters_facts import LetterFacts, letter_facts_of_package, letter_facts_of_survey
from labels.letters_layout import lay_out
from labels.letters_people import in_order, prepare_letters
from labels.letters_texts import LetterText, letter_parts, letter_text
from labels.prepare import HOLD_REASONS, HeldBack

if TYPE_CHECKING:
    import pandas as pd

    from custody.survey import Survey

__all__ = ["LETTER_RUN", "LetterRun", "letter_records", "preview_letters", "print_letters"]

LETTER_RUN: Final = "letter.run"
"""The event that records a run of letters."""
RECORDED: Final = (
    "run",
    "letter",
    "wave",
    "pages",
    "letters",
    "held_back",
    "reason",
    "pdf",
    "words",
    "package",
)
"""What the ledger knows of a run of letters, beside when it was."""


@dataclass(frozen=True, slots=True)
class LetterRun:
    """What a run of letters made. It holds no name.

    Parameters
    ----------
    run : int
        Number of the run of letters, 0 for a preview.
    kind : str
        One of `labels.letters_texts.LETTER_KINDS`.
    pages : int
        Pages of the PDF.
    letters : int
        Letters with a name; 0 where the page is to be copied.
    size : float
        Size of the body, points; 0 for an envelope.
    held_back : tuple of HeldBack
        Letters not printed, by row of the package.
    pdf_sha256 : str
        Digest of the PDF.
    path : pathlib.Path
        The PDF.
    """

    run: int
    kind: str
    pages: int
    letters: int
    size: float
    held_back: tuple[HeldBack, ...]
    pdf_sha256: str
    path: Path

    def __repr__(self) -> str:
        return f"LetterRun(run {self.run}: {self.kind}, {self.pages} pages, {len(self.held_back)} held back)"

    def tidy(self) -> "pd.DataFrame":
        """Give the counts of the run.

        Returns
        -------
        DataFrame
            Columns ``run, kind, pages, letters, size, held_back, pdf_sha256``; one row.
        """
        import pandas as pd

        names = ("run", "kind", "pages", "letters", "size")
        row = {name: getattr(self, name) for name in names}
        return pd.DataFrame([{**row, "held_back": len(self.held_back), "pdf_sha256": self.pdf_sha256}])

    def held_back_table(self) -> "pd.DataFrame":
        """List the letters that were not printed.

        Returns
        -------
        DataFrame
            Columns ``row, code, reason``: a row of the package, never a name.
        """
        import pandas as pd

        rows = [(held.row, held.code, _(HOLD_REASONS[held.code])) for held in self.held_back]
        return pd.DataFrame(rows, columns=["row", "code", "reason"])


@dataclass(frozen=True, slots=True)
class _Made:
    """A PDF before it is recorded and gets its name."""

    pdf: str
    pages: int
    ready: int
    size: float
    held: tuple[HeldBack, ...]
    words: str


def print_letters(
    package: Path | str,
    folder: Path | str,
    kind: str,
    *,
    keys: KeyStore,
    plain: bool = False,
    envelope: str = "naga3",
    template: Path | None = None,
    reason: str | None = None,
    at: str | None = None,
    fonts: FontChain | None = None,
) -> LetterRun:
    """Print the letters of a sealed package and record the run.

    Parameters
    ----------
    package : path
        ``labels.sp``, sealed to the contractor.
    folder : path
        The job folder; made for the first package of a survey.
    kind : {"cover", "notice", "envelope", "card", "advance"}
        What to print. ``cover`` and ``advance`` have a page a person, the others one page.
    keys : KeyStore
        The contractor's keys.
    plain : bool
        True prints one page without a name, to be copied.
    envelope : {"naga3", "kaku2"}
        Size of the reply envelope.
    template : pathlib.Path, optional
        Words in place of those of the package.
    reason : {"jam", "torn", "misprint", "lost", "address", "other"}, optional
        Needed to print letters with names of this package and kind again.
    at : str, optional
        Simulated time, only for training surveys.
    fonts : FontChain, optional
        Default: the fonts of this computer.

    Returns
    -------
    LetterRun
        The run; its PDF lies in the job's ``out`` folder.

    Raises
    ------
    PackageError
        The package may not be opened.
    ConfigError, LabelError
        A fact is missing, the words do not fit, the permit expires too soon, or nothing is left to print.

    Notes
    -----
    Letters come in the order of the labels in hand, so that the first letter goes into the envelope with the
    first label; before any label is printed, in the order that labels will have. Whose label was held back,
    mailed or voided gets no letter. The run is recorded before the PDF gets its name.
    """
    opened = _open(package, keys, folder, at)
    facts, chain = letter_facts_of_package(opened.manifest), fonts or FontChain.find()
    job = Job.start(folder, opened.manifest, at)
    with ExitStack() as stack:
        tracking = stack.enter_context(job.tracking())
        receive(tracking.ledger, opened.manifest, Path(package).name, now=job.clock.now())
        run = _next_run(tracking.ledger)
        people = None
        if not plain and kind in ("cover", "advance"):
            _check_reprint(tracking.ledger, kind, opened, reason)
            people = in_order(_payload(opened), tracking, _wave(opened))
        path = job.out / f"letters-{kind}-run{run:02d}.pdf"
        file = stack.enter_context(WholeFile(path))
        made = _make(facts, chain, kind, job.clock.today(), run, people, envelope, template, file)
        about: dict[str, Fact] = {"package": opened.manifest.payload_sha256, "wave": _wave(opened)}
        _record(tracking.ledger, made, kind, run, {**about, "reason": reason or ""})
        record_file(tracking.ledger, job.folder, file.keep(), "letters")
    found = _run_of(made, kind, run, path)
    if people is not None:
        write_table(job.out / "letters-held-back.csv", found.held_back_table())
    return found


def letter_records(ledger: Ledger) -> list[dict[str, Fact]]:
    """List the runs of letters of a job.

    Parameters
    ----------
    ledger : Ledger
        Of the job.

    Returns
    -------
    list of dict
        In their order: run, letter, wave, pages, letters, held_back, reason, digests of the PDF, of the words
        and of the package, and at.
    """
    return [
        {**{name: event.facts.get(name, "") for name in RECORDED}, "at": event.at}
        for event in ledger.events(LETTER_RUN)
    ]


def preview_letters(
    survey: "Survey",
    kind: str,
    *,
    envelope: str = "naga3",
    template: Path | None = None,
    fonts: FontChain | None = None,
) -> LetterRun:
    """Print one page of a letter from the survey folder: staff's preview, or the public notice itself.

    Parameters
    ----------
    survey : Survey
        Opened; nobody's name is read.
    kind, envelope, template, fonts
        As in `print_letters`.

    Returns
    -------
    LetterRun
        With run 0; the PDF is ``out/letter-KIND.pdf``, recorded in the survey's ledger.

    Raises
    ------
    ConfigError, LabelError
        As in `print_letters`.
    """
    facts, chain = letter_facts_of_survey(survey), fonts or FontChain.find()
    path = survey.out / f"letter-{kind}.pdf"
    with WholeFile(path) as file:
        made = _make(facts, chain, kind, survey.clock.today(), 0, None, envelope, template, file)
        file.keep()
    with survey.ledger() as ledger:
        record_file(ledger, survey.folder, path, "letter")
    return _run_of(made, kind, 0, path)


def _make(
    facts: LetterFacts,
    chain: FontChain,
    kind: str,
    today: date,
    run: int,
    people: "pd.DataFrame | None",
    envelope: str,
    template: Path | None,
    file: WholeFile,
) -> _Made:
    """Make the PDF page by page, all but the end of its file, which is held until the file is kept."""
    if kind == "envelope":
        check_permit(facts, today)
        file.hold(envelope_pdf(facts, chain, envelope=envelope, template=template))
        return _Made(file.sha256, 1, 0, 0.0, (), file.sha256)
    text = letter_text(kind, facts, template)
    page = lay_out(text, chain)
    ready, held = ([], []) if people is None else prepare_letters(people, page, chain)
    if people is not None:
        _check_some(text, ready)
    title = f"{facts.title} {letter_parts(kind, facts, template)['name']}"
    file.hold(write_letters(page, ready, chain, file, title=title, training=facts.training, run=run))
    return _Made(file.sha256, max(len(ready), 1), len(ready), page.size, tuple(held), text.sha256)


def _check_some(text: LetterText, ready: list[ReadyLetter]) -> None:
    if not text.named:
        raise ConfigError(
            "LET-PLAIN",
            _("The words of this letter have no place for a name."),
            hint=_("Add a line that begins with @, or print it with --plain."),
            file=text.kind,
        )
    if not ready:
        raise LabelError(
            "LET-NONE",
            _("No label in hand has a letter to print."),
            hint=_("Letters are printed for labels that are printed and not mailed yet."),
        )


def _check_reprint(ledger: Ledger, kind: str, package: Package, reason: str | None) -> None:
    if reason is not None and reason not in REPRINT_REASONS:
        raise LabelError(
            "LAB-REASON",
            _("There is no such reason for printing again."),
            hint=_("Choose one of: {reasons}.").format(reasons=", ".join(REPRINT_REASONS)),
        )
    digest = package.manifest.payload_sha256
    for event in ledger.events(LETTER_RUN):
        facts = event.facts
        if reason is None and (facts["letter"], facts["package"]) == (kind, digest) and facts["letters"]:
            raise LabelError(
                "LET-REPRINT",
                _("The letters of this package were printed already."),
                hint=_("Print them again with --reason (jam, torn, misprint, lost, address, other)."),
            )


def _next_run(ledger: Ledger) -> int:
    return 1 + sum(1 for _event in ledger.events(LETTER_RUN))


def _record(ledger: Ledger, made: _Made, kind: str, run: int, about: dict[str, Fact]) -> None:
    facts: dict[str, Fact] = {
        "run": run,
        "letter": kind,
        "pages": made.pages,
        "letters": made.ready,
        "held_back": len(made.held),
        "pdf": made.pdf,
        "words": made.words,
        **about,
        "once": f"{LETTER_RUN}.{run}",
    }
    acts: list[Act] = [(LETTER_RUN, facts)]
    ledger.append_decided(lambda: acts)


def _run_of(made: _Made, kind: str, run: int, path: Path) -> LetterRun:
    return LetterRun(run, kind, made.pages, made.ready, made.size, made.held, made.pdf, path)


def _wave(package: Package) -> int:
    wave = package.manifest.facts.get("wave", 1)
    return wave if isinstance(wave, int) and wave > 0 else 1


def _open(package: Path | str, keys: KeyStore, folder: Path | str, at: str | None) -> Package:
    try:
        verifier = keys.verifier("staff")
    except KeyFileError:
        verifier = None
    with package_denials(folder, at):
        return open_package(package, kind="labels", identity=keys.identity("contractor"), verifier=verifier)


def _payload(package: Package) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_csv(io.BytesIO(package.payload), dtype=str, keep_default_na=False, encoding="utf-8")
