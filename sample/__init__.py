"""The help desk of a made-up company, written to SQLite together with the truth about everything planted in it."""
