"""Chest straps over Bluetooth: bytes to values, values to beat times, and the session around them.

`measurement`, `clock`, `stream` and `polar` are pure; `strap` is the only file that imports bleak.
"""
