"""The command that answers other programs over HTTP."""

from pathlib import Path

import click

from sentiment.errors import UsageError

_WAITING = 128  # connections that wait to be taken


@click.command()
@click.argument("run_dir")
@click.option("--port", type=click.IntRange(0, 65_535), default=8502, show_default=True, metavar="N", help="Port.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="0.0.0.0 for the network.")
def serve(run_dir: str, port: int, host: str) -> None:
    """Answer POST /api/predict with the model of RUN_DIR; /api/docs says how to ask.

    With the environment variable SENTIMENT_API_TOKEN, who asks must send it as a Bearer token.
    """
    import socket

    import uvicorn

    from sentiment.judging import read_rule
    from sentiment.models.device import cache_programs
    from sentiment.models.predictor import load_predictor
    from sentiment.serving.alone import make_endpoint_app, name_of, warm

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))  # before the model is loaded, so that a taken port is told at once
        except OSError as error:
            raise UsageError(
                f"Port {port} of {host} cannot be used ({error.strerror})", todo="Choose another"
            ) from error
        rule = read_rule(Path(run_dir))
        cache_programs()
        model = load_predictor(run_dir)
        warm(model, max_length=getattr(getattr(model, "model", None), "max_length", 1))
        listening.listen(_WAITING)  # so that whoever reads the next line can connect
        place = f"[{host}]" if ":" in host else host
        click.echo(f"Answering at http://{place}:{listening.getsockname()[1]}/api/predict (Ctrl+C stops it)")
        app = make_endpoint_app(model, name=name_of(run_dir), rule=rule)
        config = uvicorn.Config(app, log_level="warning", access_log=False)
        uvicorn.Server(config).run(sockets=[listening])
