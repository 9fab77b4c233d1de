"""REST, one blueprint per noun."""
