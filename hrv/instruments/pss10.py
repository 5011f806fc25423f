"""PSS-10: ten items of 0 to 4 on perceived stress in the last month."""

from hrv.instruments.base import Instrument

PSS10 = Instrument(
    "pss10", "PSS-10 total", "points", 0, 40,
    "Cohen, Kamarck & Mermelstein 1983, doi:10.2307/2136404",
    loinc="106860-0", whole=True, units={"score": 1.0, "{score}": 1.0},
    aliases=("PSS-10", "PSS-10 total", "pss"),
)  # fmt: skip
