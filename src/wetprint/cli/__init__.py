"""The command line: one file a subcommand; each parses, calls one function, and prints."""
