"""The Python client: `AsyncClient`, the synchronous `Client`, and task handles."""
