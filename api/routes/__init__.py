"""REST, one blueprint per noun."""

from api.routes import auth, devices, files, health, pages, subtasks, tasks, tokens

BLUEPRINTS = (
    health.blueprint,
    auth.blueprint,
    tokens.blueprint,
    devices.blueprint,
    tasks.blueprint,
    subtasks.blueprint,
    files.blueprint,
    pages.blueprint,
)
