"""The laws, one file per family; each ends with RULES = (...)."""
