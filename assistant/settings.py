"""Settings: a flag wins over ASSISTANT_* in the environment, that over assistant.toml, that over the default."""

from __future__ import annotations

import re
from importlib import metadata
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from assistant.errors import UsageError

_PREFIX = "ASSISTANT_"
_ADDRESS = re.compile(r"https?://[^\s/@?#]+(?:/[^\s?#]*)?")
_CALL = re.compile(r"/+(?:(?:chat/)?completions|models|embeddings)?/*$")
_DEVICE = re.compile(r"auto|cpu|mps|(cuda|xpu)(:\d+)?")

Quantize = Literal["no", "auto", "8", "4"]
"""In how many bits weights are kept or used: as they are, as few as the device profits from, 8 or 4."""

PROGRAM_VERSION = metadata.version("abstract-assistant")
"""The program's version."""


class Settings(BaseSettings):
    """What a person may choose. Unknown names in assistant.toml are errors, so that a misspelling is seen."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_ignore_empty=True, toml_file="assistant.toml", extra="forbid", frozen=True
    )

    library: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("abstract-assistant", appauthor=False)) / "library",
        description="Folder of the library.",
    )
    models: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("abstract-assistant", appauthor=False)) / "models",
        description="Folder where fetched and prepared models are kept.",
    )
    model: str = Field(default="", description="Chat model: a known name, a folder or a hub id. Default: by device.")
    device: str = Field(default="auto", description="Where both models run: auto, cpu, cuda, cuda:1, mps or xpu.")
    quantize: Quantize = Field(
        default="no",
        description="Fewer bits for the chat model's weights: no, 8, 4, or auto, where the device profits. On a CPU 8 "
        "writes answers in 8-bit integers.",
    )
    judge: Literal["auto", "writer"] = Field(
        default="auto",
        description="Which model reads requests and judges answers: auto takes the chat model for every machine, where "
        "it was fetched, beside a larger one without probes or one behind a server; writer the one that writes.",
    )
    embedder: str = Field(default="", description="Embedding model: a known name, a folder or a hub id.")
    llm_url: str = Field(
        default="",
        description="Address of an OpenAI-compatible server whose model writes the answers, in place of a local one.",
    )
    llm_model: str = Field(default="", description="The model there; needed where the server has several.")
    llm_key_env: str = Field(default="", description="Environment variable that holds the key of that server.")
    llm_at_once: int = Field(default=8, ge=1, le=256, description="How many answers that server writes at once.")
    embed_url: str = Field(
        default="",
        description="Address of an OpenAI-compatible server that embeds, in place of a local model.",
    )
    embed_model: str = Field(default="", description="The model there; needed where the server has several.")
    embed_key_env: str = Field(default="", description="Environment variable that holds the key of that server.")
    chroma_url: str = Field(
        default="",
        pattern=r"^$|^https?://[^\s/@]+/?$",
        description="Address of a Chroma server that keeps the vector index, instead of a folder of the library.",
    )
    chroma_header: SecretStr = Field(
        default=SecretStr(""), description="Header that the Chroma server asks for, as in “X-Chroma-Token: secret”."
    )
    sources: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("abstract-assistant", appauthor=False)) / "sources",
        description="Folder where answers of arXiv, OpenAlex and Semantic Scholar are kept for a week.",
    )
    contact: str = Field(default="", description="Your mail address, for the operators of those services.")
    openalex_key: SecretStr = Field(default=SecretStr(""), description="Key for OpenAlex, which is free.")
    semantic_scholar_key: SecretStr = Field(default=SecretStr(""), description="Key for Semantic Scholar.")
    arxiv_url: str = Field(default="", description="Address of another arXiv API.")
    openalex_url: str = Field(default="", description="Address of another OpenAlex API.")
    semantic_scholar_url: str = Field(default="", description="Address of another Semantic Scholar API.")
    zotero_url: str = Field(default="", description="Address on this machine at which Zotero's local API answers.")
    passages: int = Field(default=4, ge=1, le=50, description="How many abstracts the model reads for one answer.")
    prompt_tokens: int = Field(
        default=3000, ge=512, le=100_000, description="Longest prompt in tokens; sources beyond it are cut."
    )
    sureness: float = Field(
        default=0.4, ge=0, le=1, description="How likely it must be, from 0 to 1, that an abstract states the answer."
    )
    read_ahead: bool = Field(
        default=True, description="Whether the model reads papers ahead of questions while the page is open and idle."
    )
    calls_per_minute: int = Field(
        default=60, ge=1, le=10_000, description="How many questions and other long requests a user may send a minute."
    )
    upload_per_day: int = Field(
        default=1000, ge=1, le=1_000_000, description="How many megabytes a user may upload a day."
    )
    server: bool = Field(
        default=True, description="Whether a running server of the library runs commands, so that they start at once."
    )
    idle_minutes: float = Field(
        default=30, gt=0, description="Minutes without a command after which a server in the background ends."
    )
    answer_tokens: int = Field(default=320, ge=16, le=4096, description="Longest answer in tokens.")

    @field_validator("llm_url", "embed_url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        if url and not _ADDRESS.fullmatch(url):
            raise ValueError("write the address as http://127.0.0.1:11434, without a user, ? or #")
        _ = urlsplit(url).port  # raises where it or the host is none
        return url

    @field_validator("device")
    @classmethod
    def _named_as_pytorch_does(cls, device: str) -> str:
        if not _DEVICE.fullmatch(device):
            raise ValueError(
                f"{device!r} is no device: choose auto, cpu, cuda, mps or xpu, or one of several as cuda:1"
            )
        return device

    @field_validator("quantize", mode="before")
    @classmethod
    def _as_word(cls, quantize: Any) -> Any:
        """Take a number, and true and false for auto and no."""
        word = str(quantize).lower()
        return {"true": "auto", "false": "no"}.get(word, word)

    @field_validator("library", "models", "sources")
    @classmethod
    def _at_home(cls, folder: Path) -> Path:
        """Read a leading ~ as the person's own folder, as a shell does before a flag reaches this program."""
        try:
            return folder.expanduser()
        except RuntimeError as error:
            raise ValueError(f"{folder} names a person whose folder is not known") from error

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: flags, environment, file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(**flags: Any) -> Settings:
    """Read the settings; flags that are None were not given. Raises UsageError naming each wrong setting."""
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise UsageError(
            f"A setting is wrong: {wrong}. Settings come from flags, {_PREFIX}* variables and assistant.toml here."
        ) from error
    except (ValueError, OSError) as error:
        raise UsageError(f"assistant.toml in this folder cannot be read: {error}.") from error


def other_host(url: str) -> str:
    """Return the name of the machine that an address leads to, "" for this one and for no address."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return ""
    try:
        number = ip_address(host)
    except ValueError:
        return host
    number = getattr(number, "ipv4_mapped", None) or number
    return "" if number.is_loopback or number.is_unspecified else host


def api_address(url: str) -> str:
    """Return what the addresses of all calls to an OpenAI-compatible server begin with: /v1 where nothing else is said.

    The address of one call is taken for that of the server.
    """
    url = _CALL.sub("", url)
    return url if urlsplit(url).path else f"{url}/v1"
