"""Measurements that are printed and written to docs/: not part of the distribution."""
