"""Vision-language models: the seam is LangChain's ``BaseChatModel``.

``connect`` makes the model that the settings name, ``client`` speaks to an OpenAI-compatible
server such as vLLM's, ``scripted`` answers from a script in tests, ``asking`` puts a bounded
number of calls between a task and any of them. LangChain is imported only when one is used.
"""
