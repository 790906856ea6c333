"""Every error is a sentence: each is raised here and read."""
