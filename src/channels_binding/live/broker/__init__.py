"""Messages between processes: publishing, listening, and noticing that one was lost."""
