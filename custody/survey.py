"""A survey and its folder: `survey.toml`, `approval.toml`, `ledger.sqlite`, `vault.age`, `out/`.

Settings are checked when the folder is opened and trusted afterwards.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, Final

import platformdirs

from custody.approval_signature import APPROVAL_KEY
from custody.clock import Clock
from custody.design_settings import DesignSettings, read_design_settings
from custody.errors import ConfigError
from custody.escrow import escrow_recipient
from custody.files import write_whole
from custody.frame_settings import FrameSettings, read_frame_settings
from custody.keys import ROLES, SECRETS, KeyStore, PublicKeys
from custody.ledger import Ledger
from custody.letter_settings import LetterSettings, read_letter_settings
from custody.messages import LANGUAGES
from custody.messages import gettext as _
from custody.packages import Origin
from custody.settings import Settings
from custody.stock_settings import StockSettings, read_stock_settings
from custody.survey_clock import open_at
from custody.wave_settings import ONE_WAVE, Wave, read_waves

__all__ = ["Contact", "DesignSettings", "Survey", "create_survey", "open_at"]

SURVEY_FILE: Final = "survey.toml"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_CONTACT: Final = ("section", "phone", "email", "hours")
_TABLES: Final = ("areas", "contact", "design", "frame", "letters", "recipients")
_LISTS: Final = ("stocks", "waves")
_VALUES: Final = (
    "id",
    "title",
    "title_en",
    "municipality",
    "reference_date",
    "language",
    "training",
    "codebook",
    "label_copies",
    "purpose",
    "approval_key",
)
TRAINING_LINE: Final = "\n#= "
"""How a line of the template begins that only a training survey has; a real one has it as a comment."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Who answers the public: section, telephone, e-mail, hours (texts)."""

    section: str
    phone: str
    email: str
    hours: str


@dataclass(frozen=True, slots=True)
class Survey:
    """An opened survey folder.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.
    survey_id : str
        Short ASCII identifier.
    title, title_en : str
        Name of the survey.
    reference_date : datetime.date
        Age, residency and certification are judged as of this day (基準日).
    language : {"ja", "en"}
        Language of messages.
    training : bool
        True: invented people only, simulated clock, every output says so (訓練用).
    municipality : str
        How addresses begin, ``"東京都練馬区"``.
    areas : mapping of str to str
        Town (町) → area (地区).
    contact : Contact
        Who answers the public.
    design : DesignSettings
        The planned draw.
    frame : FrameSettings
        Which reasons leave a person out of the frame.
    letters : LetterSettings
        What its letters say.
    codebook : str
        Name or path of the codebook.
    clock : Clock
        The one clock of everything done in this survey.
    keys : KeyStore
        Where its keys lie.
    waves : tuple of Wave
        Its mailings; one where none are planned.
    label_copies : int
        How many copies of a label a contractor may print: so many seals are in the package.
    stocks : tuple of StockSettings
        Label sheets of its own; the contractor gets them with the package.
    purpose : str
        What it is for, in the words of the approval; ``""``: not compared.
    approval_key : str
        Public key that must have signed the approval, 64 lower hex digits; ``""``: no signature is asked for.
    """

    folder: Path
    survey_id: str
    title: str
    title_en: str
    reference_date: date
    language: str
    training: bool
    municipality: str
    areas: Mapping[str, str]
    contact: Contact
    design: DesignSettings
    frame: FrameSettings
    letters: LetterSettings
    codebook: str
    clock: Clock
    keys: KeyStore
    waves: tuple[Wave, ...] = ONE_WAVE
    label_copies: int = 2
    stocks: tuple[StockSettings, ...] = ()
    purpose: str = ""
    approval_key: str = ""

    @property
    def out(self) -> Path:
        """Folder of what the survey hands out."""
        return self.folder / "out"

    @property
    def ledger_path(self) -> Path:
        """The ledger."""
        return self.folder / "ledger.sqlite"

    @property
    def vault_path(self) -> Path:
        """The encrypted link between tokens and persons."""
        return self.folder / "vault.age"

    @property
    def approval_path(self) -> Path:
        """The council's approval as data."""
        return self.folder / "approval.toml"

    @property
    def origin(self) -> Origin:
        """What every package of the survey says of it; needs the public keys of staff."""
        age, escrow = self.keys.recipient("staff"), escrow_recipient(self.keys)
        return Origin(self.survey_id, self.title, self.training, age, escrow)

    @property
    def letter_facts(self) -> dict[str, Any]:
        """What letters need beside title and contact: municipality, reference date, persons, texts."""
        return {
            "municipality": self.municipality,
            "reference_date": self.reference_date.isoformat(),
            "persons": self.design.n,
            "last_wave_days": self.waves[-1].days,
            "settings": self.letters.facts(),
        }

    def ledger(self) -> Ledger:
        """Open the ledger; use it in a ``with`` block.

        Returns
        -------
        Ledger
            Open for appending.
        """
        return Ledger.open(self.ledger_path, self.clock)

    @classmethod
    def open(cls, folder: Path | str, at: str | None = None) -> "Survey":
        """Open a survey folder and check its settings.

        Parameters
        ----------
        folder : path
            A folder made by `create_survey`.
        at : str, optional
            ISO date and time of the simulated clock; only for training surveys.

        Returns
        -------
        Survey
            The survey.

        Raises
        ------
        ConfigError
            No survey here, a setting that is missing or not allowed, or ``at`` outside training.
        """
        folder = Path(folder)
        values = Settings.read(folder / SURVEY_FILE)
        values.only(*_VALUES, *_TABLES, *_LISTS)
        training = values.boolean("training")
        survey_id = values.text("id")
        if not _ID.fullmatch(survey_id):
            raise values.refusal("id", _("1 to 32 characters a-z, 0-9 and -"))
        return cls(
            folder=folder,
            survey_id=survey_id,
            title=values.text("title"),
            title_en=values.text("title_en"),
            reference_date=values.date("reference_date"),
            language=values.choice("language", LANGUAGES),
            training=training,
            municipality=values.text("municipality"),
            areas=_areas(values),
            contact=_contact(values.table("contact")),
            design=read_design_settings(values.table("design")),
            frame=read_frame_settings(_optional(values, "frame")),
            letters=read_letter_settings(_optional(values, "letters"), folder),
            codebook=values.text("codebook"),
            clock=open_at(at, training=training, ledger=folder / "ledger.sqlite"),
            keys=KeyStore(
                _key_folder(folder, survey_id, training=training), _known(values.table("recipients"))
            ),
            waves=read_waves(values),
            label_copies=values.integer("label_copies", least=1) if "label_copies" in values.values else 2,
            stocks=read_stock_settings(values),
            purpose=values.text("purpose", blank=True),
            approval_key=_approval_key(values),
        )


def _approval_key(values: Settings) -> str:
    key = values.text("approval_key", blank=True)
    if key and not APPROVAL_KEY.fullmatch(key):
        raise values.refusal("approval_key", _("64 digits 0-9 and a-f, as `hyohon custody sign` prints them"))
    return key


def _areas(values: Settings) -> dict[str, str]:
    table = values.table("areas")
    pairs = [(town, area) for area in table.values for town in table.texts(area)]
    towns = dict(pairs)
    if not pairs or len(towns) != len(pairs):
        raise values.refusal("areas", _("each town in exactly one area"))
    return towns


def _optional(values: Settings, name: str) -> Settings:
    """Return a table, or an empty one where the file has none (surveys made by earlier versions)."""
    return values.table(name) if name in values.values else Settings(values.file, {}, name)


def _contact(values: Settings) -> Contact:
    values.only(*_CONTACT)
    return Contact(*(values.text(key, blank=True) for key in _CONTACT))


def _known(values: Settings) -> dict[str, PublicKeys]:
    names = {role: (f"{role}_age", f"{role}_ed25519") for role in ("contractor", "research")}
    values.only(*(name for pair in names.values() for name in pair))
    pairs = {role: tuple(values.text(name, blank=True) for name in pair) for role, pair in names.items()}
    return {role: PublicKeys(*pair) for role, pair in pairs.items() if any(pair)}


def _key_folder(folder: Path, survey_id: str, *, training: bool) -> Path:
    if training:
        return folder / "keys"
    named = os.environ.get("HYOHON_KEYS")
    return Path(named) if named else Path(platformdirs.user_data_dir("hyohon", False)) / "keys" / survey_id


def create_survey(
    folder: Path | str,
    *,
    training: bool = False,
    language: str = "ja",
    title: str = "高齢者・食の実態調査",
    title_en: str = "Elderly food survey",
    reference_date: date = date(2009, 11, 1),
    sample: int = 3000,
    seed: str | None = None,
    at: str | None = None,
) -> Survey:
    """Make a survey folder with its settings, approval, ledger and keys.

    Parameters
    ----------
    folder : path
        A new or empty folder.
    training : bool
        Invented people only: a complete approval is filled in, and all keys lie in the folder.
    language : {"ja", "en"}
        Language of messages.
    title, title_en : str
        Name of the survey.
    reference_date : datetime.date
        Eligibility is as of this day.
    sample : int
        Persons to draw.
    seed : str, optional
        Training only: secrets follow from it, so that a demo repeats.
    at : str, optional
        Training only: the simulated time.

    Returns
    -------
    Survey
        The survey, opened.

    Raises
    ------
    ConfigError
        The folder holds files, or a seed or time was given for a real survey.
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        text = _("The folder holds files already.")
        raise ConfigError("CFG-FOLDER", text, hint=_("Name a new folder."), file=folder.name)
    if seed is not None and not training:
        text = _("A seed for keys is only for training surveys.")
        raise ConfigError("CFG-SEED", text, hint=_("Leave --seed out, or add --training."))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "out").mkdir()
    survey_id = hashlib.sha256(seed.encode()).hexdigest()[:8] if seed else os.urandom(4).hex()
    text = Template(_data("survey_template.toml")).substitute(
        id=survey_id,
        title=_toml_text(title),
        title_en=_toml_text(title_en),
        reference_date=reference_date.isoformat(),
        language=language,
        training=str(training).lower(),
        phone="03-0000-0000" if training else "",
        sample=sample,
    )
    text = text.replace(TRAINING_LINE, "\n" if training else "\n# ")
    write_whole(folder / SURVEY_FILE, text.encode())
    approval = _data("approval_training.toml" if training else "approval_blank.toml")
    write_whole(folder / "approval.toml", approval.encode())
    survey = Survey.open(folder, at)
    _create_keys(survey, seed)
    with survey.ledger() as ledger:
        ledger.append("new", survey=survey_id, training=training, n=sample)
    return survey


def _create_keys(survey: Survey, seed: str | None) -> None:
    """Make all keys for training; else those of staff only (contractor and researcher make their own)."""
    own = tuple(name for name in SECRETS if name != "token")
    roles, secrets = (ROLES, SECRETS) if survey.training else (("staff",), own)
    material = hashlib.sha256(f"hyohon training|{seed}".encode()).digest() if seed else None
    for role in roles:
        if not survey.keys.has(role):
            survey.keys.create(role, material)
    for name in secrets:
        if not survey.keys.has_secret(name):
            survey.keys.create_secret(name, material)


def _data(name: str) -> str:
    return (files("custody") / "data" / name).read_text(encoding="utf-8")


def _toml_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
