"""The command line. A user's mistake is one line on stderr and exit status 2."""

from collections.abc import Sequence

import click

from sentiment.cli.commands import cli
from sentiment.errors import SentimentError, on_one_line


def main(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit status: 0, or 2 for a user's mistake."""
    try:
        cli.main(args=list(arguments), prog_name="python -m sentiment", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 2
    except click.ClickException as error:
        return _mistake(error.format_message())
    except SentimentError as error:
        return _mistake(str(error))
    except OSError as error:
        return _mistake(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return 130
    return 0


def _mistake(message: str) -> int:
    click.echo(f"Error: {on_one_line(message)}", err=True)
    return 2
