"""Entry point: a running server of the library runs the command, else this process does."""

import sys


def main() -> None:
    """Run the command line; nothing heavy is imported where a server runs the command."""
    from assistant.cli import client

    code = client.run(sys.argv[1:])
    if code is not None:
        sys.exit(code)
    from assistant.cli.main import main as run_here

    run_here()


if __name__ == "__main__":
    main()
