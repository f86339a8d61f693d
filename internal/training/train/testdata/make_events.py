"""Makes events.bin (what a model's folder has) and events_work.bin (a work folder's, with timings) with TensorBoard's own protocol
buffers and record writer (tensorboard 2.21), and reads them back with its EventAccumulator. Run: python make_events.py [FILE]; with
a FILE it only reads that one and prints what it holds."""
import os, shutil, sys, tempfile
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def read(path):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(path, os.path.join(folder, "events.out.tfevents.0.x"))
        a = EventAccumulator(folder, size_guidance={"scalars": 0})
        a.Reload()
        for tag in a.Tags()["scalars"]:
            events = a.Scalars(tag)
            print(f"{tag}: {len(events)} values, steps {events[0].step} to {events[-1].step}, last {events[-1].value:.6g}")


def step(n, values):
    values = [Summary.Value(tag=t, simple_value=v) for t, v in values]
    return Event(wall_time=n, step=n, summary=Summary(value=values)).SerializeToString()


def timing(n, seconds, checkpoint):
    return step(n, [("timing/" + t, v) for t, v in [
        ("seconds", seconds), ("data_seconds", 0.125), ("forward_backward_seconds", 1.5), ("optimizer_seconds", 0.25),
        ("validation_seconds", 0), ("checkpoint_seconds", checkpoint), ("checkpoint_share", 0), ("tokens_per_second", 512),
        ("padding_share", 0.0625), ("memory_gib", 1), ("peak_memory_gib", 1.5)]])


if len(sys.argv) > 1:
    read(sys.argv[1])
    sys.exit()
here = os.path.dirname(os.path.abspath(__file__))
head = [Event(wall_time=0, step=0, file_version="brain.Event:2").SerializeToString()]
metrics = [step(n, zip(("loss", "learning_rate", "gradient_norm"), v))
           for n, *v in [(1, 9.5, 1e-4, 12.25), (2, 9.25, 2e-4, 11.5), (3, 4.125, 0.5, 0.75)]]
validations = [step(2, [("validation/" + t, v) for t, v in [
    ("loss", 5.5), ("rouge2", 1.25), ("loss/low", 6), ("rouge2/low", 0.5), ("loss/high", 5.25), ("rouge2/high", 1.625)]])]
timings = [timing(1, 2.5, 0.5), timing(2, 2, 0)]
for name, records in [("events.bin", head + metrics + validations), ("events_work.bin", head + metrics + validations + timings)]:
    path = os.path.join(here, name)
    with open(path, "wb") as file:
        writer = RecordWriter(file)
        for r in records:
            writer.write(r)
        writer.flush()
    print(name)
    read(path)
