"""List and read documents: folders, globs, single files, JSON lines."""
