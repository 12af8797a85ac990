"""On every label sheet of the table all parts lie on the label and apart, with white around each code."""

import itertools

import pytest

from custody.errors import InputError, LabelError
from custody.fonts import FontChain
from custody.pdf import MM
from labels.boxes import Box, LabelPlan
from labels.customer_barcode_draw import CLEAR_MM, barcode_fit
from labels.fit import Measure
from labels.layout import plan_label, quiet_zone
from labels.look import Look
from labels.sheets import BAG_SIZE
from labels.stocks import Stock, catalogue, stock
from labels.tokens import KeyedSource, format_token, new_tokens

LOOKS = (Look(), Look(furigana=True), Look(barcode=True), Look(furigana=True, barcode=True))
TINY = 1e-6
USABLE = [sheet for sheet in catalogue() if sheet.width >= 60 and sheet.height >= 30]


def grown(box: Box, by: float) -> Box:
    return Box(box.left - by, box.top - by, box.width + 2 * by, box.height + 2 * by)


def parts(plan: LabelPlan, address: Box) -> dict[str, Box]:
    found = {name: getattr(plan, name) for name in ("postal", "name", "token", "footer", "qr")}
    found |= {name: box for name in ("furigana", "barcode") if (box := getattr(plan, name)) is not None}
    return found | {"address": address}


def apart(one: Box, other: Box) -> bool:
    return (
        one.left + one.width <= other.left + TINY
        or other.left + other.width <= one.left + TINY
        or one.top + one.height <= other.top + TINY
        or other.top + other.height <= one.top + TINY
    )


@pytest.mark.parametrize("look", LOOKS, ids=["plain", "furigana", "barcode", "both"])
def test_parts_lie_on_the_label_and_apart(look: Look) -> None:
    for sheet in USABLE:
        plan = plan_label(sheet, look)
        for address in plan.address:
            boxes = parts(plan, address)
            for box in boxes.values():
                assert min(box.width, box.height) > 0, sheet
                assert min(box.left, box.top) > 0, sheet
                assert box.left + box.width < sheet.width * MM, sheet
                assert box.top + box.height < sheet.height * MM, sheet
            white = {"qr": quiet_zone(), "barcode": CLEAR_MM * MM}
            for (a, one), (b, other) in itertools.combinations(boxes.items(), 2):
                most = max(white.get(a, 0.0), white.get(b, 0.0))
                assert apart(grown(one, most), other), (sheet, a, b)


def test_white_of_a_barcode_reaches_no_further_than_the_label() -> None:
    for sheet in USABLE:
        bars = plan_label(sheet, Look(barcode=True)).barcode
        if bars is not None:
            assert bars.left >= CLEAR_MM * MM - TINY
            assert bars.top + bars.height + CLEAR_MM * MM <= sheet.height * MM + TINY


def test_room_for_every_text_is_higher_than_its_smallest_size() -> None:
    for sheet, look in itertools.product(USABLE, LOOKS):
        plan = plan_label(sheet, look)
        for key, box in (("name", plan.name), ("address", plan.address[-1]), ("furigana", plan.furigana)):
            if box is not None:
                lines = 2 if key == "address" else 1
                style = plan.styles[key]
                assert style.height(lines, style.floor) <= box.height, (sheet, key)


@pytest.mark.parametrize(
    ("name", "least", "said"),
    [
        ("KPC-E1121", 10.0, "10.2 points"),
        ("L7165", 11.5, "11.5 points"),
        ("Hisago ELM007", 9.5, "points"),
        ("A-one 31538", 8.0, "points"),
        ("L7163", 8.0, "points"),
        ("L7162", 0.0, "mm high"),
        ("L7160", 0.0, "at 8 points"),
    ],
)
def test_largest_barcode_that_fits_is_chosen_or_the_reason_given(name: str, least: float, said: str) -> None:
    plan = plan_label(stock(name), Look(barcode=True))
    assert plan.barcode_size >= least
    assert (plan.barcode is None) is (plan.barcode_size == 0)
    assert said in plan.barcode_note
    assert plan.barcode_size <= (barcode_fit(stock(name)).size or 0)


def test_token_footer_and_bag_stand_apart_in_every_font(fonts: FontChain) -> None:
    measure = Measure(fonts)
    tokens = [format_token(token) for token in new_tokens(500, KeyedSource(bytes(range(32))))]
    widest = max(measure.width(token) for token in tokens)
    footer, bag = measure.width("run 01  copy 1  no. 0001"), measure.width("176") * BAG_SIZE
    for sheet in USABLE:
        plan = plan_label(sheet, Look(barcode=True))
        assert widest * plan.styles["token"].size <= plan.token.width
        assert footer * plan.styles["footer"].size + bag <= plan.footer.width


def test_label_without_room_for_a_barcode_keeps_its_plan() -> None:
    sheet = stock("L7160")
    plan, plain = plan_label(sheet, Look(barcode=True)), plan_label(sheet)
    assert (plan.postal, plan.address, plan.name, plan.qr) == (
        plain.postal,
        plain.address,
        plain.name,
        plain.qr,
    )
    assert plain.barcode_note == ""


@pytest.mark.parametrize(("paper", "least"), [("A4", 20), ("Letter", 3)])
def test_table_has_sheets_of_both_papers_that_carry_barcodes(paper: str, least: int) -> None:
    plans = [plan_label(sheet, Look(barcode=True)) for sheet in USABLE if sheet.paper == paper]
    assert sum(plan.barcode is not None for plan in plans) >= least


def test_sheets_of_the_table_too_small_for_an_address_are_refused() -> None:
    for sheet in set(catalogue()) - set(USABLE):
        with pytest.raises(LabelError, match="LAB-STOCK-SMALL"):
            plan_label(sheet)


@pytest.mark.parametrize("change", [{"honorific": "さん"}, {"variants": "any"}, {"bags": 4}], ids=str)
def test_option_that_there_is_not_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError, match="LAB-LOOK"):
        Look(**change)


def test_larger_labels_are_not_printed_smaller() -> None:
    small, large = (
        plan_label(Stock("own", "1", "A4", 1, 1, 86.4 * f, 42.3 * f, 0, 0, 0, 0)) for f in (1, 1.3)
    )
    assert all(large.styles[key].size >= small.styles[key].size for key in small.styles)
