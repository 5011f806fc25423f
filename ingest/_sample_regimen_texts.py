"""The words of the sample study with several things at once."""

from __future__ import annotations

STUDY_TOML = """\
# Three doses of magnesium beside breathing, a background drug and other outcomes.
title = "Magnesium by dose, beside breathing"
tz = "Europe/Berlin"

[endpoint]
primary = "residual_hr"   # mean heart rate 60-300 s after the stressor minus baseline, bpm
direction = "lower"
secondary = [
  "t50_hr_s", "gad7", "pss10", "stai_state", "cortisol_auci", "cortisol_peak_change",
  "total_sleep_time", "wake_after_sleep_onset", "sleep_efficiency", "fitbit_rmssd",
]
swc = 1.0

[design]
conditions = ["off", "on"]   # any dose of magnesium
washin = "7d"
start_reason = "planned"
phases = "phases.csv"
randomisation = "randomisation.json"
regimen = "regimen.csv"      # each component: when it was on, how much

[components.magnesium]
kind = "supplement"
washin = "7d"
half_life = "2d"             # of its carry-over, declared beforehand

[components.breathing]
kind = "behaviour"
washin = "1d"

[components.sertraline]
kind = "medication"
role = "background"          # meant to stay as it is; a change is flagged

[data]
recordings = "recordings/*.txt"
subject = "P01"
events = "events.csv"
doses = "doses.csv"
outcomes = ["outcomes.csv", "fitbit.csv"]
adverse_events = "adverse_events.csv"
external_claims = "external_claims.csv"
"""

README = """\
# Sample study with several things at once (simulated)

Nobody's data: `hrv.simulate` drew all of it from seed {seed}.
`python -m ingest.sample_regimen FOLDER --seed {seed}` makes every file again, byte for byte;
`hrv compare study.toml --report out.html` shows it on one timeline.

One person in nine fortnights: magnesium at {doses} mg elemental a day (drawn from all orders of
three levels), breathing: {breathing}. Sertraline runs in the background and changes its dose once.
{n} stress tests with a chest strap.

| file | what it holds |
|---|---|
| `study.toml` | names all others and what was declared beforehand |
| `regimen.csv` | each component: from when to when, how much, on which basis |
| `phases.csv`, `randomisation.json` | fortnights with and without; all orders |
| `doses.csv` | each dose as taken or missed |
| `adverse_events.csv` | loose stools and headache |
| `outcomes.csv` | scores, cortisol around a stressor, serum and red cell magnesium, sleep |
| `fitbit.csv` | a watch's nights: daily HRV without beats |
| `external_claims.csv` | what others claim; text, never on the axes of the result |
| `truth.json` | what it was made from |

The true effect is linear in the dose and decays with a half-life of two days. The numbers are not
evidence about magnesium.
"""
