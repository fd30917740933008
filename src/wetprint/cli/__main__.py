"""Lets ``python -m wetprint.cli`` do what ``wetprint`` does."""

from wetprint.cli.main import main

if __name__ == "__main__":
    main()
