"""How the command line answers wrong usage, and what all commands share."""

import json
import os
import subprocess
import sys

import pytest


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "frobnicate"),
        (["summary"], "FILE"),
        (["summary", "a.txt", "--frob"], "--frob"),
        (["recovery", "--events", "e.csv"], "FILE"),
        (["catalogue", "spices"], "metrics"),
        (["windows", "a.txt", "--format", "yaml"], "csv"),
    ],
)
def test_wrong_usage_gets_one_line_that_says_where_the_help_is(hrv_command, arguments, said):
    done = hrv_command(*arguments)
    assert done.code == 2
    assert said in one_line(done.err)
    assert "-h shows the usage" in done.err
    assert not done.out


@pytest.mark.parametrize("arguments", [["-h"], ["summary", "--help"], ["--version"]])
def test_help_and_version_exit_0(hrv_command, arguments):
    done = hrv_command(*arguments)
    assert done.code == 0
    assert "hrv" in done.out
    assert not done.err


def test_without_arguments_the_help_is_shown(hrv_command):
    done = hrv_command()
    assert done.code == 2
    assert "hrv compare study.toml" in done.err


@pytest.mark.parametrize("form", ["csv", "parquet", "table"])
def test_an_output_that_cannot_be_written_is_named(hrv_command, tmp_path, form):
    recording = tmp_path / "session.txt"
    recording.write_text("800\n810\n790\n" * 200)
    out = tmp_path / "no" / "such" / "folder"
    done = hrv_command("windows", recording, "--format", form, "--out", out)
    assert done.code == 2
    assert str(out) in one_line(done.err)


@pytest.mark.parametrize("option", ["--out", "--events"])
def test_simulate_names_a_file_it_cannot_write(hrv_command, tmp_path, option):
    done = hrv_command("simulate", "--duration", "1min", option, tmp_path / "no" / "file")
    assert done.code == 2
    assert "no/file" in one_line(done.err)


def test_messages_spell_arguments_as_options(hrv_command, tmp_path):
    peaks = tmp_path / "peaks.txt"
    peaks.write_text("\n".join(str(i * 200 + i % 3) for i in range(1, 90)))
    done = hrv_command("summary", peaks)
    assert done.code == 2
    assert "--input-format peaks with --sampling-rate" in one_line(done.err)


def test_a_recording_without_markers_needs_events(hrv_command, tmp_path):
    recording = tmp_path / "session.txt"
    recording.write_text("800\n810\n790\n" * 200)
    done = hrv_command("recovery", recording)
    assert done.code == 2
    assert "--events CSV" in one_line(done.err)


def test_an_interruption_is_said_and_ends_with_130(hrv_command, monkeypatch, tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("api.cli._options.read_recording", interrupt)
    done = hrv_command("summary", tmp_path / "any.txt")
    assert (done.code, done.err) == (130, "hrv: interrupted\n")


def test_a_study_is_read_from_standard_input(hrv_command, sample_data, monkeypatch):
    monkeypatch.chdir(sample_data)
    with (sample_data / "study.toml").open() as study:
        monkeypatch.setattr(sys, "stdin", study)
        done = hrv_command("compare", "-", "--format", "json")
    assert done.code == 0
    assert json.loads(done.out)["endpoint"] == "residual_hr"


@pytest.mark.parametrize(("given", "threads"), [({}, 1), ({"OPENBLAS_NUM_THREADS": "2"}, 2)])
def test_a_command_keeps_linear_algebra_to_one_thread_unless_told(given, threads):
    unset = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}
    code = "import api.cli, sys; assert 'numpy' not in sys.modules; sys.argv[1:] = ['catalogue', "
    code += (
        "'methods']\ntry:\n api.cli.main()\nfinally:\n import os; print(*(os.environ[n] for n in "
    )
    code += "('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS')))"
    environment = {k: v for k, v in os.environ.items() if k not in unset} | given
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True,
                          text=True, check=True)  # fmt: skip
    assert done.stdout.splitlines()[-1] == f"1 {threads}"
