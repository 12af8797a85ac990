"""Lists leave out whom they name, count whom they do not find, and are refused where they may be wrong."""

from datetime import date

import pytest

from custody.cli import run
from custody.errors import HyohonError, InputError, SamplingError
from sampling import build_frame, draw_sample
from sampling.exclusions import read_exclusions
from sampling.frame_rules import FrameRules

D, K = date(2009, 11, 1), date(2009, 11, 20)
DAY = "2009-11-05T10:00"
NUMBERS = ["0000000001", "0000000003", "0000000777"]
HOME = "東京都練馬区練馬１丁目２番３号"


@pytest.fixture
def frame_of(hand):
    """Build a frame of five elders with lists, all reasons of lists switched to "exclude"."""

    def build(exclusions=None, people=(), qualifications=(), **switches):
        rows = [{"resident_no": f"{n:010d}"} for n in range(1, 6)]
        rows = [{**row, **change} for row, change in zip(rows, [*people, *[{}] * 5], strict=False)]
        certified = {"application": "new", "applied_on": date(2009, 1, 1), "decided_on": date(2009, 2, 1)}
        certified |= {"decision": "certified", "valid_from": date(2009, 1, 1), "valid_to": date(2010, 1, 1)}
        return build_frame(
            hand("residents", [*rows, {"resident_no": "0000000999"}]),
            hand("certifications", [{"resident_no": "0000000999", **certified}]),
            reference_date=D,
            knowledge_date=K,
            exclusions=exclusions,
            qualifications=hand("qualifications", qualifications) if qualifications else None,
            rules=FrameRules({"institution": "exclude", **switches}),
        )

    return build


def left(frame) -> list[int]:
    return sorted(int(number) for number in frame.table["resident_no"])


def lists(frame) -> list[tuple[str, int, int, int]]:
    return [tuple(row) for row in frame.exclusion_lists.to_numpy().tolist()]


FORMS = {
    "UTF-8": ("宛名番号\r\n" + "\r\n".join(NUMBERS)).encode(),
    "UTF-8 with a mark": ("宛名番号\r\n" + "\r\n".join(NUMBERS) + "\r\n").encode("utf-8-sig"),
    "CP932": ("宛名番号\n" + "\n".join(NUMBERS)).encode("cp932"),
    "among other columns": (
        "受付日,宛名番号,備考\n" + "".join(f"20091101,{n},電話\n" for n in NUMBERS)
    ).encode("cp932"),
    "English": ("resident_no\n" + "\n".join(NUMBERS)).encode(),
    "one column of another name": ("番号\n" + "\n".join(NUMBERS)).encode(),
    "without a header": "\n".join(NUMBERS).encode(),
    "quoted, twice, with blank lines": (
        '"宛名番号"\n\n' + "".join(f'" {n} "\n,\n' for n in [*NUMBERS, *NUMBERS])
    ).encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_who_opted_out_is_left_out_whatever_the_form_of_the_list(tmp_path, frame_of, form) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(FORMS[form])
    frame = frame_of(read_exclusions(opt_outs=path))
    assert left(frame) == [2, 4, 5]
    assert frame.removed["opted_out"] == 2
    assert lists(frame) == [("opted_out", 3, 2, 1)]
    assert set(frame.sources) == {"residents", "certifications", "opted_out"}


FAULTS = {
    "no file": (None, "SAM-FILE-NONE", None),
    "empty": (b"", "SAM-FILE-EMPTY", None),
    "header only": ("宛名番号\n".encode(), "SAM-LIST-EMPTY", None),
    "full-width digits": ("宛名番号\n0000000001\n０００００００００３\n".encode(), "SAM-LIST-NUMBER", 2),
    "no number": ("宛名番号,備考\n0000000001,\n,電話\n".encode("cp932"), "SAM-LIST-NUMBER", 2),
    "a name in the column": ("宛名番号\n練馬太郎\n".encode("cp932"), "SAM-LIST-NUMBER", 1),
    "spreadsheet notation": (b"resident_no\n1.0E+09\n", "SAM-LIST-NUMBER", 1),
    "neither encoding": (b"a\n\x81\xff\n", "SAM-LIST-ENCODING", None),
    "UTF-16": ("宛名番号\n0000000001\n".encode("utf-16"), "SAM-LIST-ENCODING", None),
    "a workbook": (b"PK\x03\x04\x00\x00", "SAM-LIST-ENCODING", None),
    "too long": (b"0000000001\n" * 1_600_000, "SAM-LIST-SIZE", None),
    "an open quote": (b'resident_no\n"0000000001\n' + b"0000000002\n" * 20_000, "SAM-LIST-CSV", None),
    "an individual number": ("宛名番号,個人番号\n0000000001,1\n".encode(), "SAM-COLUMN-FORBIDDEN", None),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_list_that_may_be_wrong_is_refused_with_its_row_and_no_value(tmp_path, fault) -> None:
    content, code, row = FAULTS[fault]
    path = tmp_path / "list.csv"
    if content is not None:
        path.write_bytes(content)
    for name in ("opt_outs", "earlier"):
        with pytest.raises(InputError) as refusal:
            read_exclusions(**{name: path})
        assert (refusal.value.code, refusal.value.file, refusal.value.row) == (code, "list.csv", row)
        assert "太郎" not in str(refusal.value)


@pytest.mark.parametrize(("column", "name"), [("宛名番号", "opt_outs"), ("世帯番号", "institutions")])
def test_lost_leading_zeros_are_refused_not_passed_over(tmp_path, frame_of, column, name) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"{column}\n0000000001\n\n3\n", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        frame_of(read_exclusions(**{name: path}))
    assert (refusal.value.code, refusal.value.row) == ("SAM-LIST-WIDTH", 3)


def test_who_was_drawn_before_is_left_out_from_the_vault_or_a_list(opened, files, tmp_path, frame_of) -> None:
    survey = opened(DAY)
    with pytest.raises(SamplingError, match="Nothing was drawn"):
        read_exclusions(earlier=survey.folder)
    drawn = draw_sample(survey, files, seed="1").sample.link["resident_no"].tolist()
    found = read_exclusions(earlier=survey.folder)
    assert found.earlier_sample.numbers.to_pylist() == drawn
    assert len(found.sources["earlier_sample"]) == 64
    path = tmp_path / "list.csv"
    path.write_text("宛名番号\n0000000004\n", encoding="utf-8")
    frame = frame_of(read_exclusions(earlier=path))
    assert (left(frame), frame.removed["earlier_sample"]) == ([1, 2, 3, 5], 1)
    kept = frame_of(read_exclusions(earlier=path), earlier_sample="include")
    assert (left(kept), dict(kept.flags.to_numpy())["earlier_sample"]) == ([1, 2, 3, 4, 5], 1)


ADDRESSES = {
    "as in the register": (f"住所\n{HOME}\n", [1, 2]),
    "another way of writing": ("住所,方書\n練馬区練馬一丁目2-3,\n", [1, 2]),
    "only the town": ("住所\n練馬1−2−3\n", [1, 2]),
    "one house of the address": ("住所,方書\n練馬1-2-3,ケアホーム 練馬\n", [2]),
    "a room of it": ("住所,方書\n練馬1-2-3,ケアホーム\n", []),
    "another house number": ("住所\n練馬1-2-33\n練馬1-2\n", []),
    "households": ("世帯番号\n0000000001\n0000000005\n", [1, 5]),
}


@pytest.mark.parametrize("case", ADDRESSES)
def test_institutions_by_address_whatever_its_form_or_by_household(tmp_path, frame_of, case) -> None:
    text, gone = ADDRESSES[case]
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="cp932")
    people = [{"address": HOME}, {"address": HOME, "building": "ケアホーム　練馬"}]
    people += [{"address": "東京都練馬区錦１丁目２番３号"}] * 3
    frame = frame_of(read_exclusions(institutions=path), people)
    assert sorted({1, 2, 3, 4, 5} - set(left(frame))) == gone
    assert frame.removed["institution"] == len(gone)
    ((name, entries, matched, unmatched),) = lists(frame)
    assert (name, entries, matched + unmatched) == ("institution", text.count("\n") - 1, entries)
    assert (matched > 0) == bool(gone)


def test_the_flag_of_the_register_marks_institutions_too(frame_of) -> None:
    frame = frame_of(None, [{}, {"institution": "yes"}])
    assert left(frame) == [1, 3, 4, 5]
    kept = frame_of(None, [{}, {"institution": "yes"}], institution="include")
    assert kept.table.set_index("resident_no").loc["0000000002", "certification_flag"] == "institution"
    assert FrameRules().excludes("institution") is False


def test_a_list_of_institutions_without_its_columns_is_refused(tmp_path) -> None:
    path = tmp_path / "list.csv"
    for text, code in (("施設名\nA\n", "SAM-LIST-COLUMN"), ("住所,方書\n,A\n", "SAM-LIST-ADDRESS")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError) as refusal:
            read_exclusions(institutions=path)
        assert refusal.value.code == code


# a qualification of resident 2 → whether it holds on 1 November
QUALIFICATIONS = [
    ({"acquired_on": date(2009, 11, 1)}, True),
    ({"acquired_on": date(2009, 11, 2)}, False),
    ({"acquired_on": None}, True),
    ({"acquired_on": date(2000, 1, 1), "lost_on": date(2009, 11, 1)}, False),
    ({"acquired_on": date(2000, 1, 1), "lost_on": date(2009, 11, 2)}, True),
]


@pytest.mark.parametrize("status", ["insured_elsewhere", "exempt", "insured", "lives_elsewhere"])
@pytest.mark.parametrize(("dates", "holds"), QUALIFICATIONS)
def test_insured_elsewhere_and_exempt_on_the_reference_date(frame_of, dates, holds, status) -> None:
    row = {"resident_no": "0000000002", "status": status, **dates}
    frame = frame_of(None, qualifications=[row, {"resident_no": "0000000888", "status": "exempt"}])
    out = holds and status in ("insured_elsewhere", "exempt")
    assert (2 in left(frame)) is not out
    if out:
        assert frame.removed[status] == 1
    assert dict(frame.flags.to_numpy()).keys().isdisjoint({"insured_elsewhere", "exempt"})
    assert ("exempt", 2 if out and status == "exempt" else 1, int(out and status == "exempt")) in [
        entry[:3] for entry in lists(frame)
    ]


def test_the_command_takes_the_lists_and_says_what_it_found(opened, files, tmp_path, capsys) -> None:
    survey = opened(DAY)
    wishes = tmp_path / "wishes with blank.csv"
    wishes.write_text("宛名番号\n9999999999\n", encoding="cp932")
    common = ["--residents", str(files.residents), "--certifications", str(files.certifications), "--at", DAY]
    assert (
        run(["--lang", "en", "sampling", "frame", str(survey.folder), *common, "--opt-outs", str(wishes)])
        == 0
    )
    assert "unmatched 1" in capsys.readouterr().out
    with survey.ledger() as ledger:
        (event,) = ledger.events("frame")
    assert event.facts["list_opted_out"] == 1
    assert event.facts["list_opted_out_found"] == 0
    assert event.facts["opted_out"] == 0
    assert len(str(event.facts["opted_out_sha256"])) == 64
    for name in ("flow-chart.svg", "flow-chart.pdf", "linkage.csv"):
        assert (survey.out / name).is_file()


def test_a_refused_list_leaves_an_event_and_no_draw(opened, files, tmp_path) -> None:
    from dataclasses import replace

    survey = opened(DAY)
    wishes = tmp_path / "wishes.csv"
    wishes.write_text("宛名番号\n1\n", encoding="utf-8")
    with pytest.raises(HyohonError):
        draw_sample(survey, replace(files, opt_outs=wishes))
    with survey.ledger() as ledger:
        assert [dict(event.facts) for event in ledger.events("refusal")] == [
            {"act": "draw", "code": "SAM-LIST-WIDTH"}
        ]
    assert not survey.vault_path.exists()
