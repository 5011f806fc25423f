"""The words of the sample study: its study file and its README."""

from __future__ import annotations

STUDY_TOML = """\
# A whole study in one file: what was measured, when, and what was declared beforehand.
title = "Magnesium glycinate and stress recovery"
tz = "Europe/Berlin"

[endpoint]
primary = "residual_hr"   # mean heart rate 60-300 s after the stressor minus baseline, bpm
direction = "lower"       # benefit, declared beforehand
secondary = ["residual_ln_rmssd", "reactivity_hr", "ln_tau_hr_s", "gad7", "sleep_quality"]
swc = 1.0                 # smallest worthwhile change, bpm

[design]
conditions = ["off", "on"]
washin = "2d"             # left out after each change of condition
familiarisation = 0
start_reason = "planned"
phases = "phases.csv"
randomisation = "randomisation.json"   # every order that could have been drawn

[clean]
method = "lipponen_tarvainen"

[data]
recordings = "recordings/*.txt"
subject = "P01"
events = "events.csv"
doses = "doses.csv"
outcomes = "outcomes.csv"
"""

README = """\
# Sample study (simulated)

Nobody's data: `hrv.simulate` drew all of it from seed {seed}{chosen}.
`python -m ingest.sample_study FOLDER --seed {seed}` makes every file again, byte for byte.

One person takes magnesium bisglycinate (300 mg elemental a day) in {n_on} of {n_blocks} weeks.
The order was drawn from the {n_orders} that have each condition in half of the weeks and at most
two alike in a row: {order}.
On {n_sessions} days there is a stress test with a chest strap: 6 min of quiet, 5 min of mental
arithmetic, 11 min of recovery.

| file | what it holds |
|---|---|
| `study.toml` | the study in one file: names all others and what was declared beforehand |
| `recordings/` | one file a stress test: RR in 1/1024 s, with a time column where beats were lost |
| `events.csv` | begin and end of each part of each stress test |
| `phases.csv` | begin, end and condition of each week |
| `randomisation.json` | the order drawn and all orders it was drawn from |
| `doses.csv` | each dose: one was missed, one has an amount of unknown basis |
| `outcomes.csv` | sleep rated 0-10 each morning, GAD-7 (0-21) at the end of each week |
| `truth.json` | what everything was made from, and the true effect |

What went wrong, as it does: ectopic, missed and extra beats everywhere, {n_gaps} losses of contact
({n_drops} of them because the strap came off) and {n_noisy} restless recordings.

## The true answer

On magnesium heart rate and vagal tone come back in {tau:.0%} of the time (time constants) and
respiratory arrhythmia is {gain:.0%} of what it is without. Over many such days this changes the
primary endpoint, heart rate 60-300 s after the stressor above baseline, by **{residual:+.2f} bpm**.
The effect comes, and goes, linearly over {washin:g} days after a change of condition. The sleep
rating changes by {sleep:+g} points, GAD-7 by {gad7:+g}. Against the day-to-day variation that is a
small effect: eight weeks of one person may well be too short to show it, and an honest analysis
then says so. The numbers are not evidence about magnesium.
"""
