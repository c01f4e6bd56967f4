"""`python -m quarry`: the command line from a bare checkout."""

from quarry.cli.main import main

if __name__ == "__main__":
    main()
