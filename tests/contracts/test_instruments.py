"""What every instrument keeps, tested for each row of the table."""

import math

import pytest

from hrv.endpoints import title
from hrv.errors import InputError
from hrv.instruments import INSTRUMENTS, instrument
from hrv.metrics import METRICS
from hrv.recovery import MEASURES

CODES = {
    "gad7": ("70274-6", "69737-5"),
    "pss10": ("106860-0", ""),
    "cortisol": ("", "54235-7"),
    "serum_magnesium": ("19123-9", ""),
    "rbc_magnesium": ("26746-8", ""),
}
"""The codes that were verified; no other is shipped."""


@pytest.fixture(params=INSTRUMENTS, ids=lambda one: one.name)
def one(request):
    return request.param


def test_names_and_spellings_are_unique_and_mean_one_instrument(one):
    spellings = [name for other in INSTRUMENTS for name in (other.name, *other.aliases)]
    assert spellings.count(one.name) == 1
    for name in (one.name, *one.aliases, one.name.upper(), one.name.replace("_", " ")):
        assert instrument(name) is one
    assert one.name not in [entry.name for entry in (*METRICS, *MEASURES)]


def test_it_is_described_with_a_range_and_its_source(one):
    assert one.label
    assert one.unit
    assert one.source
    assert one.low < one.high
    assert title(one.name) == (one.label, one.unit)


def test_only_verified_codes_are_shipped(one):
    assert (one.loinc, one.panel) == CODES.get(one.name, ("", ""))


def test_both_ends_of_the_range_pass_and_beyond_is_one_sentence(one):
    if one.derived:
        with pytest.raises(InputError, match="is computed from its samples"):
            one.check(1.0, one.unit)
        return
    for value in (one.low, one.high):
        assert one.check(value, one.unit) == value
    for value in (one.low - 1, one.high + 1, math.nan, math.inf):
        with pytest.raises(InputError) as caught:
            one.check(value, one.unit)
        assert str(caught.value).startswith(one.label)
        assert "is outside" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_other_units_are_brought_to_its_own_and_unknown_ones_refused(one):
    if one.derived:
        return
    middle = math.floor((one.low + min(one.high, 1e4)) / 2)
    for unit, factor in one.units.items():
        assert one.check(middle / factor, unit) == pytest.approx(middle)
    with pytest.raises(InputError, match="cannot be in 'furlong'"):
        one.check(middle, "furlong")
    if one.needs_unit:
        with pytest.raises(InputError, match=f"has no unit; write {one.unit}"):
            one.check(middle)


def test_a_total_of_items_is_a_whole_number(one):
    if one.whole:
        with pytest.raises(InputError, match="is not a whole number"):
            one.check(one.low + 0.5)
