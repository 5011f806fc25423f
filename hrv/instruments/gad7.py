"""GAD-7: seven items of 0 to 3 on anxiety in the last two weeks."""

from hrv.instruments.base import Instrument

GAD7 = Instrument(
    "gad7", "GAD-7 total", "points", 0, 21,
    "Spitzer et al. 2006, doi:10.1001/archinte.166.10.1092",
    loinc="70274-6", panel="69737-5", whole=True, units={"score": 1.0, "{score}": 1.0},
    aliases=("GAD-7", "GAD-7 total"),
)  # fmt: skip
