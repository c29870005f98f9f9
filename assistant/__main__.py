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
        sys.exit(f"A package is missing or damaged: {error}.\nTo mend that: {_mending(error)}")


def _mending(error: ImportError) -> str:
    """Return the command that installs what is missing, told by what Python itself knows of packages."""
    import re
    from importlib.metadata import PackageNotFoundError, requires, version
    from shlex import join

    missing = []
    for wanted in requires("abstract-assistant") or ():
        try:
            version(re.split(r"[^\w.-]", wanted)[0])
        except PackageNotFoundError:
            missing += [] if ";" in wanted else [wanted]
    what = missing or ["--force-reinstall", "--no-deps", (error.name or "abstract-assistant").partition(".")[0]]
    return join([sys.executable, "-m", "pip", "install", *what])


if __name__ == "__main__":
    main()
