"""Exit status 0 if the dashboard in this container is ready; for Docker's health check, where there is no curl."""

import os
import sys
import urllib.error
import urllib.request


def is_healthy() -> bool:
    """Whether the server at $PORT says that it is ready."""
    base = os.environ.get("STREAMLIT_SERVER_BASE_URL_PATH", "").strip("/")
    address = f"http://127.0.0.1:{os.environ.get('PORT', '8501')}/{base + '/' if base else ''}_stcore/health"
    try:
        with urllib.request.urlopen(address, timeout=4) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(0 if is_healthy() else 1)
