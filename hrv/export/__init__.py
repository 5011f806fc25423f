"""Results in the forms that other systems read."""

from hrv.export.fhir import bundle

__all__ = ["bundle"]
