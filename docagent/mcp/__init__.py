"""docagent as a server of the Model Context Protocol (MCP, https://modelcontextprotocol.io).

Its tools are the verbs, with evidence; a viewer (an MCP App) shows the places on the pages.
"""

from docagent.mcp.server import build_server, serve_documents
from docagent.mcp.serving import serve_http, serve_stdio

__all__ = ["build_server", "serve_documents", "serve_http", "serve_stdio"]
