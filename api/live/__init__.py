"""Sessions that the service records itself: from a strap, a replay or the simulator."""
