"""Files of a draw that appear together with its event in the ledger, whatever stops the program in between.

The files are written to a folder of their own first; then the ledger's event says that the draw was made;
then they go to their places. A program that is stopped before the event leaves a draw that never was; one
that is stopped after it leaves a draw that `complete_draws` finishes, from the same files.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from custody.files import record_file, sha256_file, write_whole
from custody.ledger import Event, Ledger
from custody.survey import Survey

__all__ = ["StagedFile", "complete_draws", "discard_stage", "publish", "stage_files"]

PREFIX: Final = ".draw-"
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file on its way.

    Parameters
    ----------
    name : str
        Its name in the staging folder.
    place : str
        Where it goes, inside the survey folder, with forward slashes.
    role : str
        What the ledger calls it.
    previous, previous_sha256 : str
        Where the file that lies there now is kept, and its digest; both "" where none does.
    """

    name: str
    place: str
    role: str
    previous: str = ""
    previous_sha256: str = ""


def stage_files(survey: Survey, number: int, identity: str, contents: Mapping[Path, bytes]) -> Path:
    """Write the files of a draw to a folder of their own, durably.

    Parameters
    ----------
    survey : Survey
        The survey.
    number : int
        Which draw of the survey it is.
    identity : str
        SHA-256 of its certificate, which its event names.
    contents : mapping of pathlib.Path to bytes
        Place in the survey folder → content.

    Returns
    -------
    pathlib.Path
        The staging folder, ``.draw-NUMBER-IDENTITY``.

    Raises
    ------
    InputError
        The disk refuses.
    """
    folder = survey.folder / f"{PREFIX}{number}-{identity[:16]}"
    files = [_staged(survey.folder, place, content, folder) for place, content in contents.items()]
    facts = {"certificate_sha256": identity, "files": [asdict(file) for file in files]}
    write_whole(folder / MANIFEST, json.dumps(facts, indent=1).encode("utf-8"))
    return folder


def discard_stage(folder: Path) -> None:
    """Remove a staging folder.

    Parameters
    ----------
    folder : pathlib.Path
        From `stage_files`; may be gone.
    """
    shutil.rmtree(folder, ignore_errors=True)


def publish(survey: Survey, ledger: Ledger, folder: Path, event: Event) -> None:
    """Bring staged files to their places, record them, and remove the folder; harmless to repeat.

    Parameters
    ----------
    survey : Survey
        The survey.
    ledger : Ledger
        Its open ledger.
    folder : pathlib.Path
        From `stage_files`.
    event : Event
        The event of the draw.

    Notes
    -----
    A staged file is removed only when its copy is whole at its place, so what still lies in the folder has to
    be done. The file that lay there before is copied first, to the name that was chosen when it was staged,
    and only while it still is that file. Drafts of the same or an earlier number that no event names go too.
    """
    facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    files = [StagedFile(**values) for values in facts["files"]]
    for file in files:
        _bring(survey.folder, folder, file)
    recorded = {(str(fact["path"]), str(fact["role"])) for fact in _facts_since(ledger, event)}
    for file in files:
        for role, place in (("previous", file.previous), (file.role, file.place)):
            if (survey.folder / place).is_file() and (place, role) not in recorded:
                record_file(ledger, survey.folder, survey.folder / place, role)
    for draft in _stages(survey):
        if _number(draft) <= _number(folder):
            discard_stage(draft)


def complete_draws(survey: Survey) -> int:
    """Finish draws that the ledger records and whose files did not all reach their places.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    int
        Draws finished; 0 is usual.
    """
    folders = sorted(_stages(survey), key=_number)
    if not folders:
        return 0
    done = 0
    with survey.ledger() as ledger:
        events = {str(event.facts.get("certificate_sha256")): event for event in ledger.events("draw")}
        for folder in folders:
            event = events.get(_identity(folder))
            if event is not None:
                publish(survey, ledger, folder, event)
                done += 1
    return done


def _staged(survey_folder: Path, place: Path, content: bytes, folder: Path) -> StagedFile:
    write_whole(folder / place.name, content)
    inside = place.relative_to(survey_folder).as_posix()
    if not place.is_file():
        return StagedFile(place.name, inside, place.stem)
    number = 1
    while (kept := place.with_name(f"{place.stem}-{number:02d}{place.suffix}")).exists():
        number += 1
    previous = kept.relative_to(survey_folder).as_posix()
    return StagedFile(place.name, inside, place.stem, previous, sha256_file(place))


def _bring(survey_folder: Path, folder: Path, file: StagedFile) -> None:
    source, target = folder / file.name, survey_folder / file.place
    if not source.is_file():
        return
    if file.previous and target.is_file():
        content = target.read_bytes()
        if hashlib.sha256(content).hexdigest() == file.previous_sha256:
            write_whole(survey_folder / file.previous, content)
    with suppress(FileNotFoundError):  # another process finished the same draw in this moment
        write_whole(target, source.read_bytes())
    source.unlink(missing_ok=True)


def _facts_since(ledger: Ledger, event: Event) -> Iterator[Mapping[str, object]]:
    return (found.facts for found in ledger.events("file", after=event.seq))


def _stages(survey: Survey) -> list[Path]:
    return [path for path in survey.folder.glob(f"{PREFIX}*-*") if path.is_dir()]


def _number(folder: Path) -> int:
    return int(folder.name.removeprefix(PREFIX).split("-")[0])


def _identity(folder: Path) -> str:
    """Return the digest of the certificate that the folder holds; "" where it was not written whole."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return ""
    return str(json.loads(manifest.read_text(encoding="utf-8"))["certificate_sha256"])
