"""Live views of tasks and devices on ipywidgets. Everything is imported when it is first used."""
