"""``docagent vlm serve``: the command it would run, and what it refuses to run."""

from __future__ import annotations

import json
import shlex
import socket
import sys

import pytest

from docagent.cli import main
from docagent.cli import vlm as command_line
from docagent.errors import MissingExtraError, SettingsError, VlmError
from docagent.vlm import serving
from docagent.vlm.serving import DEFAULT_MODEL, ServeOptions, VllmServer, serve_arguments


@pytest.fixture(autouse=True)
def a_gpu(monkeypatch):
    monkeypatch.setattr(command_line, "has_gpu", lambda: True)
    monkeypatch.delenv("DOCAGENT_VLM_API_KEY", raising=False)


def adapter(folder, name, rank=8):
    path = folder / name
    path.mkdir()
    (path / "adapter_config.json").write_text(json.dumps({"r": rank}))
    return path


def printed(capsys, *arguments):
    """Variables and options of the printed command."""
    assert main(["vlm", "serve", "--dry-run", *arguments]) == 0
    words = shlex.split(capsys.readouterr().out)
    at = words.index("vllm")
    variables = dict(word.split("=", 1) for word in words[:at])
    options: dict[str, list[str]] = {}
    for word in words[at + 3 :]:
        if word.startswith("--"):
            options[word] = []
        else:
            options[list(options)[-1]].append(word)
    return variables, words[at + 1 : at + 3], options


def test_the_command_is_safe_by_itself(capsys):
    variables, start, options = printed(capsys)
    assert start == ["serve", DEFAULT_MODEL]
    assert options["--host"] == ["127.0.0.1"]
    assert options["--served-model-name"] == ["docagent"]
    assert "--no-trust-remote-code" in options
    assert options["--allowed-media-domains"] == ["media.invalid"]
    assert json.loads(options["--limit-mm-per-prompt"][0]) == {"image": 4, "video": 0}
    structured = json.loads(options["--structured-outputs-config"][0])
    assert structured == {"backend": "xgrammar", "disable_any_whitespace": True}
    assert "--enable-lora" not in options
    assert "--enforce-eager" not in options
    assert variables["VLLM_NO_USAGE_STATS"] == "1"
    assert variables["VLLM_MEDIA_URL_ALLOW_REDIRECTS"] == "0"
    assert "VLLM_TARGET_DEVICE" not in variables


def test_adapters_are_served_by_name_with_room_for_their_rank(capsys, tmp_path):
    small, large = adapter(tmp_path, "small"), adapter(tmp_path, "large", rank=20)
    given = ["--adapter", f"finance={small}", "--adapter", f"legal={large}"]
    _, _, options = printed(capsys, *given)
    assert options["--lora-modules"] == [f"finance={small}", f"legal={large}"]
    assert options["--max-lora-rank"] == ["32"]
    assert options["--max-loras"] == ["2"]
    _, _, options = printed(capsys, "--adapter", "legal=someone/an-adapter")
    assert options["--max-lora-rank"] == ["64"]


def test_without_a_gpu_it_serves_on_the_processor(capsys, monkeypatch):
    monkeypatch.setattr(command_line, "has_gpu", lambda: False)
    variables, _, options = printed(capsys)
    assert variables["VLLM_TARGET_DEVICE"] == "cpu"
    assert "--enforce-eager" in options
    assert options["--block-size"] == ["32"]
    assert main(["vlm", "serve", "--device", "gpu", "--dry-run"]) == 2


def test_further_arguments_are_passed_on(capsys):
    _, start, options = printed(
        capsys, "--model", "a/b", "--max-model-len", "4096", "--", "--tensor-parallel-size", "2"
    )
    assert start == ["serve", "a/b"]
    assert options["--max-model-len"] == ["4096"]
    assert options["--tensor-parallel-size"] == ["2"]


@pytest.mark.parametrize(
    ("model", "parser"),
    [
        ("Qwen/Qwen3-VL-4B-Instruct", "hermes"),
        ("models/qwen3-vl-8b-merged/", "hermes"),
        ("Qwen/Qwen3.5-9B", "qwen3_coder"),
        ("Qwen/Qwen2.5-7B-Instruct", "hermes"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", ""),
        ("llava-hf/llava-v1.6-mistral-7b-hf", ""),
        ("someone/not-qwen3-vl", ""),
    ],
)
def test_tool_calls_are_parsed_as_the_model_writes_them(capsys, model, parser):
    _, _, options = printed(capsys, "--model", model)
    assert options.get("--tool-call-parser", [""]) == [parser]
    assert ("--enable-auto-tool-choice" in options) == bool(parser)


def test_a_parser_of_tool_calls_can_be_named_or_left_out(capsys):
    _, _, options = printed(capsys, "--model", "a/b", "--tools", "pythonic")
    assert options["--tool-call-parser"] == ["pythonic"]
    _, _, options = printed(capsys, "--tools", "none")
    assert "--enable-auto-tool-choice" not in options


def test_the_key_goes_to_the_server_and_is_never_printed(capsys, monkeypatch):
    monkeypatch.setenv("DOCAGENT_VLM_API_KEY", "very-secret")
    assert main(["vlm", "serve", "--dry-run", "--host", "0.0.0.0"]) == 0
    told = capsys.readouterr().out
    assert "very-secret" not in told
    assert 'VLLM_API_KEY="$DOCAGENT_VLM_API_KEY"' in told
    assert serving.serve_environment(ServeOptions(api_key="k"))["VLLM_API_KEY"] == "k"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (ServeOptions(host="0.0.0.0"), "whoever reaches this address"),
        (ServeOptions(extra=("--trust-remote-code",)), "run code that comes with the model"),
        (ServeOptions(adapters=(("docagent", "a/b"),)), "a name of its own"),
        (ServeOptions(adapters=(("x", "a/b"), ("x", "c/d"))), "a name of its own"),
        (ServeOptions(adapters=(("x", "./nowhere"),)), "no adapter_config.json"),
    ],
)
def test_what_is_unsafe_or_missing_is_refused(options, reason):
    with pytest.raises(SettingsError, match=reason):
        serve_arguments(options)


def test_configurations_of_adapters_are_checked(tmp_path):
    broken = adapter(tmp_path, "broken")
    (broken / "adapter_config.json").write_text("{}")
    with pytest.raises(SettingsError, match="no configuration of a LoRA adapter"):
        serve_arguments(ServeOptions(adapters=(("x", str(broken)),)))
    huge = adapter(tmp_path, "huge", rank=4096)
    with pytest.raises(SettingsError, match="rank 4096"):
        serve_arguments(ServeOptions(adapters=(("x", str(huge)),)))
    assert main(["vlm", "serve", "--dry-run", "--adapter", "finance"]) == 2


def test_without_vllm_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingExtraError, match=r"pip install .\.\[vllm\]"):
        VllmServer(ServeOptions())


def stand_in(folder, script):
    """A command ``vllm`` that is a shell script."""
    path = folder / "vllm"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_server_that_ends_early_or_never_starts_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port}"):
            stand_in(tmp_path, "exit 0")
            VllmServer(ServeOptions(port=port))
    stand_in(tmp_path, "exit 3")
    ended = pytest.raises(VlmError, match="status 3")
    with VllmServer(ServeOptions(port=port)) as server, ended:
        server.wait_until_ready(10)
    stand_in(tmp_path, "sleep 60 & wait")
    late = pytest.raises(VlmError, match=r"not ready within 0\.6")
    with VllmServer(ServeOptions(port=port)) as server, late:
        server.wait_until_ready(0.6)
    assert server.process.poll() is not None
