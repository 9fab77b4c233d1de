"""REST, one blueprint per noun."""

from api.routes import auth, cloud, device_codes, devices, docs, files, health, page, subtasks, tasks, tokens

BLUEPRINTS = (
    health.blueprint,
    auth.blueprint,
    device_codes.blueprint,
    tokens.blueprint,
    devices.blueprint,
    cloud.blueprint,
    tasks.blueprint,
    subtasks.blueprint,
    files.blueprint,
    docs.blueprint,
    page.blueprint,
)
