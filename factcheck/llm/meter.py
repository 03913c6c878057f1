"""Counts what the model was asked and answered, prices it where a price is known, and holds the budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from factcheck.errors import ModelUnavailable
from factcheck.models import StageUsage

End = Literal["answered", "lost", "refused", "unsent"]
Price = Callable[["Tokens"], float]

_CHARS_PER_TOKEN = 3  # of a guess used for the budget only; most text has four or more
_FIRST_GUESS = 1000  # tokens of an answer, before any was seen

_PROVIDERS = {"google_genai": "google", "google_vertexai": "google", "mistralai": "mistral", "xai": "x-ai"}


@dataclass(frozen=True)
class Tokens:
    input: int
    output: int
    cache_read: int = 0

    @property
    def total(self) -> int:
        return self.input + self.output


def tokens_of(usage: Any) -> Tokens | None:
    """Tokens from LangChain's ``usage_metadata`` or OpenAI's ``usage``; None where the server did not say."""
    if usage is None:
        return None
    named = usage if isinstance(usage, dict) else usage.model_dump()
    given = _first(named, "input_tokens", "prompt_tokens")
    made = _first(named, "output_tokens", "completion_tokens")
    details = named.get("input_token_details") or named.get("prompt_tokens_details") or {}
    if given is None or made is None or given + made == 0:
        return None
    return Tokens(given, made, min(given, _first(details, "cache_read", "cached_tokens") or 0))


def _first(named: dict[str, Any], *names: str) -> int | None:
    return next((named[n] for n in names if isinstance(named.get(n), int) and named[n] >= 0), None)


def price_of(provider: str, model: str, base_url: str | None) -> Price | None:
    """The list price of a model in US dollars, from the tables shipped with genai-prices; None where unknown.

    ``base_url`` identifies the seller of an OpenAI-compatible address, so a local server has no price.
    """
    from genai_prices import Usage, calc_price

    seller: dict[str, Any] = (
        {"provider_id": _PROVIDERS.get(provider, provider)} if base_url is None else {"provider_api_url": base_url}
    )

    def price(tokens: Tokens) -> float:
        usage = Usage(
            input_tokens=tokens.input, output_tokens=tokens.output, cache_read_tokens=tokens.cache_read or None
        )
        return float(calc_price(usage, model, **seller).total_price)

    try:
        price(Tokens(1000, 1000))
    except LookupError:
        return None
    return price


@dataclass
class _Stage:
    calls: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass
class Account:
    """What was asked and answered, by stage, and what it cost: of a run, or of one document in it."""

    price: Price | None = None
    silent: int = 0  # answers whose server did not say how many tokens they took
    lost: int = 0  # calls that ended without an answer, on which the model may have worked all the same
    spent: float = 0.0  # US dollars, as far as known
    _stages: dict[str, _Stage] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        """Requests sent, retries too."""
        return sum(stage.calls for stage in self._stages.values())

    def sent(self, stage: str) -> None:
        self._of(stage).calls += 1

    def took(self, stage: str, tokens: Tokens | None, end: End) -> None:
        """What a request took; ``tokens`` is None where the server did not say. One that was never sent is no call."""
        if end == "unsent":
            self._of(stage).calls -= 1
            return
        if tokens is None:
            self.silent += end == "answered"
            self.lost += end == "lost"
            return
        of = self._of(stage)
        of.input_tokens += tokens.input
        of.output_tokens += tokens.output
        self.spent += self.price(tokens) if self.price is not None else 0.0

    def kept(self, stage: str) -> None:
        """Counts an answer that cost nothing."""
        self._of(stage).cached += 1

    def usage(self) -> dict[str, StageUsage]:
        return {
            name: StageUsage(
                calls=of.calls, cached=of.cached, input_tokens=of.input_tokens, output_tokens=of.output_tokens
            )
            for name, of in self._stages.items()
        }

    def cost(self) -> float | None:
        """US dollars; 0 where nothing was asked, None where the price or a token count is unknown."""
        if self.calls == 0:
            return 0.0
        if self.price is None or self.silent:
            return None
        return round(self.spent, 6)

    def notes(self) -> tuple[str, ...]:
        """What is missing from the account, one line each."""
        missing = {
            "answers without a token count": self.silent,
            "calls that ended without an answer": self.lost,
        }
        return tuple(f"tokens and cost leave out {what}: {count}" for what, count in missing.items() if count)

    def _of(self, stage: str) -> _Stage:
        return self._stages.setdefault(stage, _Stage())


_OPEN: ContextVar[tuple[tuple[Meter, Account], ...]] = ContextVar("accounts open in this task", default=())


@dataclass
class Meter:
    """One run's account and budget. ``max_calls`` counts every request sent; ``max_cost`` is in US dollars."""

    price: Price | None = None
    max_calls: int | None = None
    max_cost: float | None = None
    total: Account = field(init=False)
    _guessed: float = 0.0  # cost of answers that came without a token count
    _held: float = 0.0  # set aside for calls under way
    _longest: int = 0

    def __post_init__(self) -> None:
        self.total = Account(self.price)

    @contextmanager
    def account(self) -> Iterator[Account]:
        """An account of what this task, and tasks started inside the context, cause from now on."""
        own = Account(self.price)
        before = _OPEN.set((*_OPEN.get(), (self, own)))
        try:
            yield own
        finally:
            _OPEN.reset(before)

    def likely(self, chars: int, max_tokens: int | None) -> Tokens:
        """What a request of so many characters will take, guessed rather high."""
        return Tokens(chars // _CHARS_PER_TOKEN + 1, max_tokens or self._longest or _FIRST_GUESS)

    def book(self, stage: str, likely: Tokens) -> float | None:
        """Counts a request about to be sent and sets its likely cost aside, which is returned for ``settle``.

        None where that depends on what calls under way turn out to cost: ask again when one has settled. Raises
        ModelUnavailable where the request could exceed the budget.
        """
        if self.max_calls is not None and self.total.calls >= self.max_calls:
            _exhausted(f"the limit of {self.max_calls} calls is reached", "--max-calls")
        cost = 0.0
        if self.max_cost is not None and self.price is not None:
            cost = self.price(likely)
            spent = self.total.spent + self._guessed
            if spent + cost > self.max_cost:
                _exhausted(f"${spent:.4f} of ${self.max_cost:g} are spent", "--max-cost")
            if spent + self._held + cost > self.max_cost:
                return None
        self._held += cost
        for account in self._accounts():
            account.sent(stage)
        return cost

    def settle(self, stage: str, booked: float, tokens: Tokens | None, end: End) -> None:
        """Replaces what ``book`` set aside by what the call took.

        Where that is not known and the model may have worked, the budget takes it to be what was set aside.
        """
        self._held -= booked
        for account in self._accounts():
            account.took(stage, tokens, end)
        if tokens is not None:
            self._longest = max(self._longest, tokens.output)
        elif end not in ("refused", "unsent"):
            self._guessed += booked

    def kept(self, stage: str) -> None:
        """Counts an answer that cost nothing."""
        for account in self._accounts():
            account.kept(stage)

    def _accounts(self) -> tuple[Account, ...]:
        return (self.total, *(account for meter, account in _OPEN.get() if meter is self))


def _exhausted(what: str, option: str) -> NoReturn:
    raise ModelUnavailable("budget_exhausted", f"{what}: raise {option} and run again; answers so far are kept")
