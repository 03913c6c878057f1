"""Settings, read once: arguments, then ``FACTCHECK_*``, ``factcheck.toml``, ``[tool.factcheck]`` of pyproject.toml."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_cache_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    PyprojectTomlConfigSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from factcheck.errors import ConfigError

EFFORT = frozenset(
    {
        "concurrency",
        "deadline_s",
        "retries",
        "patience_s",
        "requests_per_minute",
        "tokens_per_minute",
        "max_calls",
        "max_cost",
        "cache",
    }
)  # settings that decide when and whether an answer comes, not which


class Settings(BaseSettings):
    """Everything a user can set. A misspelt name in a file or argument is an error."""

    model_config = SettingsConfigDict(
        env_prefix="FACTCHECK_",
        env_ignore_empty=True,
        toml_file="factcheck.toml",
        pyproject_toml_table_header=("tool", "factcheck"),
        extra="forbid",
        populate_by_name=True,
        frozen=True,
    )

    engine: Literal["auto", "llm", "local"] = "auto"
    model: str | None = Field(None, description="provider:name, as LangChain's init_chat_model reads it")
    base_url: str | None = Field(None, validation_alias=AliasChoices("FACTCHECK_BASE_URL", "OPENAI_BASE_URL"))
    api_key: SecretStr | None = Field(None, validation_alias=AliasChoices("FACTCHECK_API_KEY", "OPENAI_API_KEY"))
    store: str | None = Field(None, description="folder of a store, or http://host:port of a Chroma server")
    embedder: str = Field("minilm", description="minilm (embedded), or openai:NAME for an embeddings endpoint")
    as_of: date | None = None
    passages: int = Field(5, ge=1, le=50, description="passages shown to the judge for one claim")
    window: int = Field(24, ge=1, le=200, description="sentences in one splitting call")
    concurrency: int = Field(16, ge=1, le=1000)
    deadline_s: float = Field(120.0, gt=0, description="overall limit for one answer, retries not counted")
    retries: int = Field(5, ge=0, le=20)
    requests_per_minute: int | None = Field(None, ge=1, description="sent to the model at most; unset: as it answers")
    tokens_per_minute: int | None = Field(None, ge=1, description="read and written by the model, estimated beforehand")
    patience_s: float = Field(0.0, ge=0, description="wait so long for a model or store that answers nobody at all")
    max_tokens: int | None = Field(None, ge=1, description="of one answer; unset leaves it to the server")
    max_calls: int | None = Field(None, ge=0)
    max_cost: float | None = Field(None, ge=0, description="US dollars")
    withhold: bool = Field(True, description="local engine: give no label that is less sure than measured to be right")
    second_opinion: bool = Field(False, description="the embedded model looks at each LLM verdict's citations too")
    cache: bool = Field(True, description="keep validated replies and answer the same request from them")
    cache_dir: Path = Field(default_factory=lambda: user_cache_path("factcheck"))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls),
            PyprojectTomlConfigSettingsSource(settings_cls),
        )


def load(**given: Any) -> Settings:
    """The settings in force; None in ``given`` counts as not given. Raises ConfigError naming each bad field."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise ConfigError(f"settings: {'; '.join(map(_problem, error.errors()))}") from error
    except ValueError as error:  # not TOML, or not UTF-8
        files = " or ".join(name for name in ("factcheck.toml", "pyproject.toml") if Path(name).is_file())
        raise ConfigError(f"settings: {files}: not valid TOML ({error})") from error


def _problem(error: ErrorDetails) -> str:
    name = ".".join(map(str, error["loc"])) or "settings"
    return f"{name}: {'there is no such setting' if error['type'] == 'extra_forbidden' else error['msg']}"
