"""Reading documents: files of seven formats to text whose offsets stay true."""

from factcheck.documents.dating import WrittenOn, written_on
from factcheck.documents.files import is_supported, list_documents, list_ignored
from factcheck.documents.formats import SUFFIXES
from factcheck.documents.parsed import ReadLimits
from factcheck.documents.reading import document_from_text, read_bytes, read_document

__all__ = [
    "SUFFIXES",
    "ReadLimits",
    "WrittenOn",
    "document_from_text",
    "is_supported",
    "list_documents",
    "list_ignored",
    "read_bytes",
    "read_document",
    "written_on",
]
