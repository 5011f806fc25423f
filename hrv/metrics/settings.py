"""Knobs of the spectral, entropy, scaling and detrending families; they travel with results."""

from __future__ import annotations

from dataclasses import dataclass

from hrv.errors import InputError

SPECTRA = ("welch", "ar", "lomb")
INTERPOLATIONS = ("spline", "local", "linear")
CENTRES = ("segment", "window")
DETRENDED = ("none", "spectral", "nonlinear", "both")


def _choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise InputError(f"{name} {value!r} is not known; choose from {listed}")


@dataclass(frozen=True)
class SpectralSettings:
    """How power spectra are estimated.

    Parameters
    ----------
    method : str
        ``"welch"`` (averaged Hann periodograms), ``"ar"`` (autoregressive, modified covariance)
        or ``"lomb"`` (Lomb–Scargle of the intervals as they are, without interpolation).
    interpolation : str
        Even sampling for `welch` and `ar`: ``"spline"``, the natural cubic spline through the
        window's own intervals; ``"local"``, piecewise cubic with slopes from the natural spline
        through four neighbours on each side, computed once for all overlapping windows;
        ``"linear"`` (takes a quarter of HF away at rest; for comparison only).
    rate_hz : float
        Rate of the even samples.
    segment_s, overlap : float
        Length of Welch's (and Lomb–Scargle's) segments and the share that neighbours overlap.
        A shorter window is one segment.
    centre : str
        What is subtracted before a Welch segment is transformed: the mean of the
        ``"segment"``, or of the ``"window"`` (slow drift then counts as VLF, as in Kubios).
    order : int
        Order of the autoregressive model.
    vlf_hz, lf_hz, hf_hz : tuple of float
        Bands; edges belong to both neighbours (integrals, not sums).

    Raises
    ------
    InputError
        If a setting is outside its choices or its range.
    """

    method: str = "welch"
    interpolation: str = "local"
    rate_hz: float = 4.0
    segment_s: float = 300.0
    overlap: float = 0.5
    centre: str = "segment"
    order: int = 16
    vlf_hz: tuple[float, float] = (0.0, 0.04)
    lf_hz: tuple[float, float] = (0.04, 0.15)
    hf_hz: tuple[float, float] = (0.15, 0.4)

    def __post_init__(self) -> None:
        _choice("method", self.method, SPECTRA)
        _choice("interpolation", self.interpolation, INTERPOLATIONS)
        _choice("centre", self.centre, CENTRES)
        if not 1 <= self.rate_hz <= 100:
            raise InputError(f"rate_hz {self.rate_hz:g}: give 1 to 100 samples a second")
        if not 10 <= self.segment_s <= 86_400:
            raise InputError(f"segment_s {self.segment_s:g}: give 10 s to a day")
        if not 0 <= self.overlap <= 0.95:
            raise InputError(f"overlap {self.overlap:g}: give a share of 0 to 0.95")
        if not 1 <= self.order <= 64:
            raise InputError(f"order {self.order}: give an autoregressive order of 1 to 64")
        edges = (*self.vlf_hz, *self.lf_hz, *self.hf_hz)
        pairs = (self.vlf_hz, self.lf_hz, self.hf_hz)
        if min(edges) < 0 or any(low >= high for low, high in pairs):
            raise InputError(f"bands {pairs} Hz: each needs a lower and a higher edge")
        if max(edges) >= self.rate_hz / 2:
            raise InputError(
                f"a band reaches to {max(edges):g} Hz, but {self.rate_hz:g} samples a second hold "
                f"nothing above {self.rate_hz / 2:g} Hz; raise rate_hz"
            )


@dataclass(frozen=True)
class EntropySettings:
    """How template matches are counted.

    Parameters
    ----------
    m : int
        Length of the shorter template.
    tolerance : float
        Largest difference that still matches, in standard deviations (ddof = 1) of the window.
    scales : int
        Coarsest scale of the multiscale entropy.

    Raises
    ------
    InputError
        If a setting is outside its range.
    """

    m: int = 2
    tolerance: float = 0.2
    scales: int = 5

    def __post_init__(self) -> None:
        if not 1 <= self.m <= 10:
            raise InputError(f"m {self.m}: give a template length of 1 to 10")
        if not 0 < self.tolerance <= 10:
            raise InputError(f"tolerance {self.tolerance:g}: give a positive share of the SD")
        if not 1 <= self.scales <= 40:
            raise InputError(f"scales {self.scales}: give 1 to 40")


@dataclass(frozen=True)
class ScalingSettings:
    """Which box sizes detrended fluctuation analysis uses.

    Parameters
    ----------
    short, long : tuple of int
        Smallest and largest box (intervals) of ``dfa_alpha1`` and ``dfa_alpha2``.
    overlap : bool
        Boxes overlap by half instead of following each other.

    Raises
    ------
    InputError
        If a range is empty or a box holds fewer than 4 intervals.
    """

    short: tuple[int, int] = (4, 16)
    long: tuple[int, int] = (16, 64)
    overlap: bool = True

    def __post_init__(self) -> None:
        for name, (low, high) in (("short", self.short), ("long", self.long)):
            if not 4 <= low < high <= 1024:
                raise InputError(f"{name} boxes {low}-{high}: give two sizes from 4 to 1024")


@dataclass(frozen=True)
class DetrendSettings:
    """Whether a slow trend is removed by smoothness priors, and from what.

    Parameters
    ----------
    apply : str
        ``"none"``, ``"spectral"``, ``"nonlinear"`` (entropy, scaling, dimension, recurrence)
        or ``"both"``.
    smoothness : float
        Regularisation λ of smoothness priors; 500 at 4 Hz passes what is faster than 0.035 Hz.

    Raises
    ------
    InputError
        If a setting is outside its choices or its range.
    """

    apply: str = "none"
    smoothness: float = 500.0

    def __post_init__(self) -> None:
        _choice("apply", self.apply, DETRENDED)
        if not 0 < self.smoothness <= 1e8:
            raise InputError(f"smoothness {self.smoothness:g}: give a positive number to 1e8")

    @property
    def spectral(self) -> bool:
        """True if spectra are taken of the detrended series."""
        return self.apply in ("spectral", "both")

    @property
    def nonlinear(self) -> bool:
        """True if nonlinear measures are taken of the detrended series."""
        return self.apply in ("nonlinear", "both")
