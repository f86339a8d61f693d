"""Makes events.bin with TensorBoard's own protocol buffers and record writer (tensorboard 2.21), and reads it back with its
EventAccumulator. Run: python make_events.py"""
import os
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "events.bin")
steps = [(1, 9.5, 1e-4, 12.25), (2, 9.25, 2e-4, 11.5), (300, 4.125, 0.5, 0.75)]
with open(path, "wb") as file:
    writer = RecordWriter(file)
    writer.write(Event(wall_time=0, step=0, file_version="brain.Event:2").SerializeToString())
    for step, loss, rate, norm in steps:
        values = [Summary.Value(tag=t, simple_value=v) for t, v in [("loss", loss), ("learning_rate", rate), ("gradient_norm", norm)]]
        writer.write(Event(wall_time=step, step=step, summary=Summary(value=values)).SerializeToString())
    writer.flush()

os.system(f"mkdir -p /tmp/events && cp {path} /tmp/events/events.out.tfevents.0.x")
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
a = EventAccumulator("/tmp/events")
a.Reload()
print([(e.step, e.value) for e in a.Scalars("loss")])
