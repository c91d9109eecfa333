"""One frozen Settings object: arguments over environment over TOML file over defaults.

Only the command line and the flows read settings; library functions take plain arguments.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from cratewatch.errors import SettingsError
from cratewatch.lake import LakeLocation

ENV_PREFIX = "CRATEWATCH_"
CONFIG_NAME = "cratewatch.toml"
DEFAULT_HOME = Path("~/.cratewatch")


IMPORT_SOURCE = "import"


def _free(name: str) -> str:
    if name == IMPORT_SOURCE:
        raise ValueError(f"{IMPORT_SOURCE!r} is the source of imported covers")
    return name


class Source(BaseModel):
    """What is true of every source: how fast it may be asked, and what it may be asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate_per_s: float = Field(default=1.0, gt=0)
    concurrency: int = Field(default=4, ge=1, description="requests under way at once per host")
    retries: int = Field(default=4, ge=0, description="after the first try, per request")
    timeout_s: float = Field(default=30.0, gt=0)
    obey_robots: bool = True


class StorefrontSource(Source):
    """A shop's public pages: its sitemap and product pages, or /products.json."""

    spider: Literal["storefront"]
    url: str


class MusicBrainzSource(Source):
    """Releases of one MusicBrainz label, artist or release group, covers from the archive.

    The service's published limit is one request a second for each address.
    """

    spider: Literal["musicbrainz"]
    label: str | None = None
    artist: str | None = None
    release_group: str | None = None
    url: str = "https://musicbrainz.org"
    archive_url: str = "https://coverartarchive.org"
    # The API's documentation permits what robots.txt refuses to general crawlers.
    obey_robots: bool = False

    @model_validator(mode="after")
    def _one_entity(self) -> MusicBrainzSource:
        if sum(map(bool, (self.label, self.artist, self.release_group))) != 1:
            raise ValueError("give exactly one of label, artist, release_group (a MusicBrainz id)")
        return self


# It becomes part of release ids and of artifact keys; imported covers have a source of their own.
SourceName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$"), AfterValidator(_free)]
AnySource = Annotated[StorefrontSource | MusicBrainzSource, Field(discriminator="spider")]


class Settings(BaseSettings):
    """Where everything is and how the outside systems are reached."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=ENV_PREFIX)

    home: Path = DEFAULT_HOME
    catalog_url: str = ""
    lake_path: str = ""
    s3_endpoint: str = Field(default="", description="URL of an S3-compatible store")
    s3_region: str = ""
    s3_access_key: SecretStr = SecretStr("")
    s3_secret_key: SecretStr = SecretStr("")
    gallery_uri: str = ""
    gallery_token: str = ""
    ray_address: str = "local"
    contact: str = Field(default="", description="mail address or URL, sent in the user agent")
    max_withdrawn_share: float = Field(
        default=0.5, ge=0, le=1, description="a night that would withdraw more is refused"
    )
    sources: dict[SourceName, AnySource] = {}

    @model_validator(mode="before")
    @classmethod
    def _fill_from_home(cls, values: dict[str, object]) -> dict[str, object]:
        home = Path(str(values.get("home") or DEFAULT_HOME)).expanduser().absolute()
        in_home = {
            "catalog_url": f"sqlite:///{home / 'catalog.db'}",
            "lake_path": str(home / "lake"),
            "gallery_uri": str(home / "gallery.db"),
        }
        given = {key: value for key, value in values.items() if value or key not in in_home}
        for key in ("lake_path", "gallery_uri"):  # a relative path counts from home
            if key in given and "://" not in str(given[key]):
                given[key] = str(home / str(given[key]))
        return in_home | given | {"home": home}

    @model_validator(mode="after")
    def _both_s3_keys(self) -> Settings:
        if bool(self.s3_access_key) != bool(self.s3_secret_key):
            raise ValueError("give both s3_access_key and s3_secret_key, or neither")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        home = Path(str((env_settings() | init_settings()).get("home") or DEFAULT_HOME))
        toml = TomlConfigSettingsSource(settings_cls, home.expanduser() / CONFIG_NAME)
        return init_settings, env_settings, toml

    @property
    def lake(self) -> LakeLocation:
        """All that open_lake() needs, also in another process."""
        return LakeLocation(
            path=self.lake_path,
            endpoint=self.s3_endpoint,
            region=self.s3_region,
            access_key=self.s3_access_key,
            secret_key=self.s3_secret_key,
        )

    def source(self, name: str) -> StorefrontSource | MusicBrainzSource:
        """Return the source's settings.

        Raises:
            SettingsError: if no such source is configured.
        """
        if name not in self.sources:
            known = ", ".join(sorted(self.sources)) or "none"
            raise SettingsError(
                f"source {name!r} is not configured (known: {known}); "
                f"add [sources.{name}] to {self.home / CONFIG_NAME}"
            )
        return self.sources[name]


def load_settings(**arguments: object) -> Settings:
    """Merge arguments (None counts as not given), environment, TOML file and defaults.

    Raises:
        SettingsError: if a key is unknown or a value does not fit; names each one.
    """
    known = {ENV_PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(set(environment_settings()) - known)
    if unknown:
        raise SettingsError(
            f"environment: unknown setting {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        )
    try:
        return Settings(**{k: v for k, v in arguments.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(_explain(error)) from error
    except ValueError as error:  # tomllib's and pydantic-settings' own
        raise SettingsError(f"settings: {error}; correct {CONFIG_NAME} or environment") from error


def environment_settings() -> list[str]:
    """Return the names of the environment's variables that are meant for cratewatch."""
    return [name for name in os.environ if name.startswith(ENV_PREFIX)]


def _explain(error: ValidationError) -> str:
    problems = [
        f"{'.'.join(str(part) for part in item['loc']) or 'settings'}: {item['msg']}"
        for item in error.errors()
    ]
    return f"settings: {'; '.join(problems)}; correct {CONFIG_NAME}, environment or arguments"
