"""All settings: environment (`GAMEFORGE_*`), then `gameforge.toml` in the working or home folder, then defaults.

The defaults are embedded: SQLite, a local folder, worker threads in the process, built-in models.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

CONFIG_FILE = "gameforge.toml"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="GAMEFORGE_", env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    home: Path = Field(
        default_factory=lambda: user_data_path("gameforge", appauthor=False),
        description="Everything that GameForge keeps lies under this folder.",
    )
    project: str = Field(default="default", description="The project (game) to work on when none is named.")

    host: str = Field(default="127.0.0.1", description="Address that `serve` listens on.")
    port: int = Field(default=7860, ge=0, le=65535, description="Port that `serve` listens on.")

    database_url: str | None = Field(default=None, description="SQLAlchemy URL; default: SQLite in the home folder.")
    broker_url: str | None = Field(
        default=None, description="Redis URL for Celery workers; default: worker threads here."
    )
    storage_url: str | None = Field(default=None, description="fsspec URL for image files; default: a folder in home.")

    storage_endpoint: str | None = Field(
        default=None, description="Endpoint URL of an S3-compatible server (MinIO, Ceph, R2); AWS when left out."
    )
    storage_key: str | None = Field(default=None, description="Access key id for s3://; else the AWS settings' own.")
    storage_secret: SecretStr | None = Field(default=None, description="Secret access key that belongs to it.")

    openai_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("GAMEFORGE_LLM_API_KEY", "OPENAI_API_KEY"),
        description="Key of the OpenAI-compatible endpoint.",
    )
    llm_base_url: str | None = Field(
        default=None, description="Base URL of an OpenAI-compatible endpoint (Ollama, vLLM, llama.cpp, LM Studio)."
    )
    llm_model: str | None = Field(default=None, description="Model name at the endpoint.")
    llm_timeout_s: float = Field(
        default=120.0, gt=0, description="Seconds without an answer before the endpoint is given up."
    )
    local_llm: Literal["auto", "off"] = Field(
        default="auto", description="Built-in language model behind the router; `off` (as with --lite) leaves it out."
    )
    local_llm_path: Path | None = Field(default=None, description="A GGUF file to use as the local language model.")
    router: Literal["on", "off"] = Field(default="on", description="Fast built-in routing before an endpoint is asked.")

    image_model: str = Field(
        default="builtin", description="`builtin`, a hub id, a diffusers folder or one .safetensors file (SDXL)."
    )
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1, mps.")
    image_batch: int = Field(
        default=0, ge=0, le=256, description="Images denoised together; 0 chooses from free memory."
    )
    upscaler: Path | None = Field(
        default=None, description="A .safetensors upscaling model (ESRGAN, SwinIR, ...) for what is not pixel art."
    )
    training_processes: int = Field(
        default=1, ge=1, le=64, description="Graphics cards that one training uses, through `accelerate launch`."
    )
    captioner: str | None = Field(
        default=None,
        description="Captions training images whose file names tell nothing: an image-to-text model (folder or hub id),"
        " or `endpoint` for your language endpoint, when its model sees pictures.",
    )
    embedding_model: str = Field(
        default="builtin", description="`builtin` (all-MiniLM-L6-v2) or any sentence-transformers name or folder."
    )

    engine: Literal["godot", "unity", "phaser", "pygame", "bevy", "generic"] | None = Field(
        default=None, description="Engine of the game: code is written for it unless the request names another."
    )
    sign_certificates: Path | None = Field(
        default=None, description="PEM file with the certificate chain that exports are signed with (C2PA)."
    )
    sign_key: Path | None = Field(default=None, description="PEM file with the private key that belongs to it.")
    save_root: Path | None = Field(
        default=None, description="The page saves code only to folders below this one; default: your home folder."
    )
    chroma_url: str | None = Field(
        default=None, description="URL of a Chroma server for document vectors; default: a folder in home."
    )
    documents_folder: Path | None = Field(
        default=None, description="A folder whose documents are taken in, and again when they change, while serving."
    )

    max_assets_per_batch: int = Field(default=100, ge=1, description="Assets that one request may ask for.")
    max_queued_tasks: int = Field(default=2000, ge=1, description="Tasks that may wait in the queue.")
    max_message_chars: int = Field(default=8000, ge=1, description="Longest chat message.")
    max_upload_mb: int = Field(default=50, ge=1, description="Largest uploaded file in MB.")
    max_document_mb: int = Field(default=100, ge=1, description="Largest design document in MB.")
    max_upload_files: int = Field(default=100, ge=1, description="Most files attached to one message.")
    max_image_pixels: int = Field(default=64_000_000, ge=1, description="Largest uploaded image, width times height.")
    confirm_over_seconds: float = Field(
        default=60.0, ge=0, description="Work estimated to take longer waits for a yes; 0 asks every time."
    )
    lease_seconds: float = Field(default=15.0, gt=0, description="A worker silent for this long loses its tasks.")
    max_crashes: int = Field(
        default=3, ge=1, description="A task that brought its worker down this often is set aside."
    )

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'gameforge.db').as_posix()}"

    @property
    def resolved_storage_url(self) -> str:
        return self.storage_url or (self.home / "files").as_uri()

    @property
    def resolved_save_root(self) -> Path:
        return (self.save_root or Path.home()).resolve()

    @property
    def storage_options(self) -> dict[str, Any]:
        """Arguments for the fsspec file system of `storage_url`."""
        if not self.resolved_storage_url.startswith("s3:"):
            return {}
        secret = self.storage_secret.get_secret_value() if self.storage_secret is not None else None
        options = {"endpoint_url": self.storage_endpoint, "key": self.storage_key, "secret": secret}
        return {name: value for name, value in options.items() if value is not None}

    @property
    def has_endpoint(self) -> bool:
        return self.llm_base_url is not None or self.openai_api_key is not None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        home = os.environ.get("GAMEFORGE_HOME")
        home_folder = Path(home) if home else user_data_path("gameforge", appauthor=False)
        files = [home_folder / CONFIG_FILE, Path(CONFIG_FILE)]
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=files))
