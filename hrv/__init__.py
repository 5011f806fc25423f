"""The numeric core: RR intervals in, HRV and stress-recovery numbers out; no I/O."""
