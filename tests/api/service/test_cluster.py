"""The service beside a Dask cluster: who goes there, and what happens when it fails."""

import json
import shutil
import time
from dataclasses import replace
from uuid import UUID

import pytest
from cohort_rig import until
from serving import SETTINGS, serving

from api import work
from api.client import Client
from api.cluster import Part, _name_killer
from api.results import as_mapping, plain
from api.schemas.studies import StudyIn
from api.store import open_store
from hrv.study import analyse
from ingest.study import load_study


@pytest.fixture
def study(client, rr_file):
    study = client.create_study(StudyIn(title="Two recordings"))
    client.create_subject(study.id, "P01")
    for day in (4, 5):
        client.upload(study.id, rr_file(f"2026-03-0{day}_080000.txt"), subject="P01")
    return study


def asked(place, scheduler, least=2):
    """Serve a store beside a cluster."""
    return serving(place, replace(SETTINGS, scheduler=scheduler, cluster_from=least))


@pytest.fixture(scope="module")
def some_days(tmp_path_factory, sample_data):
    """Every third day of the sample study."""
    folder = tmp_path_factory.mktemp("some") / "study"
    shutil.copytree(sample_data, folder, ignore=shutil.ignore_patterns("regimen", "recordings"))
    (folder / "recordings").mkdir()
    for path in sorted((sample_data / "recordings").glob("*.txt"))[::3]:
        shutil.copy(path, folder / "recordings")
    text = (folder / "study.toml").read_text()
    lines = [line for line in text.splitlines() if not line.startswith(("secondary", "random"))]
    (folder / "study.toml").write_text("\n".join(lines))
    return folder


def test_a_large_study_is_measured_on_the_cluster_and_the_answer_is_the_same(
    place, some_days, tcp_cluster, monkeypatch
):
    monkeypatch.setattr("api.cluster.PART_BEATS", 4000)  # several parts
    with asked(place, tcp_cluster, least=15) as url, Client(url) as client:
        study = client.import_study(some_days)
        job = client.wait(client.start_comparison(study.id).id)
        answer = json.loads(
            client.table(f"/v1/comparisons/{job.comparison_id}", "application/json")
        )
        assert "Magnesium" in client.report(job.comparison_id)
    assert (job.done, job.total) == (15, 15)
    assert answer == json.loads(json.dumps(plain(as_mapping(analyse(load_study(some_days))))))
    assert sum(row["residual_hr"] is not None for row in answer["recovery"]) >= 10
    assert all(opened(tcp_cluster, place))


def opened(scheduler, place):
    """Whether each worker of the cluster has read from a store."""
    from distributed import Client as Cluster

    store = open_store(place, upgrade=False)
    where = work.place_of(store)
    store.close()

    def stores():
        from api import work

        return list(work._stores)

    with Cluster(scheduler, set_as_default=False) as cluster:
        return [where in found for found in cluster.run(stores).values()]


def test_a_cluster_that_does_not_answer_is_named_in_the_job(place, study, monkeypatch):
    monkeypatch.setattr("ingest.cohort.engine.PATIENCE_S", 0.2)
    with asked(place, "tcp://127.0.0.1:9") as url, Client(url) as client:
        job = client.job(client.start_comparison(study.id).id)
        until(lambda: client.job(job.id).state == "failed")
        assert "no scheduler answers at 'tcp://127.0.0.1:9'" in client.job(job.id).problem.detail


def test_a_small_study_stays_on_this_machine(place, study):
    with asked(place, "tcp://127.0.0.1:9", least=3) as url, Client(url) as client:
        job = client.start_comparison(study.id)
        until(lambda: client.job(job.id).state in ("done", "failed"))
        assert client.job(job.id).state == "done"


def test_a_service_that_ends_gives_its_job_back_and_the_next_one_does_it(place, study):
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        with asked(place, cluster.scheduler_address) as url, Client(url) as client:
            job = client.start_comparison(study.id)
            until(lambda: len(cluster.scheduler.clients) >= 2)  # it waits for a worker
            began = time.monotonic()
        assert time.monotonic() - began < 10
    with serving(place) as url, Client(url) as client:
        until(lambda: client.job(job.id).state == "done", 120)


def test_the_recording_that_ends_its_workers_is_named():
    from distributed import KilledWorker

    class Killing:
        def submit(self, _work, part, pure):
            self.asked = part.recordings[0]
            return self

        def result(self):
            if self.asked.int == 2:
                raise KilledWorker("part", None, 3)

    part = Part("store", UUID(int=9), (UUID(int=1), UUID(int=2), UUID(int=3)))
    assert f"recording {UUID(int=2)} died" in _name_killer(Killing(), part).message
    fine = replace(part, recordings=(UUID(int=1),))
    assert "though each recording alone is no trouble" in _name_killer(Killing(), fine).message
