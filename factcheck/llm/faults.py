"""What an exception from LangChain, a provider or the network means: retry, ask again, fail the claim, or stop.

Told apart by HTTP status and by the names of exception classes along the chain of causes, so that providers whose
packages are not installed here are understood too.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal, TypeVar

from factcheck.models import FailureCode

Kind = Literal[
    "retry",  # may pass: try again later
    "rejected",  # the server does not take this request as it is: try it in another form
    "truncated",  # the answer hit the length limit
    "unusable",  # an answer came, and holds nothing: ask again
    "fail",  # this request will never be answered
    "stop",  # no request will
]

Cause = TypeVar("Cause", bound=BaseException)

TIMEOUT_RETRIES = 1  # a hanging server costs a whole deadline each time
CONNECT_RETRIES = 2

_UNREACHABLE = {"ConnectError", "ConnectTimeout", "ConnectionRefusedError", "gaierror"}
_TIMEOUT = {"TimeoutError", "APITimeoutError", "ReadTimeout", "WriteTimeout", "PoolTimeout", "ModelTimeoutError"}
_BROKEN = {"APIConnectionError", "RemoteProtocolError", "ReadError", "WriteError", "ModelConnectionError"}
_REFUSAL = {"ContentFilterFinishReasonError", "OpenAIRefusalError"}
_HOLLOW = {"IndexError", "TypeError", "KeyError", "AttributeError", "ValueError", "JSONDecodeError", "ValidationError"}
_HOLLOW |= {"APIResponseValidationError", "UnicodeDecodeError"}

_SPENT = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_balance"}
_FILTERED = {"content_filter", "content_policy_violation"}
_TOO_LONG = re.compile(
    r"context[ _](length|window|size)|maximum context|exceed_context_size|too many (input )?tokens"
    r"|(prompt|input|request) (is )?too (long|large)|input tokens exceed|reduce the length",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model\b.{0,120}\b(not found|does not exist|not exist|unknown|not available)|unknown model|no such model",
    re.IGNORECASE | re.DOTALL,
)
_BAD_OUTPUT = re.compile(  # llama.cpp (500) and Groq (400): the model wrote something, and the server cannot read it
    r"model produced output that does not match|failed to (generate|validate) json|json_validate_failed", re.IGNORECASE
)
_FORM = re.compile(r"response_format|json_schema|json_object|structured output|grammar|not supported", re.IGNORECASE)


@dataclass(frozen=True)
class Fault:
    """``code`` and ``message`` are what the caller gets if nothing helps; ``retries`` caps the setting."""

    kind: Kind
    code: FailureCode
    message: str
    status: int | None = None
    retry_after: float | None = None  # seconds
    retries: int | None = None
    about_form: bool = False  # the server objects to the way structured output was asked for
    about_model: bool = False  # the server does not know the model, or the path


def fault_of(error: BaseException, *, deadline: float) -> Fault:
    """What to do about ``error``; one that nobody foresaw fails the claim and says its type."""
    status = _status(error)
    if status is not None and status >= 400:
        return _by_status(status, error)
    chain = list(_causes(error))
    names = {base.__name__ for cause in chain for base in type(cause).__mro__}
    what = _words(error)
    if "LengthFinishReasonError" in names:
        return Fault("truncated", "truncated", "the answer hit the length limit")
    if names & _REFUSAL:
        return Fault("fail", "refused", f"the model declined to answer: {what}")
    if names & _UNREACHABLE:
        refused = next((cause for cause in reversed(chain) if isinstance(cause, OSError)), chain[0])
        return Fault("retry", "model_unreachable", f"nobody answers: {_words(refused)}", retries=CONNECT_RETRIES)
    if names & _TIMEOUT:
        return Fault("retry", "timeout", f"no complete answer within {deadline:g} s", retries=TIMEOUT_RETRIES)
    if names & _BROKEN:
        return Fault("retry", "model_error", f"the connection broke: {_words(chain[-1])}")
    if (inside := _error_inside(error)) is not None:
        return inside
    if names & _HOLLOW and "UnicodeEncodeError" not in names:
        what = f"{type(error).__name__}: {what}"
        return Fault("unusable", "malformed", f"the server's reply is not a chat completion ({what})")
    return Fault("fail", "model_error", f"unexpected {type(error).__name__}: {what}")


def _by_status(status: int, error: BaseException) -> Fault:
    words, codes = _words(error), _codes(error)
    said = f"HTTP {status}: {words}"
    about_form = bool(_FORM.search(words))
    if status == 402 or codes & _SPENT:
        return Fault("stop", "quota_exhausted", f"the provider says the account is spent ({said})", status)
    if status in (401, 403):
        return Fault("stop", "not_authorized", f"the key is missing, wrong or not allowed here ({said})", status)
    if status == 404 or (status in (400, 422) and ("model_not_found" in codes or _NO_MODEL.search(words))):
        return Fault("stop", "model_error", said, status, about_model=True)
    if status == 413 or "context_length_exceeded" in codes or (status in (400, 422) and _TOO_LONG.search(words)):
        return Fault("fail", "context_overflow", f"the request is longer than the model reads ({said})", status)
    if codes & _FILTERED:
        return Fault("fail", "refused", f"the provider declined the request ({said})", status)
    if status in (400, 500) and ("json_validate_failed" in codes or _BAD_OUTPUT.search(words)):
        return Fault("unusable", "malformed", f"the model's output was not JSON of the right shape ({said})", status)
    if status == 429:
        return Fault("retry", "rate_limited", f"rate limited ({said})", status, _retry_after(error))
    if status in (408, 409, 425) or status >= 500:
        return Fault("retry", "model_error", said, status, _retry_after(error), about_form=about_form)
    return Fault("rejected", "model_error", said, status, about_form=about_form)


def _error_inside(error: BaseException) -> Fault | None:
    """Some gateways answer 200 with an error inside.

    LangChain raises it as ValueError(the error object) or stumbles over what is missing and attaches the response.
    """
    inside = error.args[0] if isinstance(error, ValueError) and error.args else _body(error).get("error")
    if not isinstance(inside, dict):
        return None
    code = inside.get("code")
    status = int(code) if isinstance(code, int | str) and str(code).isdecimal() else 0
    carried = Exception(str(inside.get("message", inside)))
    carried.body = inside  # type: ignore[attr-defined]
    if 400 <= status < 600:
        return _by_status(status, carried)
    return Fault("retry", "model_error", f"the server answered with an error: {_words(carried)}")


def _status(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _body(error: BaseException) -> dict[str, Any]:
    response = getattr(error, "response", None)
    try:
        body = response.json() if response is not None else None
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def cause_in(error: BaseException, kind: type[Cause]) -> Cause | None:
    """The error of this kind that ``error`` is, or was made of, if any."""
    return next((cause for cause in _causes(error) if isinstance(cause, kind)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _words(error: BaseException) -> str:
    said = _error_object(error).get("message") or getattr(error, "message", None)
    words = str(said if isinstance(said, str) and said else error) or type(error).__name__
    return re.sub(r"^Error code: \d+ - ", "", words)


def _codes(error: BaseException) -> set[str]:
    said = _error_object(error)
    return {str(said[name]) for name in ("code", "type", "param") if said.get(name)}


def _error_object(error: BaseException) -> dict[str, Any]:
    """The ``error`` of the body a server sent; OpenAI's client has taken it out of the body already."""
    body = getattr(error, "body", None)
    inside = body.get("error", body) if isinstance(body, dict) else None
    return inside if isinstance(inside, dict) else {}


def _retry_after(error: BaseException) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None)
    return retry_after(headers, now=time.time()) if headers is not None else None


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds the server asks us to wait, from ``retry-after-ms`` or ``Retry-After`` (seconds or an HTTP date).

    A date is measured against the server's own clock where it says the time, else against ``now`` (Unix seconds).
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return max(0.0, milliseconds / 1000)
    told = headers.get("retry-after")
    if (seconds := _number(told)) is not None:
        return max(0.0, seconds)
    if (moment := _moment(told)) is None:
        return None
    reference = _moment(headers.get("date"))
    return max(0.0, moment - (now if reference is None else reference))


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number


def _moment(value: str | None) -> float | None:
    if not value:
        return None
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None


def scrub(words: str, secrets: tuple[str, ...]) -> str:
    """``words`` on one line, at most 400 characters, without keys: ours, and whatever else looks like one."""
    for secret in secrets:
        words = words.replace(secret, "[key]")
    words = re.sub(r"(?i)\b(sk|rk|pk|key)-[\w*.-]{6,}|\bbearer\s+[\w.~+/=-]{6,}", "[key]", words)
    words = " ".join("".join(char if char.isprintable() else " " for char in words).split())
    return words if len(words) <= 400 else words[:399] + "…"
