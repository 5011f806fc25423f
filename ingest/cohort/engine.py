"""Where work is done: in this process, on a local cluster, or on one that is there already."""

from __future__ import annotations

import itertools
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from typing import Any, TypeVar

from hrv.errors import InputError, MissingExtraError
from ingest.cohort.places import Folder, place
from ingest.cohort.task import Done, Task, probe, run_batch

AHEAD = 4
"""Tasks a thread of the cluster has before it: the scheduler knows of no more than these."""
CONFIG = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",  # as Dask has it, waiting took 3 % of a core
    "distributed.admin.system-monitor.interval": "2s",
    # Dask has a worker give every 64 KiB back to the system at once, to be fetched again by the
    # next array: that took as long as all the work
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 2**28,
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 2**25,
}
"""Settings of the engine that cost time and that nobody looks at, and one of its memory."""
TOKEN = ".seen-by-workers-{}"
"""A file that workers look for, to know that they see the folder of results."""
LOOK_S = 5.0
"""How often the threads of the cluster are counted anew, so that one that grows is filled."""
PATIENCE_S = 10.0
"""How long a scheduler may take to answer."""
Engine = Callable[[Sequence[Task]], Iterator[Done]]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Running:
    """An engine that is up.

    Parameters
    ----------
    run : callable
        Gives what each task gave, in the order they finish.
    words : str
        Where it runs, for people.
    dashboard : str
        Address of the engine's own page; "" if it has none.
    """

    run: Engine
    words: str
    dashboard: str = ""


@contextmanager
def engine(
    workers: int | None = None, scheduler: str | None = None, *, serial: bool = False, out: str = ""
) -> Iterator[Running]:
    """Start an engine and end it.

    Parameters
    ----------
    workers : int, optional
        Processes of a local cluster; default: the cores this process may use.
    scheduler : str, optional
        Address of a Dask scheduler, such as ``"tcp://10.0.0.5:8786"``.
    serial : bool
        Run in this process, one batch after the other.
    out : str
        Where results go; checked to be visible from the workers of `scheduler`.

    Raises
    ------
    MissingExtraError
        If Dask is not installed and `serial` is False.
    InputError
        If the scheduler cannot be reached, or its workers cannot do the work.
    """
    if serial:
        yield Running(lambda tasks: map(run_batch, tasks), "in this process")
        return
    try:
        import dask
        import distributed  # noqa: F401
    except ImportError:
        raise MissingExtraError(
            "cluster", "run on several cores or machines (or use --serial)"
        ) from None
    with dask.config.set(CONFIG):
        if scheduler is None:
            count = workers or len(os.sched_getaffinity(0))
            with local(count) as client:
                words = f"on {count} worker{'s' * (count > 1)} on this machine"
                run = partial(flow, client, work=run_batch, rescue=_without_killers)
                yield Running(run, words, _dashboard(client))
        else:
            with existing(scheduler, out) as client:
                words = f"on the cluster at {scheduler}"
                run = partial(flow, client, work=run_batch, rescue=_without_killers)
                yield Running(run, words, _dashboard(client))


def _dashboard(client: Any) -> str:
    """Address of the engine's page; "" where the scheduler has none."""
    has = "dashboard" in client.scheduler_info(n_workers=0).get("services", {})
    return str(client.dashboard_link) if has else ""


@contextmanager
def local(workers: int) -> Iterator[Any]:
    """Start a cluster of this machine's processes."""
    import distributed

    cluster: Any = distributed.LocalCluster(  # type: ignore[no-untyped-call]  # typed in part
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
    )
    with cluster, distributed.Client(cluster) as client:  # type: ignore[no-untyped-call]
        yield client


@contextmanager
def existing(scheduler: str, out: str) -> Iterator[Any]:
    """Connect to a cluster whose workers have this version and see `out`; see `engine`."""
    try:
        import distributed
    except ImportError:
        raise MissingExtraError("cluster", f"reach the scheduler at {scheduler}") from None
    try:
        client: Any = distributed.Client(scheduler, timeout=PATIENCE_S, set_as_default=False)  # type: ignore[no-untyped-call]  # typed in part
    except (OSError, ValueError, TimeoutError) as error:
        why = str(error).split("\n")[0] or type(error).__name__
        raise InputError(
            f"no scheduler answers at {scheduler!r} ({why}); give its address, such as "
            "tcp://10.0.0.5:8786"
        ) from None
    try:
        _check_workers(client, out)
        yield client
    finally:
        client.close()


def _check_workers(client: Any, out: str) -> None:
    """See that workers have this version and, if results go to a folder, see that folder."""
    folder, token = place(out), TOKEN.format(uuid.uuid4().hex)
    local = isinstance(folder, Folder)
    if local:
        folder.write(token, b"")
    try:
        answers = client.run(_about, f"{folder.url}/{token}" if local else "", on_error="return")
    finally:
        if local:
            folder.remove(token)
    for address, answer in answers.items():
        if isinstance(answer, BaseException):
            raise InputError(
                f"worker {address} cannot do the work ({answer}); install hrv-recovery[cluster] "
                f"{version('hrv-recovery')} there"
            )
        other, sees = answer
        if other != version("hrv-recovery"):
            raise InputError(
                f"worker {address} has hrv-recovery {other}, and here is "
                f"{version('hrv-recovery')}; install the same version"
            )
        if not sees:
            raise InputError(
                f"worker {address} does not see {folder.url}; name a folder that all machines "
                "share, or a URL such as s3://bucket/results"
            )


def _about(token: str) -> tuple[str, bool]:
    return version("hrv-recovery"), not token or os.path.exists(token)  # noqa: PTH110


def flow(
    client: Any,
    tasks: Sequence[T],
    *,
    work: Callable[[T], R],
    rescue: Callable[[Any, T], R],
) -> Iterator[R]:
    """Keep every thread busy, and the scheduler's list short.

    Parameters
    ----------
    client : distributed.Client
        Of a cluster.
    tasks : sequence
        What there is to do, the largest first.
    work : callable
        What a worker does with one; a function that workers can import.
    rescue : callable
        ``(client, task)``, asked where a task ended several workers one after the other.

    Yields
    ------
    object
        What each task gave, in the order they finish.

    Raises
    ------
    InputError
        If the connection is lost.
    """
    from distributed import as_completed

    waiting = iter(tasks)
    known: dict[str, T] = {}

    def submit(task: T) -> Any:
        future = client.submit(work, task, pure=False)
        known[future.key] = task
        return future

    room, looked = _room(client), time.monotonic()
    first = [submit(task) for task in itertools.islice(waiting, room)]
    flowing: Any = as_completed(first, loop=client.loop)  # type: ignore[no-untyped-call]  # typed in part
    try:
        for future in flowing:
            task = known.pop(future.key)
            yield _result(client, future, task, rescue)
            if time.monotonic() - looked > LOOK_S:  # workers come and go
                room, looked = _room(client), time.monotonic()
            for following in itertools.islice(waiting, max(0, room - len(known))):
                flowing.add(submit(following))
    finally:
        client.cancel(list(flowing.futures))


def _room(client: Any) -> int:
    return AHEAD * max(2, sum(map(int, client.nthreads().values())))


def _result(client: Any, future: Any, task: T, rescue: Callable[[Any, T], R]) -> R:
    from distributed import KilledWorker

    if future.status in ("cancelled", "lost"):
        raise InputError(
            "the connection to the scheduler is lost; what was finished is kept: run the same "
            "command again"
        )
    try:
        return future.result()  # type: ignore[no-any-return]
    except KilledWorker:
        return rescue(client, task)


def _without_killers(client: Any, task: Task) -> Done:
    """Find the recordings of a batch that end every worker they come to, and leave them out."""
    from distributed import KilledWorker

    skip = {}
    for item in task.batch.items:
        alone = replace(task, batch=replace(task.batch, items=(item,)))
        try:
            client.submit(probe, alone, pure=False).result()
        except KilledWorker:
            skip[item.name] = (
                f"{item.name}: every worker that read it died, as if out of memory; give workers "
                "more memory and run again"
            )
    if not skip:
        raise InputError(
            f"workers died again and again over a batch with {task.batch.items[0].name}, though "
            "each recording alone is no trouble; give workers more memory, or make batches smaller"
        )
    return client.submit(run_batch, replace(task, skip=skip), pure=False).result()  # type: ignore[no-any-return]
