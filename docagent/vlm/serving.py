"""Starting vLLM's server with flags that are safe and right for docagent.

Written for vLLM 0.32. The server answers on the loopback interface, fetches nothing, runs no code
that comes with a model, and reports to nobody.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from docagent.errors import MissingExtraError, SettingsError, VlmError

DEFAULT_MODEL = "Qwen/Qwen3-VL-4B-Instruct"
"""Small, reads documents well, takes LoRA adapters in vLLM, and its licence is Apache-2.0."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM takes as the largest rank of its adapters."""
UNKNOWN_RANK = 64
"""For adapters that are downloaded, whose rank is not known yet."""
NOWHERE = "media.invalid"
"""The only domain that media may come from: a name that can never exist (RFC 2606)."""
STREAMED_TOKENS = 8
"""Tokens to an event of the stream; with one each, server and client spend their time on events."""
CPU_BLOCK = 32
"""Tokens of a block of the cache. Only whole blocks are used again, and vLLM's own 128 on
processors is a third of the prompt of a short page."""
STOP_SECONDS = 10.0
TOOL_PARSERS = (
    (r"qwen3-vl", "hermes"),
    (r"qwen3\.[5-9]", "qwen3_coder"),
    (r"qwen(2\.5|3)-\d", "hermes"),
    (r"gemma-4", "gemma4"),
)
"""Names of models, and vLLM's parser of the tool calls they write. Not Qwen2-VL and Qwen2.5-VL:
their chat template with pictures has no tools, and the one with tools no pictures."""


@dataclass(frozen=True)
class ServeOptions:
    """What to serve and how.

    model: a name on the Hugging Face hub, or a folder. name: what clients call it. adapters:
    names and folders of LoRA adapters. host, port: where it listens. cpu: no GPU is used.
    dtype: vLLM's, or auto. max_model_len: tokens of prompt and answer together. max_num_seqs:
    requests worked on side by side. images: most of a request. api_key: empty for none.
    tools: vLLM's parser of tool calls; empty for none, None for the one that the model's name
    tells. extra: further arguments, passed on as they are.
    """

    model: str = DEFAULT_MODEL
    name: str = "docagent"
    adapters: tuple[tuple[str, str], ...] = ()
    host: str = "127.0.0.1"
    port: int = 8000
    cpu: bool = False
    dtype: str = "auto"
    max_model_len: int = 16_384
    max_num_seqs: int = 16
    images: int = 4
    api_key: str = ""
    tools: str | None = None
    extra: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Base of the server's API, for ``vlm.url``."""
        return f"http://{self.host}:{self.port}/v1"

    @property
    def tool_parser(self) -> str:
        """The parser of tool calls to serve with; empty for none."""
        return find_tool_parser(self.model) if self.tools is None else self.tools


def serve_arguments(options: ServeOptions) -> list[str]:
    """Arguments of the command ``vllm``. Raises SettingsError for what is unsafe or missing.

    The key is not among them, as others on the machine can see them: see ``serve_environment``.
    """
    _check(options)
    structured = {"backend": "xgrammar", "disable_any_whitespace": True}
    arguments = ["serve", options.model, "--served-model-name", options.name]
    arguments += ["--host", options.host, "--port", str(options.port)]
    arguments += ["--dtype", options.dtype, "--max-model-len", str(options.max_model_len)]
    arguments += ["--max-num-seqs", str(options.max_num_seqs)]
    arguments += ["--limit-mm-per-prompt", json.dumps({"image": options.images, "video": 0})]
    # Without it a weak model fills its answers with white space between the tokens of JSON.
    arguments += ["--structured-outputs-config", json.dumps(structured)]
    arguments += ["--allowed-media-domains", NOWHERE]
    arguments += ["--no-trust-remote-code", "--enable-prefix-caching"]
    arguments += ["--stream-interval", str(STREAMED_TOKENS)]
    # A model's own sampling defaults would otherwise be mixed with what docagent asks for.
    arguments += ["--generation-config", "vllm", "--disable-uvicorn-access-log"]
    if options.tool_parser:
        arguments += ["--enable-auto-tool-choice", "--tool-call-parser", options.tool_parser]
    if options.cpu:
        arguments += ["--enforce-eager", "--block-size", str(CPU_BLOCK)]
    if options.adapters:
        arguments += ["--enable-lora", "--max-lora-rank", str(_largest_rank(options))]
        arguments += ["--max-loras", str(len(options.adapters)), "--lora-modules"]
        arguments += [f"{name}={folder}" for name, folder in options.adapters]
    return [*arguments, *options.extra]


def serve_environment(options: ServeOptions) -> dict[str, str]:
    """Variables to set for the command; the key is one of them if there is one."""
    variables = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    variables["VLLM_MEDIA_URL_ALLOW_REDIRECTS"] = "0"
    if options.cpu:
        variables |= {"VLLM_TARGET_DEVICE": "cpu", "VLLM_CPU_KVCACHE_SPACE": "1"}
    if options.api_key:
        variables["VLLM_API_KEY"] = options.api_key
    return variables


def find_tool_parser(model: str) -> str:
    """vLLM's parser of the tool calls of a model, by its name or that of its folder; empty if it
    is none of those known."""
    name = Path(model).name.lower()
    return next((parser for known, parser in TOOL_PARSERS if re.match(known, name)), "")


def find_vllm(environ: Mapping[str, str]) -> str:
    """The command ``vllm``, of this Python's environment or on the path. Raises
    MissingExtraError if there is none."""
    here = str(Path(sys.executable).parent)
    found = shutil.which("vllm", path=os.pathsep.join((here, environ.get("PATH", ""))))
    if found is None:
        raise MissingExtraError("docagent vlm serve", "vllm")
    return found


def has_gpu() -> bool:
    """Whether the machine shows a GPU that vLLM can use (NVIDIA's or AMD's)."""
    return any(Path(device).exists() for device in ("/dev/nvidia0", "/dev/kfd", "/dev/dxg"))


class VllmServer:
    """A server in a process group of its own, as it starts others; use it in ``with``."""

    def __init__(self, options: ServeOptions, log: IO[bytes] | None = None) -> None:
        """log: where its output goes; None for that of this process. Raises as
        ``serve_arguments`` and ``find_vllm``, and SettingsError if the port is taken."""
        self.options = options
        command = [find_vllm(os.environ), *serve_arguments(options)]
        _check_port(options)
        environ = {**os.environ, **serve_environment(options)}
        environ.pop("VLLM_SERVER_DEV_MODE", None)  # opens the door to its insides
        self.process = subprocess.Popen(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=None if log is None else subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> VllmServer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def wait_until_ready(self, seconds: float) -> None:
        """Returns when it answers. Raises VlmError if it ends before, or takes longer."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            code = self.process.poll()
            if code is not None:
                reason = f"vllm ended with status {code} before it was ready; its output says why"
                raise VlmError(reason, "connection")
            if self._is_healthy():
                return
            time.sleep(0.5)
        raise VlmError(f"vllm was not ready within {seconds:g} s", "timeout")

    def stop(self) -> None:
        """Ends the server and all it has started, gently and then not."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Ends all of it at once."""
        self._signal(signal.SIGKILL)
        self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # it has ended, and so have its children
            os.killpg(self.process.pid, number)

    def _is_healthy(self) -> bool:
        # Proxies of the environment are for other hosts than this one.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.options.url.removesuffix("v1") + "health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False


def _check(options: ServeOptions) -> None:
    if options.host not in LOOPBACK and not options.api_key:
        raise SettingsError(
            f"--host {options.host}: whoever reaches this address could use the server; give a "
            "key (DOCAGENT_VLM_API_KEY) and put a proxy in front that lets only /v1 through, as "
            "vLLM asks for the key nowhere else; or listen on 127.0.0.1"
        )
    names = [name for name, _ in options.adapters]
    if options.name in names or len(set(names)) < len(names):
        raise SettingsError(
            f"adapters {', '.join(names)}: each needs a name of its own, other than that of the "
            f"base model, {options.name}"
        )
    for argument in options.extra:
        if argument.startswith("--trust-remote-code"):
            raise SettingsError(
                "--trust-remote-code would run code that comes with the model; choose a model "
                "that vLLM knows"
            )


def _largest_rank(options: ServeOptions) -> int:
    wanted = max(_rank(name, folder) for name, folder in options.adapters)
    fitting = [rank for rank in RANKS if rank >= wanted]
    if not fitting:
        raise SettingsError(f"an adapter has rank {wanted}; vLLM takes {RANKS[-1]} at most")
    return fitting[0]


def _rank(name: str, folder: str) -> int:
    """The rank an adapter's configuration tells. A hub name has to be of the form OWNER/NAME."""
    path = Path(folder) / "adapter_config.json"
    if path.is_file():
        try:
            return int(json.loads(path.read_text("utf-8"))["r"])
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsError(f"{path}: no configuration of a LoRA adapter: {error}") from error
    if not Path(folder).exists() and folder.count("/") == 1 and folder[0] not in "./~":
        return UNKNOWN_RANK
    raise SettingsError(
        f"--adapter {name}={folder}: there is no adapter_config.json; give the folder of a LoRA "
        "adapter as PEFT saves it, or OWNER/NAME on the Hugging Face hub"
    )


def _check_port(options: ServeOptions) -> None:
    """Another server on this port would be taken for ours."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((options.host, options.port))
        except OSError as error:
            raise SettingsError(
                f"port {options.port} of {options.host} cannot be used ({error.strerror}); give "
                "another --port"
            ) from error
