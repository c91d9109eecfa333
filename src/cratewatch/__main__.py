"""``python -m cratewatch`` is the command ``cratewatch``."""

from cratewatch.commands.app import main

main()
