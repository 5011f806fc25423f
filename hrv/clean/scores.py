"""What `hrv.clean.evaluation` measured: by `python -m benchmarks.cleaner_scores`, not by hand."""

from __future__ import annotations

from hrv.clean.evaluation import Score

# fmt: off
SCORES: tuple[Score, ...] = (
    Score("lipponen_tarvainen", "ectopic", 0.9859, 0.9958, 0.33, 1.21, 0.0),
    Score("lipponen_tarvainen", "missed", 0.9977, 0.9977, 0.3, 1.1, 0.0),
    Score("lipponen_tarvainen", "extra", 0.9901, 0.9977, 0.22, 0.99, 0.0),
    Score("lipponen_tarvainen", "bursts", 0.9814, 0.9966, 0.25, 1.41, 0.0),
    Score("lipponen_tarvainen", "everyday", 0.9865, 0.9973, 0.19, 0.99, 0.0),
    Score("moving_median", "ectopic", 0.8548, 0.9976, 0.58, 8.67, 0.0),
    Score("moving_median", "missed", 1.0, 0.9978, 0.27, 0.93, 0.0),
    Score("moving_median", "extra", 0.9807, 0.9966, 0.21, 1.76, 0.0),
    Score("moving_median", "bursts", 0.9623, 0.9975, 0.28, 3.03, 0.0),
    Score("moving_median", "everyday", 0.9334, 0.9976, 0.2, 2.18, 0.0),
    Score("karlsson", "ectopic", 0.9973, 0.9971, 0.23, 0.8, 0.0),
    Score("karlsson", "missed", 0.997, 0.9795, 0.28, 0.94, 0.0),
    Score("karlsson", "extra", 0.6801, 0.9817, 1.01, 65.1, 0.0),
    Score("karlsson", "bursts", 0.881, 0.9843, 0.33, 10.13, 0.0),
    Score("karlsson", "everyday", 0.9168, 0.9936, 0.19, 2.9, 0.0),
    Score("malik", "ectopic", 0.9848, 0.9868, 0.34, 3.28, 0.0),
    Score("malik", "missed", 0.9825, 0.9845, 0.36, 3.29, 0.0),
    Score("malik", "extra", 0.8719, 0.9844, 0.35, 3.39, 0.0),
    Score("malik", "bursts", 0.9307, 0.9852, 0.36, 3.35, 0.0),
    Score("malik", "everyday", 0.9563, 0.9903, 0.23, 3.35, 0.0),
    Score("kamath", "ectopic", 0.9498, 0.9967, 0.29, 2.45, 0.0),
    Score("kamath", "missed", 0.9825, 0.9897, 0.24, 0.88, 0.0),
    Score("kamath", "extra", 0.8234, 0.9897, 0.23, 0.77, 0.0),
    Score("kamath", "bursts", 0.9041, 0.9911, 0.27, 1.25, 0.0),
    Score("kamath", "everyday", 0.9313, 0.9963, 0.17, 0.89, 0.0),
    Score("acar", "ectopic", 0.9415, 0.9846, 0.37, 6.52, 0.0),
    Score("acar", "missed", 1.0, 0.9851, 0.35, 6.8, 0.0),
    Score("acar", "extra", 0.9973, 0.985, 0.25, 6.83, 0.0),
    Score("acar", "bursts", 0.9859, 0.985, 0.32, 7.02, 0.003),
    Score("acar", "everyday", 0.9729, 0.9849, 0.2, 6.81, 0.0),
    Score("range", "ectopic", 0.0011, 1.0, 64.74, 629.18, 0.0),
    Score("range", "missed", 0.3895, 1.0, 1.27, 1341.49, 0.0),
    Score("range", "extra", 0.1823, 1.0, 63.65, 374.85, 0.0),
    Score("range", "bursts", 0.2264, 1.0, 55.75, 1164.26, 0.0),
    Score("range", "everyday", 0.1655, 1.0, 23.45, 700.51, 0.0),
    Score("none", "ectopic", 0.0, 1.0, 64.74, 629.18, 0.0),
    Score("none", "missed", 0.0, 1.0, 169.16, 1341.49, 0.0),
    Score("none", "extra", 0.0, 1.0, 67.96, 659.83, 0.0),
    Score("none", "bursts", 0.0, 1.0, 134.95, 1304.05, 0.0),
    Score("none", "everyday", 0.0, 1.0, 55.06, 717.15, 0.0),
)
# fmt: on
