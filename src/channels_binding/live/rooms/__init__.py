"""Who is at which row, or in which room: of this process's connections, and as other processes say."""
