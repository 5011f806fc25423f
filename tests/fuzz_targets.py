"""What is fuzzed: every reader, decoder, table, study file, journal and model of a request.

A `Target` is some good inputs, and a function that takes any bytes and must either take them or
raise one of the errors it names: in one line, without hanging, without memory that grows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fuzz_bodies import TOGETHER, NotJSONError, any_json, example, mutated

from hrv.errors import HRVError

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"


@dataclass(frozen=True)
class Target:
    """Something to fuzz.

    Parameters
    ----------
    seeds : list of bytes
        Good inputs, to begin with: each is taken.
    takes : callable
        Takes bytes, as whoever is attacked would.
    refusals : tuple of exception types
        How it may refuse them.
    rough : list of bytes
        Inputs to begin with that may be refused: they lead where good ones do not.
    """

    seeds: list[bytes]
    takes: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...] = (HRVError,)
    rough: list[bytes] = field(default_factory=list)

    def try_one(self, data: bytes) -> None:
        """Try one input; whatever is raised here is a finding."""
        try:
            self.takes(data)
        except self.refusals as error:
            if isinstance(error, HRVError) and "\n" in str(error):
                raise RuntimeError("a message of several lines") from error


# ---- recordings ----


def reader(name: str) -> Target:
    """Target of a format of recordings."""
    from recordings import samples

    import ingest
    from ingest.formats.base import Source

    own = [sample for sample in samples() if sample.format == name]

    def takes(data: bytes) -> None:
        sample = own[len(data) % len(own)]
        source = Source(sample.name, content=data, beside=sample.beside)
        ingest.open_recording(source, **{"format": name, **sample.options})

    return Target([sample.data for sample in own], takes)


# ---- straps ----


def strap() -> Target:
    """Notifications of a strap: heart rate, battery, location, texts, Polar's own."""
    from ingest.ble import measurement as heart
    from ingest.ble import polar

    decoders = (heart.decode, heart.decode_battery, heart.decode_body_location, heart.decode_text,
                polar.decode_features, polar.decode_response, polar.decode_frame)  # fmt: skip
    clock = bytes(8)
    good = (
        (0, bytes([0x16, 60, 0x00, 0x04, 0x20, 0x03])), (0, bytes([0x1F, 60, 0, 9, 0, 0, 4])),
        (1, bytes([77])), (2, bytes([1])), (3, b"Polar H10"),
        (4, bytes([0x0F, 0x0D])),  # ECG, accelerometer, PPI
        (5, bytes([0xF0, 1, 0, 0, 0, 0, 1, 130, 0, 1, 1, 14, 0])),  # 130 Hz, 14 bits
        (6, bytes([0]) + clock + bytes([0, *range(9)])),  # three samples of ECG
        (6, bytes([2]) + clock + bytes([1, *range(12)])),  # two of the accelerometer
        (6, bytes([3]) + clock + bytes([0, 60, 0, 4, 9, 0, 6])),  # one pulse
    )  # fmt: skip
    seeds = [bytes([which]) + packet for which, packet in good]
    rough = [bytes([i, *range(20)]) for i in range(len(decoders))]
    rough.append(bytes([6, 2]) + bytes(9) + bytes([0, *range(24)]))

    def takes(data: bytes) -> None:
        if not data:
            return
        found = decoders[data[0] % len(decoders)](data[1:])
        if isinstance(found, heart.Measurement):
            assert all(0 <= tick <= 0xFFFF for tick in found.rr_ticks)
            assert heart.decode(heart.encode(found)) == found

    return Target(seeds, takes, rough=rough)


def markers() -> Target:
    """Lines of a stimulus program."""
    from ingest.ble.lsl_markers import read_marker
    from ingest.ble.markers import parse_marker

    def takes(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        read_marker(text)
        parse_marker(text)

    return Target([b"start stress stroop", b'{"phase": "x", "kind": "tag", "edge": "now"}'], takes)


def source_names() -> Target:
    """`ble:`, `replay:` and `sim:`, with their options."""
    from ingest.sources import parse, simulation_of, speed_of

    def takes(data: bytes) -> None:
        uri = data.decode("utf-8", "replace")
        name = parse(uri)
        speed_of(name, uri)
        if name.scheme == "sim":
            simulation_of(name, uri)

    seeds = [b"ble:Polar H10", b"replay:a/b.txt?speed=max", b"sim:?seed=4&stress=5min-10min,1h-2h"]
    return Target(seeds, takes)


# ---- the journal ----


def journal(place: Path) -> Target:
    """Walked, verified, mended and exported."""
    import io

    import journal_rig

    from ingest.journal import JournalWriter, verify
    from ingest.journal.mend import export, repair

    path, mended = place / "a.hrvj", place / "b.hrvj"
    with JournalWriter(path, session={"person": "P01"}) as writer:
        for i in range(12):
            writer.append(journal_rig.notification(10**9 * i, [800 + i, 801]))
        writer.append(journal_rig.marker(10**10 * 2, "stroop", "start", "stress"))
    seed = path.read_bytes()

    def takes(data: bytes) -> None:
        path.write_bytes(data)
        mended.unlink(missing_ok=True)
        verify(path)
        export(path, io.StringIO())
        repair(path, mended)
        assert not any(d.length for d in verify(mended).damage), "a mended journal is damaged"

    return Target([seed, seed[:-9], seed[:200] + seed[230:]], takes)


# ---- files of a study ----


def study_file(place: Path) -> Target:
    """`study.toml`, with real logs and a short recording beside it."""
    from ingest.study import load_study

    def shorten(name: str, lines: int) -> None:
        kept = (SAMPLE / name).read_bytes().splitlines(keepends=True)[:lines]
        (place / name).write_bytes(b"".join(kept))

    for name in ("events.csv", "doses.csv", "outcomes.csv", "phases.csv"):
        shorten(name, 3)
    (place / "recordings").mkdir()
    shorten(f"recordings/{min((SAMPLE / 'recordings').iterdir()).name}", 30)
    (place / "randomisation.json").write_text('{"set": [["off", "on"], ["on", "off"]]}')
    path = place / "study.toml"
    good = (SAMPLE / "study.toml").read_bytes()

    def takes(data: bytes) -> None:
        path.write_bytes(data)
        load_study(path)

    bare = b'[data]\nrecordings = "%s"\n[design]\nconditions = ["a", "b"]\nwashin = "1d"\n'
    return Target([bare % b"recordings/*.txt", good], takes, rough=[bare % b"none/*.txt"])


def file_of(place: Path, name: str, read: Callable[[Path], object], *seeds: bytes) -> Target:
    """Target of a reader that wants a file."""
    path = place / name

    def takes(data: bytes) -> None:
        path.write_bytes(data)
        read(path)

    return Target(list(seeds), takes)


def small_files(place: Path) -> Target:
    """Protocol, roster of straps, list of the enrolled, key and plan, by the first byte."""
    from ingest.allocation_files import read_roster
    from ingest.plan_files import earlier_plans
    from ingest.protocol import load_protocol
    from ingest.registration import declared_by, read_key
    from ingest.roster import load_roster

    seeds = (
        b'title = "x"\n[[phase]]\nname = "a"\nkind = "stress"\nduration = "5min"\n',
        b'title = "x"\n[[strap]]\nstrap = "Polar H10 1"\nperson = "P01"\nsession = "1"\n',
        b"subject,sex\nP01,f\nP02,m\n",
        b'{"codes": {"A": "off", "B": "on"}, "nonce": "00"}',
        b'{"record": {"declared": {"tz": "UTC"}}, "sha256": "00", "replaces": ["11"]}',
        b'{"record": {"declared": {"tz": "UTC"}}, "sha256": "00", "replaces": ["11"]}',
    )
    takers = (
        file_of(place, "protocol.toml", load_protocol),
        file_of(place, "roster.toml", load_roster),
        file_of(place, "roster.csv", lambda path: read_roster(path, ("sex",))),
        file_of(place, "key.json", read_key),
        file_of(place, "plan.json", declared_by),
        file_of(place, "plan.json", lambda path: earlier_plans(path.parent)),
    )

    def takes(data: bytes) -> None:
        if data:
            takers[data[0] % len(takers)].takes(data[1:])

    return Target([bytes([i]) + seed for i, seed in enumerate(seeds)], takes)


def logs() -> Target:
    """Tables of events, tags, doses, phases, outcomes, adverse events, components and claims."""
    from ingest import events, outcomes, study_log
    from ingest.formats.base import Source

    readers = (events.read_events, events.read_doses, events.read_phases, outcomes.read_outcomes,
               study_log.read_regimen_log, study_log.read_adverse_events)  # fmt: skip
    heads = (
        b"phase,kind,start,end,note\nmaths,stress,2026-03-04T08:00:00Z,2026-03-04T08:10:00Z,=x\n",
        b"subject,time,substance,amount,unit,basis,status\nP,2026-03-04 08:00,magnesium,300,mg,"
        b"elemental,taken\n",
        b"subject,condition,start,stop\nP,off,2026-03-04T00:00Z,2026-04-04T00:00Z\n",
        b"subject,time,name,value,unit\nP,2026-03-04T08:00Z,gad7,7,points\n",
        b"component,start,stop,amount,unit\nmagnesium,2026-03-04T08:00Z,2026-04-04T08:00Z,300,mg\n",
        b"subject,time,term,severity\nP,2026-03-04T08:00Z,nausea,mild\n",
    )

    def takes(data: bytes) -> None:
        if not data:
            return
        which = data[0] % (len(readers) + 2)
        source = Source("log.csv", content=data[1:])
        if which < len(readers):
            readers[which](source, tz="Europe/Berlin", subject="P")
        elif which == len(readers):
            events.read_tags(source, subject="P", tz="UTC")
        else:
            study_log.read_claims(source)

    tags = b"1772611200.5\n1772611300\n"
    claims = (b"claim,population,comparator,measure,source,verified\n"
              b"magnesium calms,adults,placebo,rmssd,somebody 2020,no\n")  # fmt: skip
    return Target([bytes([i]) + s for i, s in enumerate((*heads, tags, claims))], takes)


def redcap() -> Target:
    """An export, understood and taken."""
    from ingest.formats.base import Source
    from ingest.redcap.mapping import DoseFrom, Mapping, OutcomeFrom
    from ingest.redcap.table import read_table
    from ingest.redcap.take import take
    from ingest.redcap.understand import understand

    good = (b"record_id,redcap_event_name,gad7,visit_date,dose,taken\nP01,baseline_arm_1,7,"
            b"2026-03-04,300,1\nP02,baseline_arm_1,9,2026-03-05 08:30,,0\n")  # fmt: skip
    mapping = Mapping(
        record="record_id",
        outcomes=(OutcomeFrom("gad7", "gad7", "visit_date"),),
        doses=(DoseFrom("visit_date", "magnesium", amount="dose", unit="mg", status="taken"),),
    )

    def takes(data: bytes) -> None:
        table = read_table(Source("export.csv", content=data))
        understand(table)
        take(table, mapping, tz="Europe/Berlin")

    return Target([good], takes)


# ---- requests ----


def models() -> Target:
    """Bodies of requests: a good one with a few places replaced by junk, or any JSON at all."""
    from pydantic import BaseModel, ValidationError

    bodies = sorted(set(_bodies()), key=lambda model: model.__name__)
    good = [
        {**example(model.model_json_schema()), **TOGETHER.get(model.__name__, {})}
        for model in bodies
    ]

    def takes(data: bytes) -> None:
        if not data:
            return
        which = (data[0] & 0x7F) % len(bodies)
        rest = data[1:]
        value = any_json(rest) if data[0] & 0x80 else mutated(good[which], rest)
        taken: BaseModel = bodies[which].model_validate(value)
        said = json.loads(taken.model_dump_json())
        again = bodies[which].model_validate(said)
        assert again.model_dump_json() == taken.model_dump_json(), "does not survive a round trip"

    texts = [bytes([0x80 + i]) + json.dumps(body).encode() for i, body in enumerate(good)]
    plain = [bytes([i, 1, 2, 3, 4, 5, 6]) for i in range(len(bodies))]
    return Target(texts, takes, (ValidationError, NotJSONError), plain)


def _bodies() -> Iterator[type[Any]]:
    """Every model of a body that some route takes, and those within."""
    import api.app  # noqa: F401
    from api.schemas.base import Wire

    waiting = [Wire]
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        if model.__name__.endswith("In"):
            yield model


def parameters() -> Target:
    """What stands in paths, queries and headers: cursors, tags, places, lengths, moments."""
    from api import conditions
    from api.errors import ProblemError
    from api.live.feed import Place
    from api.paging import Slice
    from hrv._units import seconds
    from ingest import clock

    takers: tuple[Callable[[str], object], ...] = (
        lambda text: Slice(1, text).after,
        lambda text: conditions.require(text, 1),
        lambda text: conditions.not_modified(text, '"1"'),
        Place.parse, seconds, clock.parse_iso, clock.parse_time_of_day,
    )  # fmt: skip

    def takes(data: bytes) -> None:
        if data:
            takers[data[0] % len(takers)](data[1:].decode("latin-1"))

    seeds = (b"AZAAAAAAcACAAAAAAAAAAA", b'"3", W/"4", *', b'W/"1"', b"12/3", b"1h30min",
             b"2026-03-04T08:00:00+01:00", b"23:59:59.5")  # fmt: skip
    return Target([bytes([i]) + s for i, s in enumerate(seeds)], takes, (HRVError, ProblemError))


OTHERS: dict[str, Callable[[Path], Target]] = {
    "strap notifications": lambda _: strap(),
    "stimulus markers": lambda _: markers(),
    "names of sources": lambda _: source_names(),
    "journal": journal,
    "study.toml": study_file,
    "small study files": small_files,
    "study logs": lambda _: logs(),
    "REDCap export": lambda _: redcap(),
    "bodies of requests": lambda _: models(),
    "other request texts": lambda _: parameters(),
}
"""Everything that is fuzzed beside the formats of recordings."""


def target_of(name: str, place: Path) -> Target:
    """Return a target by its name; `place` is an empty folder for its files."""
    if name not in OTHERS:
        return reader(name.removeprefix("format "))
    made = OTHERS[name](place)
    return replace(made, refusals=(*made.refusals, HRVError))
