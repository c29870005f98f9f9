"""Entry point: a running server of the library runs the command, else this process does."""

import sys


def main() -> None:
    """Run the command line; nothing heavy is imported where a server runs the command."""
    from assistant.cli import client

    code = client.run(sys.argv[1:])
    if code is not None:
        sys.exit(code)
    try:
        from assistant.cli.main import main as run_here

        run_here()
    except ImportError as error:
        missing = _missing()
        if not missing:
            raise
        sys.exit(f"A package is missing: {error}.\nTo mend that: {missing}")


def _missing() -> str:
    """Return the command that installs the packages that are missing, "" where none is."""
    import re
    from importlib.metadata import PackageNotFoundError, requires, version
    from shlex import join

    missing = []
    for wanted in requires("abstract-assistant") or ():
        try:
            version(re.split(r"[^\w.-]", wanted)[0])
        except PackageNotFoundError:
            missing += [] if ";" in wanted else [wanted]
    return join([sys.executable, "-m", "pip", "install", *missing]) if missing else ""


if __name__ == "__main__":
    main()
