"""The page at ``/``: plain files of the package, compressed, and asked for anew by browsers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).parents[1] / "web"
MIN_GZIP_BYTES = 500
_REVALIDATED = {"Cache-Control": "no-cache"}
"""A browser keeps the files, but asks each time whether they changed, as they do with docagent."""


class PageFiles(StaticFiles):
    """Files that a browser asks about each time."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        response = super().file_response(*args, **options)
        response.headers.update(_REVALIDATED)
        return response


def add_page(app: FastAPI) -> None:
    """Serve the page at ``/`` and its files below ``/static``. Nothing secret is in them, so that
    compression gives nothing away; what the API answers is not compressed."""
    files = PageFiles(directory=FOLDER / "static")
    app.mount("/static", GZipMiddleware(files, minimum_size=MIN_GZIP_BYTES), name="static")
    app.add_route("/", _index, methods=["GET"], include_in_schema=False)


async def _index(request: Request) -> FileResponse:
    return FileResponse(FOLDER / "index.html", headers=_REVALIDATED)
