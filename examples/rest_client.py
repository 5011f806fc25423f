"""A study over REST in Python, with the typed client: upload, ask, read the verdict and windows.

hrv serve --local --store ./own-store        in another terminal
python rest_client.py sample_data/study.toml [http://127.0.0.1:8000]
"""

import io
import sys

import pandas as pd

from api.client import Client


def main(study_file: str, url: str = "http://127.0.0.1:8000") -> None:
    """Upload a study, compare, and print what came out."""
    with Client(url) as client:
        study = client.import_study(study_file)
        print(client.compare(study.id).sentence)
        recording = next(iter(client.recordings(study.id)))
        csv = client.table(
            f"/v1/recordings/{recording.id}/windows", width="5min", step="1min",
            metrics="rmssd,mean_hr",
        )  # fmt: skip
        table = pd.read_csv(io.BytesIO(csv))
        median = table["rmssd"].median()
        print(f"{recording.name}: {len(table)} windows, median RMSSD {median:.1f} ms")


if __name__ == "__main__":
    main(*sys.argv[1:])
