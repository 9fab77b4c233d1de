"""What `/metrics` counts (Prometheus)."""

from prometheus_client import Counter, Gauge

DEVICES = Gauge("wegent_device_sockets", "Device sockets that this process serves.")
VIEWERS = Gauge("wegent_chat_sockets", "Chat sockets that this process serves.")
FOLLOWERS = Gauge("wegent_followers", "Subscriptions to a subtask's output that this process serves.")
EVENTS_IN = Counter("wegent_events_received", "Output events received from devices.")
FRAMES_OUT = Counter("wegent_chunks_sent", "Pieces of output sent to viewers.")
OFFERS = Counter("wegent_offers", "Subtasks offered to devices.")
EPOCHS = Counter("wegent_epochs", "Times that Redis was found flushed or restarted.")
