"""TensorBoard reads the event files: the numbers of metrics.jsonl, the samples, and a run that went back and on again."""

import json
import logging
import subprocess
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

saddle, runs = sys.argv[1], Path(sys.argv[2])


logging.disable(logging.WARNING)  # it tells of what it purges, as it should


def read(run):
    events = EventAccumulator(str(run), size_guidance={"scalars": 0, "images": 0})
    events.Reload()
    return events


def check(run, steps, pictures):
    events = read(run)
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    tags = events.Tags()
    columns = [name for name in rows[0] if name not in ("step", "epoch")]
    assert sorted(tag.split("/")[1] for tag in tags["scalars"]) == sorted(columns), tags["scalars"]
    for tag in tags["scalars"]:
        column = tag.split("/")[1]
        found = [(event.step, event.value) for event in events.Scalars(tag)]
        # What is not finite is null in JSON.
        expected = [(row["step"], row[column]) for row in rows if row[column] is not None]
        assert [step for step, _ in found] == steps, (tag, found)
        for (step, value), (_, wanted) in zip(found, expected):
            assert abs(value - wanted) <= 1e-6 * abs(wanted), (tag, step, value, wanted)
    images = events.Images("samples")
    assert [image.step for image in images] == pictures, images
    for image in images:
        file = (run / f"samples/step-{image.step:08}.png").read_bytes()
        assert image.encoded_image_string == file and (image.width, image.height) == size(file)
    return len(columns)


def size(png):
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


check(runs / "fashion", steps=[1, 2, 3, 4], pictures=[0, 4])

# A run of six steps goes back to its checkpoint of step 3, and on to 5: what came after 3 is forgotten.
run = runs / "events"
train = [saddle, "train", "--device", "cpu", "--out", str(run)]
first = ["fashion", "--steps", "6", "--set", "model.width=8", "--set", "training.batch=8", "--set", "output.log-every=1",
         "--set", "output.checkpoint-every=3", "--set", "output.sample-every=3"]
subprocess.run(train + first, check=True, stderr=subprocess.DEVNULL)
subprocess.run(train + ["--resume", "--from", "step-00000003", "--steps", "5"], check=True, stderr=subprocess.DEVNULL)
assert len(list(run.glob("*tfevents*"))) == 2
columns = check(run, steps=[1, 2, 3, 4, 5], pictures=[0, 3, 5])
print(f"ok events: {columns} scalars and the samples, also after going back to step 3")
