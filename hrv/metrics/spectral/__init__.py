"""Power spectra of the intervals: even timeline, three estimators, bands, peaks, respiration."""
