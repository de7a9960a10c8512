"""docagent against a real vLLM server: what holds, and what it costs (``python -m eval.vllm``).

Nothing here says how well a model reads: the model may be untrained. It says that the way to it
and back is right, fast, and safe whatever the model does.
"""
