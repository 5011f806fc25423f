"""What is fuzzed takes its good inputs, and survives them with a few bytes changed."""

import random

import fuzz_targets
import pytest

import ingest


@pytest.mark.parametrize("name", fuzz_targets.OTHERS)
def test_what_is_fuzzed_takes_its_good_inputs_and_survives_changed_ones(tmp_path, name):
    """Atheris tries millions (`make fuzz`); this keeps each target able to find something."""
    target, rng = fuzz_targets.target_of(name, tmp_path), random.Random(3)
    for seed in target.seeds:
        target.takes(seed)
    for seed in target.seeds + target.rough:
        target.try_one(seed)
        for _ in range(40):
            changed = bytearray(seed)
            for _ in range(rng.randint(1, 4)):
                changed[rng.randrange(len(changed))] = rng.randrange(256)
            target.try_one(bytes(changed))


@pytest.mark.parametrize("name", [entry.name for entry in ingest.FORMATS])
def test_a_reader_that_is_fuzzed_takes_its_good_inputs(name):
    target = fuzz_targets.reader(name)
    assert target.seeds
    for seed in target.seeds:
        target.takes(seed)
