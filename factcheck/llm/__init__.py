"""The LLM seam: LangChain behind ``protocols.ChatModel``, with our own retries, deadline, budget and kept replies.

Importing this takes seconds (LangChain); import it where a model is about to be asked, not before.
"""

from factcheck.llm.chat import LangChainChat
from factcheck.llm.connect import DEFAULT_MODEL, connect

__all__ = ["DEFAULT_MODEL", "LangChainChat", "connect"]
