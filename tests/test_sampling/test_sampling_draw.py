"""The draw follows from seed, persons and strata alone, gives the promised chances, and can be checked."""

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pypdfium2
import pytest
from scipy.stats import norm

from custody.errors import InputError, SamplingError
from labels.tokens import KeyedSource, is_valid
from sampling import (
    StratifiedDesign,
    build_frame,
    draw,
    read_certificate,
    read_certifications,
    read_residents,
)
from sampling.certificate_pdf import certificate_pdf
from sampling.drawing import SAMPLE_COLUMNS, draw_key
from sampling.selection import keyed_numbers, smallest_in_strata
from sampling.verify_draw import verify

DESIGN = StratifiedDesign(120, ["area", "age_band", "sex"])
VERIFY = Path(__file__).parents[2] / "sampling" / "verify_draw.py"


@pytest.fixture(scope="module")
def sample(ward_frame):
    return draw(ward_frame, DESIGN, seed="3141592653", token_source=KeyedSource(bytes(32)))


def test_columns_weights_and_tokens(sample, ward_frame) -> None:
    table = sample.table
    assert list(table.columns) == list(SAMPLE_COLUMNS)
    assert len(table) == 120
    assert table["psu"].is_unique
    assert table["token"].is_unique
    assert all(is_valid(token) for token in table["token"])
    sizes = ward_frame.strata(DESIGN.by).set_index("stratum")["persons"]
    assert (table["fpc"] == table["stratum"].map(sizes)).all()
    assert table["base_weight"].sum() == pytest.approx(len(ward_frame), rel=1e-12)
    assert np.allclose(table["inclusion_prob"] * table["base_weight"], 1, rtol=1e-12)
    joined = table["area"] + "/" + table["age_band"] + "/" + table["sex"]
    assert (table["stratum"] == joined).all()


def test_no_care_field_or_number_is_in_the_sample(sample) -> None:
    words = ("certif", "care", "flag", "level", "resident_no", "household", "person_key", "birth", "age\b")
    assert not [name for name in sample.table.columns for word in words if word in name]


def test_order_and_line_ends_of_the_register_do_not_matter(ward, ward_frame, sample, tmp_path) -> None:
    for name in ("residents.csv", "certifications.csv"):
        header, *lines = (ward / name).read_text(encoding="cp932").splitlines()
        random.Random(5).shuffle(lines)
        (tmp_path / name).write_text("\n".join([header, *lines]) + "\n", encoding="cp932", newline="\n")
    shuffled = build_frame(
        read_residents(tmp_path / "residents.csv"),
        read_certifications(tmp_path / "certifications.csv"),
        reference_date=ward_frame.reference_date,
        knowledge_date=ward_frame.knowledge_date,
        secret=bytes(32),
    )
    again = draw(shuffled, DESIGN, seed="3141592653", token_source=KeyedSource(bytes(32)))
    pd.testing.assert_frame_equal(again.table, sample.table)
    assert shuffled.digest == ward_frame.digest
    assert again.certificate.sample_digest == sample.certificate.sample_digest


def test_seed_and_secret_decide_and_tokens_do_not_come_from_the_seed(ward_frame, sample) -> None:
    same = draw(ward_frame, DESIGN, seed="3141592653")
    other = draw(ward_frame, DESIGN, seed="3141592654")
    rekeyed = draw(ward_frame, DESIGN, seed="3141592653", secret=b"x" * 32)
    people = set(sample.link["resident_no"])
    assert set(same.link["resident_no"]) == people
    assert not set(same.table["token"]) & set(sample.table["token"])
    assert len(people & set(other.link["resident_no"])) < 60
    assert len(people & set(rekeyed.link["resident_no"])) < 60
    with pytest.raises(SamplingError, match="seed is empty"):
        draw(ward_frame, DESIGN, seed=" ")


def test_a_larger_sample_holds_the_smaller_one(ward_frame) -> None:
    small, large = (
        set(draw(ward_frame, StratifiedDesign(n, ["sex"]), seed=9).link["resident_no"]) for n in (40, 90)
    )
    assert small < large


def test_one_person_more_changes_nobody_elses_number() -> None:
    keys = [f"{n:064x}" for n in range(50)]
    numbers = keyed_numbers(keys, draw_key("1"))
    assert (keyed_numbers([*keys, "f" * 64], draw_key("1"))[:50] == numbers).all()
    assert (keyed_numbers(keys[::-1], draw_key("1")) == numbers[::-1]).all()


def test_equal_numbers_go_to_the_smaller_person_key() -> None:
    numbers = np.array([[7, 7], [7, 7], [7, 6], [7, 7]], dtype=np.uint64)
    chosen = smallest_in_strata(numbers, np.zeros(4, dtype=np.int64), np.array([2]))
    assert chosen.positions.tolist() == [2, 0]


def test_inclusion_frequencies_over_many_draws() -> None:
    """Each person's share of 4,000 draws lies within Bonferroni's limit of n_h / N_h."""
    sizes, taken = np.array([30, 20, 10]), np.array([3, 10, 9])
    strata = np.repeat(np.arange(3), sizes)
    keys = [f"{n:064x}" for n in range(60)]
    draws = 4000
    hits = np.zeros(60)
    for seed in range(draws):
        chosen = smallest_in_strata(keyed_numbers(keys, draw_key(str(seed))), strata, taken)
        assert np.array_equal(np.bincount(strata[chosen.positions], minlength=3), taken)
        hits[chosen.positions] += 1
    chance = (taken / sizes)[strata]
    z = (hits - draws * chance) / np.sqrt(draws * chance * (1 - chance))
    assert np.abs(z).max() < norm.ppf(1 - 0.001 / (2 * 60))


def keys_of(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["person_key"], table["stratum"], strict=True))


@pytest.fixture(scope="module")
def evidence(sample):
    """Certificate as a mapping, keys of the frame, keys of the sample."""
    frame = keys_of(sample.frame_keys.to_pandas())
    return json.loads(sample.certificate.to_json()), frame, keys_of(sample.data)


def test_the_check_holds_in_any_order(evidence) -> None:
    facts, frame, drawn = evidence
    assert verify(facts, frame, drawn) == []
    assert verify(facts, frame[::-1]) == []


def test_a_swapped_person_is_found_by_position(evidence) -> None:
    facts, frame, drawn = evidence
    stratum = drawn[10][1]
    outsider = next(pair for pair in frame if pair[1] == stratum and pair not in drawn)
    swapped = [*drawn[:10], outsider, *drawn[11:]]
    assert verify(facts, frame, swapped) == [f"position 11, stratum {stratum}: another person was drawn"]


def change_frame(frame, facts):
    return [*frame[1:], ("0" * 64, frame[0][1])]


TAMPERED = [
    (lambda frame, facts: frame[1:], "the frame is not the certified one"),
    (change_frame, "the frame is not the certified one"),
    (lambda frame, facts: [*frame, frame[0]], "a person key stands twice"),
    (lambda frame, facts: [*frame, ("f" * 64, "elsewhere")], "stratum elsewhere: not in the certificate"),
    (lambda frame, facts: facts.update(seed="4") or frame, "the key does not follow"),
    (lambda frame, facts: facts.update(sample_digest="0" * 64) or frame, "not the certified sample"),
    (lambda frame, facts: facts["strata"][0].update(threshold="0" * 64) or frame, "the last person drawn"),
    (lambda frame, facts: facts["strata"][0].update(persons=1) or frame, "persons, not 1"),
    (lambda frame, facts: facts["strata"][0].update(sample=1) or frame, "the last person drawn is another"),
]


@pytest.mark.parametrize(("tamper", "words"), TAMPERED)
def test_every_tampering_is_named(evidence, tamper, words) -> None:
    facts, frame, _ = json.loads(json.dumps(evidence))
    frame = tamper([tuple(pair) for pair in frame], facts)
    assert any(words in problem for problem in verify(facts, frame))


def test_the_check_runs_alone_without_this_project(sample, evidence, tmp_path) -> None:
    """Isolated interpreter, no packages: what an auditor does on another computer."""
    _, frame, drawn = evidence
    (tmp_path / "c.json").write_text(sample.certificate.to_json(), encoding="utf-8")
    for name, pairs in (("f.csv", frame), ("s.csv", drawn), ("bad.csv", [frame[0], *drawn[1:]])):
        text = "person_key,stratum\n" + "".join(f"{key},{stratum}\n" for key, stratum in pairs)
        (tmp_path / name).write_text(text, encoding="utf-8")
    copy = tmp_path / "verify_draw.py"
    copy.write_text(VERIFY.read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(copy), str(tmp_path / "c.json"), str(tmp_path / "f.csv")]
    for extra, code, words in (
        ([], 0, "The draw holds: 120 persons"),
        (["--sample-keys", str(tmp_path / "s.csv")], 0, "The draw holds"),
        (["--sample-keys", str(tmp_path / "bad.csv")], 1, "position 1, "),
        (["--sample-keys", str(tmp_path / "none.csv")], 2, "cannot be read"),
    ):
        done = subprocess.run(
            [*command, *extra],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={"PYTHONUTF8": "1"},
            check=False,
        )
        assert (done.returncode, words in done.stdout) == (code, True), done.stdout + done.stderr


def test_the_check_is_short_and_imports_the_standard_library_only() -> None:
    text = VERIFY.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 200
    imported = {
        line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))
    }
    assert imported <= set(sys.stdlib_module_names)


def test_certificate_reads_back_and_says_nothing_of_a_person(sample, tmp_path) -> None:
    path = tmp_path / "certificate.json"
    path.write_text(sample.certificate.to_json(), encoding="utf-8")
    again = read_certificate(path)
    assert again == sample.certificate
    assert again.to_json() == sample.certificate.to_json()
    shown = path.read_text(encoding="utf-8") + repr(sample) + sample._repr_html_() + repr(sample.certificate)
    private = [
        *sample.link["resident_no"],
        *sample.table["name"],
        *sample.table["token"],
        *sample.link["person_key"],
    ]
    assert not [value for value in private if value in shown]
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="not a draw certificate"):
        read_certificate(path)


def test_certificate_on_one_japanese_page(sample) -> None:
    pdf = certificate_pdf(sample.certificate, "0" * 64)
    assert pdf == certificate_pdf(sample.certificate, "0" * 64)
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 1
    text = document[0].get_textpage().get_text_range()
    for words in ("抽出証明書", sample.certificate.seed, sample.certificate.frame_digest, "練馬/65-69/F"):
        assert words in text


def test_a_certificate_with_many_strata_still_is_one_page(ward_frame) -> None:
    many = draw(ward_frame, StratifiedDesign(200, ["town", "sex"]), seed="1").certificate
    document = pypdfium2.PdfDocument(certificate_pdf(many, "0" * 64))
    assert len(document) == 1
    assert len(many.strata) > 60


def test_public_faces_do_not_change_what_they_hold(sample) -> None:
    for view in (sample.table, sample.link, sample.tidy()):
        view.iloc[0, 0] = "changed"
    assert "changed" not in sample.table.iloc[0].tolist() + sample.link.iloc[0].tolist()
