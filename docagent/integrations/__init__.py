"""docagent in other frameworks: LangChain, LlamaIndex, Haystack and Docling.

Each module needs its framework, which docagent does not install; ``langchain`` needs
``langchain-core`` alone, which is there already.
"""
