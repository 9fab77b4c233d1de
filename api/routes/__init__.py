"""REST, one blueprint per noun."""

from api.routes import auth, cloud, devices, files, health, pages, subtasks, tasks, tokens

BLUEPRINTS = (
    health.blueprint,
    auth.blueprint,
    tokens.blueprint,
    devices.blueprint,
    cloud.blueprint,
    tasks.blueprint,
    subtasks.blueprint,
    files.blueprint,
    pages.blueprint,
)
