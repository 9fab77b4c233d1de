"""The backend: REST and the two WebSockets on Quart."""
