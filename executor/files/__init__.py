"""Files that come with a message, and files that go back."""
