"""What the processes of ``test_kill`` import before they are forked, so that each starts at once."""

import chromadb.api.client  # noqa: F401
import tantivy  # noqa: F401

import tests.fakes
import tests.retrieve.lines  # noqa: F401
