"""What the processes of ``bench.running`` import before they are forked, so that each begins at once."""

import factcheck.cli
import factcheck.engine
import factcheck.llm
import factcheck.report.schema
import factcheck.retrieve.search
import factcheck.retrieve.store
import factcheck.split.llm
import factcheck.verdict.llm  # noqa: F401
