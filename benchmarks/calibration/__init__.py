"""Error rates of every method on simulated studies with known truth: `make calibrate`."""
