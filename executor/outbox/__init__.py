"""What must outlive the executor of each subtask: output, processes, and how it ended."""
