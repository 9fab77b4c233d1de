"""How tasks and devices look in a notebook: pure folds of the protocol's types into HTML and text."""
