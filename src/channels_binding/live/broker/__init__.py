"""What processes tell each other: publishing, listening, and noticing that something was missed."""
