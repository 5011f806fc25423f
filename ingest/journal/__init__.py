"""Crash-safe, bit-exact capture of everything a strap sends.

`record` is the byte layout (``docs/journal-format.md``), `writer` appends, `reader` walks and
verifies, `mend` repairs and exports.
"""

from ingest.journal.mend import export, repair
from ingest.journal.reader import Verdict, records, verify
from ingest.journal.record import Kind, Record
from ingest.journal.writer import JournalWriter

__all__ = ["JournalWriter", "Kind", "Record", "Verdict", "export", "records", "repair", "verify"]
