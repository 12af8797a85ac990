"""A voided label is never printed or mailed, its place on the sheet is known, and every label adds up."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pypdfium2
import pytest
import zxingcpp

from custody.errors import ConfigError, InputError, LabelError, PackageError
from custody.fonts import FontChain
from custody.keys import KeyStore
from custody.ledger import Ledger, verify_ledger
from custody.packages import NO_TERMS, Origin, Terms, seal
from labels.job_printing import print_package
from labels.job_report import make_report
from labels.jobs import Job
from labels.reconciliation import Reconciliation
from labels.stocks import stock
from labels.tracking import ScanLedger
from labels.voids import VoidRun, void_package

Make = Callable[..., Path]
SHEET = "KPC-E1121"
FIRST = 4


@pytest.fixture
def table(labels: Callable[[int], pd.DataFrame]) -> pd.DataFrame:
    """Thirty labels, not in the order of their postal codes; one cannot be printed."""
    table = labels(30).sample(frac=1, random_state=3, ignore_index=True)
    table.loc[7, "name"] = "\ue000田　太郎"
    return table


@pytest.fixture
def voids(tmp_path: Path, keys: KeyStore) -> Make:
    """Seal voids to the contractor: voids(tokens, survey_id=..., payload=...)."""

    def make(
        tokens: list[str],
        *,
        survey_id: str = "abcd1234",
        payload: str | None = None,
        signer: str = "staff",
        terms: Terms = NO_TERMS,
    ) -> Path:
        text = "token\n" + "".join(f"{token}\n" for token in tokens) if payload is None else payload
        path = tmp_path / f"voids-{hashlib.sha256((text + survey_id).encode()).hexdigest()[:8]}.sp"
        seal(
            path,
            kind="voids",
            payload=text.encode(),
            facts={},
            recipient=keys.recipient("contractor"),
            signer=keys.signer(signer),
            created=pd.Timestamp("2009-11-06T09:00", tz="Asia/Tokyo").to_pydatetime(),
            origin=Origin(survey_id, "高齢者・食の実態調査", True, keys.recipient("staff")),
            terms=terms,
        )
        return path

    return make


@pytest.fixture
def job(table: pd.DataFrame, sealed: Make, keys: KeyStore, tmp_path: Path, bare_fonts: FontChain) -> Path:
    folder = tmp_path / "job"
    print_package(sealed(table), folder, keys=keys, stock=SHEET, first_label=FIRST, fonts=bare_fonts)
    return folder


def tracked(job: Path, act: Callable[[ScanLedger], Any]) -> Any:
    with Job.open(job).tracking() as tracking:
        return act(tracking)


def balance(found: Reconciliation) -> None:
    """Every printed label and every person is somewhere."""
    assert found.difference == 0
    assert found.printed == found.mailed + found.spoiled + found.void + found.voided + found.in_hand
    now = found.mailed + found.spoiled + found.voided + found.in_hand
    assert found.tokens == found.held_back + found.left_out + now


def digest(run: VoidRun) -> str:
    return hashlib.sha256(run.table.read_bytes()).hexdigest()


def test_voided_labels_in_hand_are_not_mailed_and_mailed_ones_stay(
    job: Path, table: pd.DataFrame, voids: Make, keys: KeyStore
) -> None:
    gone, in_hand, held = table["token"][1], [table["token"][k] for k in (2, 20, 29)], table["token"][7]
    tracked(job, lambda tracking: tracking.scan([gone]))
    made = void_package(voids([gone, *in_hand, held]), job, keys=keys)
    assert (made.tokens, made.recorded, made.to_destroy, made.mailed, made.unprinted) == (5, 5, 3, 1, 1)
    assert made.tidy().loc[0].tolist() == [5, 5, 3, 1, 1]
    result = tracked(job, lambda tracking: tracking.scan([in_hand[0], f"{in_hand[1]}.1.1"]))
    assert [found.code for found in result.exceptions] == ["voided", "voided"]
    assert tracked(job, lambda tracking: tracking.mail()) == 30 - 1 - 1 - 3
    found = tracked(job, lambda tracking: tracking.reconcile())
    balance(found)
    assert (found.mailed, found.voided, found.left_out, found.held_back, found.in_hand) == (26, 3, 1, 0, 0)
    assert found.closed
    states = tracked(job, lambda tracking: {t: p.state for t, p in tracking.known().items()})
    assert [states[token] for token in (gone, *in_hand, held)] == ["mailed", *["voided"] * 4]
    returned = tracked(job, lambda tracking: tracking.scan([gone], "returned"))
    assert dict(returned.accepted) == {"returned": 1}
    refused = tracked(job, lambda tracking: tracking.scan([in_hand[0]], "undeliverable"))
    assert [found.code for found in refused.exceptions] == ["voided"]
    report = make_report(Job.open(job), keys)
    assert report.reconciliation.tidy().set_index("quantity")["value"]["voided"] == 3


def test_the_same_package_again_changes_nothing_and_a_longer_one_adds_what_is_new(
    job: Path, table: pd.DataFrame, voids: Make, keys: KeyStore
) -> None:
    first, second = table["token"][:3].tolist(), table["token"][:5].tolist()
    package = voids(first)
    made = void_package(package, job, keys=keys)
    head = verify_ledger(job / "ledger.sqlite").head
    again = void_package(package, job, keys=keys)
    assert (again.recorded, digest(again)) == (0, digest(made))
    assert verify_ledger(job / "ledger.sqlite").head == head
    more = void_package(voids(second), job, keys=keys)
    assert (more.tokens, more.recorded, more.to_destroy) == (5, 2, 5)
    late = void_package(voids(first), job, keys=keys)  # an old package does not take a void back
    assert (late.recorded, late.to_destroy) == (0, 5)
    balance(tracked(job, lambda tracking: tracking.reconcile()))


def test_the_list_names_the_place_where_the_label_lies(
    job: Path, table: pd.DataFrame, voids: Make, keys: KeyStore
) -> None:
    chosen = table["token"][[0, 11, 17, 28]].tolist()
    listed = pd.read_csv(void_package(voids(chosen), job, keys=keys).table, encoding="utf-8-sig")
    assert sorted(listed["token"]) == sorted(chosen)
    sheet, scale = stock(SHEET), 4.0
    document = pypdfium2.PdfDocument(job / "out" / "labels-run01.pdf")
    for row in listed.itertuples():
        left, top = sheet.position(row.place - 1)
        assert (row.row - 1) * sheet.columns + row.column == row.place
        image = document[row.sheet - 1].render(scale=scale).to_pil().convert("L")
        mm = 72 / 25.4 * scale
        box = [edge * mm for edge in (left, top, left + sheet.width, top + sheet.height)]
        found = zxingcpp.read_barcodes(image.crop(tuple(round(edge) for edge in box)))
        assert [code.text for code in found] == [f"{row.token}.1.{row.copy}"]


def test_printing_leaves_voided_labels_out(
    table: pd.DataFrame, sealed: Make, voids: Make, keys: KeyStore, tmp_path: Path, bare_fonts: FontChain
) -> None:
    folder, gone = tmp_path / "new job", table["token"][[3, 7]].tolist()
    package = voids(gone)
    with pytest.raises(ConfigError, match="JOB-NONE"):  # a slip in the name must not look like success
        void_package(package, folder, keys=keys)
    assert not folder.exists()
    made = void_package(package, folder, keys=keys, new=True)
    assert (made.recorded, made.to_destroy, made.unprinted) == (2, 0, 2)
    run = print_package(sealed(table), folder, keys=keys, fonts=bare_fonts)
    assert (run.labels, run.held_back) == (28, ())  # the one that cannot be printed is voided as well
    found = tracked(folder, lambda tracking: tracking.reconcile())
    balance(found)
    assert (found.tokens, found.left_out, found.printed) == (30, 2, 28)
    void_package(voids(table["token"][:6].tolist()), folder, keys=keys)
    again = print_package(sealed(table), folder, keys=keys, reason="jam", fonts=bare_fonts)
    assert again.labels == 28 - 5
    found = tracked(folder, lambda tracking: tracking.reconcile())
    balance(found)
    assert (found.void, found.voided, found.in_hand) == (23, 5, 23)
    void_package(voids(table["token"].tolist()), folder, keys=keys)
    with pytest.raises(LabelError, match="LAB-NONE-LEFT"):
        print_package(sealed(table), folder, keys=keys, reason="jam", fonts=bare_fonts)


def test_held_back_labels_that_were_voided_are_not_printed_later(
    job: Path,
    table: pd.DataFrame,
    sealed: Make,
    voids: Make,
    keys: KeyStore,
    bare_fonts: FontChain,
) -> None:
    void_package(voids([table["token"][7]]), job, keys=keys)
    mended = table.copy()
    mended.loc[7, "name"] = "吉田　太郎"
    with pytest.raises(LabelError, match="LAB-NONE-LEFT"):
        print_package(sealed(mended, name="b.sp"), job, keys=keys, only_held_back=True, fonts=bare_fonts)


def test_undoing_a_state_never_brings_a_voided_label_back_to_the_post(
    job: Path, table: pd.DataFrame, voids: Make, keys: KeyStore
) -> None:
    token = table["token"][2]
    tracked(job, lambda tracking: tracking.scan([token]))
    void_package(voids([token]), job, keys=keys)
    assert tracked(job, lambda tracking: tracking.undo(token, "misread")).state == "voided"
    assert tracked(job, lambda tracking: tracking.mail()) == 28
    with pytest.raises(LabelError, match="LAB-UNDO"):
        tracked(job, lambda tracking: tracking.undo(token, "misread"))
    balance(tracked(job, lambda tracking: tracking.reconcile()))


def test_a_label_voided_while_its_run_is_prepared_is_not_recorded_as_printed(
    job: Path, table: pd.DataFrame, voids: Make, keys: KeyStore
) -> None:
    token = table["token"][4]
    void_package(voids([token]), job, keys=keys)
    before = verify_ledger(job / "ledger.sqlite").head
    with Job.open(job).tracking() as tracking, pytest.raises(LabelError, match="LAB-VOIDED"):
        tracking.record_run({"run": 2}, [(table["token"][5], 2), (token, 2)], [], run=2, wave=1)
    assert verify_ledger(job / "ledger.sqlite").head == before


def test_a_package_for_others_of_others_or_of_other_things_is_refused(
    job: Path, table: pd.DataFrame, sealed: Make, voids: Make, keys: KeyStore, tmp_path: Path
) -> None:
    head = verify_ledger(job / "ledger.sqlite").head
    tokens = table["token"][:2].tolist()
    stranger = KeyStore(tmp_path / "stranger")
    stranger.create("contractor")
    with pytest.raises(PackageError, match="PKG-DECRYPT"):
        void_package(voids(tokens), job, keys=stranger)
    with pytest.raises(ConfigError, match="JOB-SURVEY"):
        void_package(voids(tokens, survey_id="ffff0000"), job, keys=keys)
    with pytest.raises(PackageError, match="PKG-SIGNATURE"):
        void_package(voids(tokens[:1], signer="contractor"), job, keys=keys)
    with pytest.raises(PackageError, match="PKG-KIND"):
        void_package(sealed(table), job, keys=keys)
    for payload in ("token,reason\nABC,died\n", "name\n練馬\n"):
        with pytest.raises(PackageError, match="PKG-SEAL"):
            voids([], payload=payload)
    with pytest.raises(InputError, match="LAB-VOIDS"):
        void_package(voids([], payload="token\n0123456789ABC95\n"), job, keys=keys)
    with Ledger.read(job / "ledger.sqlite") as ledger:
        denials = [(event.kind, event.facts.get("code")) for event in ledger.events(after=head.seq)]
    codes = ("PKG-DECRYPT", "PKG-SIGNATURE", "PKG-KIND")
    assert [one for one in denials if one[0] != "package.received"] == [("denial", code) for code in codes]
    assert not (job / "out" / "voided.csv").exists()


def test_refused_package_is_an_event_of_the_job(
    job: Path, table: pd.DataFrame, voids: Make, keys: KeyStore
) -> None:
    """A package past its last day, for one; the clock of a training counts only where a time is named."""
    day = pd.Timestamp("2009-11-30", tz="Asia/Tokyo").to_pydatetime()
    package = voids(table["token"][:1].tolist(), terms=Terms(expires=day))
    with pytest.raises(PackageError, match="PKG-EXPIRED"):
        void_package(package, job, keys=keys, at="2009-12-01T09:00")
    package.write_bytes(package.read_bytes()[:-1])
    with pytest.raises(PackageError, match="PKG-DECRYPT"):
        void_package(package, job, keys=keys, at="2009-12-01T09:00")
    with Ledger.read(job / "ledger.sqlite") as ledger:
        codes = [event.facts["code"] for event in ledger.events("denial")]
    assert codes == ["PKG-EXPIRED", "PKG-DECRYPT"]
