"""Vision-language models: the seam is LangChain's ``BaseChatModel``.

``connection`` loads the model that the settings name, ``client`` calls an OpenAI-compatible server
such as vLLM's, ``scripted`` answers from a script in tests, ``calls`` retries, bounds and records
the calls of a task. LangChain is imported only when one is used.
"""
