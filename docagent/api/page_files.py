"""The page at ``/``: plain files of the package, compressed, and asked for anew by browsers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

FOLDER = Path(__file__).parents[1] / "web"
MIN_GZIP_BYTES = 500


class PageFiles(StaticFiles):
    """Files that a browser keeps, but asks the server about each time: they change with it."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = "no-cache"
        return response


def page_files() -> ASGIApp:
    """The application that serves the page. Nothing secret is in these files, so that compression
    gives nothing away; what the API answers is not compressed."""
    files = PageFiles(directory=FOLDER, html=True)
    return GZipMiddleware(files, minimum_size=MIN_GZIP_BYTES)
