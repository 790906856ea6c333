"""Why it is right: calculations checked by machine, and an index of what is not proved."""
