"""What a home is set to: arguments over environment over TOML file over defaults."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from cratewatch.catalog.currencies import CURRENCIES
from cratewatch.embedding.inference import Device, Inference, Precision, RuntimeName
from cratewatch.errors import SettingsError
from cratewatch.folders import users_path
from cratewatch.gallery.indexes import IndexSetting
from cratewatch.gallery.names import LITE_SUFFIX
from cratewatch.lake.location import LakeLocation
from cratewatch.notify import Notify
from cratewatch.secret_url import PublicUrl, SecretUrl
from cratewatch.settings_layers import (
    CONFIG_NAME,
    DEFAULT_HOME,
    ENV_PREFIX,
    environment_settings,
    merged_over,
    read_environment,
    read_settings,
    settings_file,
)
from cratewatch.settings_problems import problem_of
from cratewatch.sources.cameras import Camera
from cratewatch.sources.configured import AnySource
from cratewatch.sources.recordings import FootageName
from cratewatch.sources.source import SourceName
from cratewatch.sources.till.settings import Till, Timezone

LOCAL_RAY = "local"
"""Instead of an address: a Ray cluster of the command's own."""


class Settings(BaseModel):
    """Where everything is and how the outside systems are reached."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )

    home: Path = DEFAULT_HOME
    catalog_url: SecretUrl = SecretUrl("")
    lake_path: PublicUrl = ""
    s3_endpoint: SecretUrl = Field(
        default=SecretUrl(""), description="URL of an S3-compatible store"
    )
    s3_region: str = ""
    s3_access_key: SecretStr = SecretStr("")
    s3_secret_key: SecretStr = SecretStr("")
    gallery_uri: SecretUrl = SecretUrl("")
    gallery_token: SecretStr = SecretStr("")
    gallery_ca: str = Field(
        default="", description="PEM file with the certificate that signed the gallery server's"
    )
    gallery_tenant: str = Field(default="", description="whose collections on a shared server")
    gallery_index: IndexSetting = "auto"
    gallery_recall: float = Field(
        default=0.98, gt=0, le=1, description="recall@10 that searches are tuned to"
    )
    gallery_import_path: PublicUrl = Field(
        default="", description="folder or s3://BUCKET/PREFIX that the Milvus server reads"
    )
    gallery_keep_days: float = Field(
        default=7.0, ge=0, le=36_500, description="of a collection that served before"
    )
    ray_address: PublicUrl = LOCAL_RAY
    logs_keep_days: float = Field(
        default=30.0, ge=0, le=36_500, description="of logs and sessions of local services"
    )
    crops_keep_days: float = Field(
        default=30.0, ge=0, le=36_500, description="of pictures of what was handled"
    )
    footage_keep_days: float = Field(
        default=7.0, ge=0, le=36_500, description="of what was drawn of footage by night"
    )
    handlings_keep_days: float = Field(
        default=1_095.0, ge=0, le=36_500, description="of handlings without pictures and persons"
    )
    index_persons: bool = Field(
        default=True, description="whether nights make persons of footage searchable by words"
    )
    words_model: str = Field(
        default="",
        description="folder of a BLIP, CLIP or SigLIP model that prompts are compared by",
    )
    words_captions: str = Field(
        default="", description="folder of a BLIP model that makes captions"
    )
    facets_of_persons: bool = Field(
        default=False, description="whether persons can be narrowed by sex and age"
    )
    footage_name: FootageName = "{camera}_{started_at}"
    timezone: Timezone = Field(default="UTC", description="of the shop, in which its days count")
    ledger_keep_days: float = Field(
        default=365.0, ge=1, le=36_500, description="of items that no run has worked on since"
    )
    runtime: RuntimeName = "auto"
    precision: Precision = "auto"
    device: Device = "auto"
    contact: PublicUrl = Field(
        default="", description="mail address or URL, sent in the user agent"
    )
    max_withdrawn_share: float = Field(
        default=0.5, ge=0, le=1, description="a night that would withdraw more is refused"
    )
    max_changed_share: float = Field(
        default=0.5, ge=0, le=1, description="a night that would rename more is refused"
    )
    min_yield_share: float = Field(
        default=0.5, ge=0, le=1, description="of a week's prices; fewer are not published"
    )
    max_failed_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="of what is asked; beyond, no price is published",
    )
    currency: str = Field(default="EUR", description="ISO 4217, in which prices are told")
    rates_path: PublicUrl = Field(
        default="", description="the European Central Bank's eurofxref-hist.csv"
    )
    notify: Notify = Notify()
    cameras: dict[SourceName, Camera] = Field(
        default={}, description="whose streams `cratewatch footage` looks at"
    )
    sources: dict[SourceName, AnySource] = {}
    tills: dict[SourceName, Till] = Field(
        default={}, description="how their files are written; see `cratewatch import-sales`"
    )

    @model_validator(mode="after")
    def _no_name_twice(self) -> Settings:
        if twice := sorted(self.sources.keys() & self.tills.keys()):
            raise ValueError(f"{', '.join(twice)} names a source and a till; rename one of them")
        return self

    @model_validator(mode="before")
    @classmethod
    def _fill_from_home(cls, values: dict[str, object]) -> dict[str, object]:
        for key, value in values.items():
            if isinstance(value, str) and "\0" in value:
                raise ValueError(f"{key} holds a NUL character")
        home = users_path(str(values.get("home") or DEFAULT_HOME)).absolute()
        in_home = {
            "catalog_url": f"sqlite:///{home / 'catalog.db'}",
            "lake_path": str(home / "lake"),
            "gallery_uri": str(home / "gallery.db"),
        }
        given = {key: value for key, value in values.items() if value or key not in in_home}
        paths = ("lake_path", "gallery_uri", "gallery_import_path", "rates_path")
        for key in (*paths, "words_model", "words_captions"):
            value = given.get(key)
            if isinstance(value, str) and _is_path(key, value):
                given[key] = str(home / value)  # a relative one counts from home
        return in_home | given | {"home": home}

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if value not in CURRENCIES:
            raise ValueError(f"{value!r} is none of ISO 4217, such as EUR")
        return value

    @model_validator(mode="after")
    def _both_s3_keys(self) -> Settings:
        if bool(self.s3_access_key) != bool(self.s3_secret_key):
            raise ValueError("give both s3_access_key and s3_secret_key, or neither")
        return self

    @property
    def has_home(self) -> bool:
        """Whether something is at home, or the catalog is elsewhere."""
        in_home = {path.name for path in self.home.glob("*")}
        below_home = str(SecretUrl(f"sqlite:///{self.home}/"))
        elsewhere = not str(self.catalog_url).startswith(below_home)
        return elsewhere or bool({CONFIG_NAME, "catalog.db", "lake"} & in_home)

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

    @property
    def gallery(self) -> tuple[SecretUrl, SecretStr, str, str]:
        """What open_gallery() needs beside the owner: address, token, tenant, certificate."""
        return self.gallery_uri, self.gallery_token, self.gallery_tenant, self.gallery_ca

    @property
    def gallery_imports(self) -> LakeLocation | None:
        """Where the Milvus server reads files to import; the lake's keys open a bucket."""
        path = self.gallery_import_path
        return dataclasses.replace(self.lake, path=path) if path else None

    @property
    def inference(self) -> Inference:
        """How models are to embed."""
        return Inference(self.runtime, self.precision, self.device)

    def source(self, name: str) -> AnySource:
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

    def source_of_releases(self, name: str) -> AnySource:
        """Return the settings of a source that can be refreshed.

        Raises:
            SettingsError: if no such source is configured, or it tells of prices alone.
        """
        source = self.source(name)
        if not source.lists_releases:
            raise SettingsError(
                f"source {name!r} tells of prices alone; run `cratewatch refresh-prices {name}`"
            )
        return source

    def source_of_prices(self, name: str) -> AnySource:
        """Return the settings of a source that is asked for prices.

        Raises:
            SettingsError: if no such source is configured, or it is not asked for any.
        """
        source = self.source(name)
        if not source.asks_for_prices:
            raise SettingsError(
                f"source {name!r} is not asked for prices: what it has of them comes with "
                f"`cratewatch refresh {name}`"
            )
        return source

    def till(self, name: str) -> Till:
        """Return a till's settings; those of one that has none tell nothing.

        Raises:
            SettingsError: if the name is that of a source, or none that a source could have.
        """
        if name in self.sources:
            raise SettingsError(f"till {name!r} is a source; give the till another name")
        try:
            return self.tills.get(name) or _TILL.validate_python({name: {}})[name]
        except ValidationError as error:
            raise SettingsError(
                f"till {name!r}: {error.errors()[0]['msg']}; use a-z, 0-9 and dashes"
            ) from error


_TILL = TypeAdapter(dict[SourceName, Till])


def _is_path(key: str, value: str) -> bool:
    """Whether a value is no URL, nor what somebody took for one."""
    if not value or "://" in value:
        return False
    return key != "gallery_uri" or value.endswith(LITE_SUFFIX)


def load_settings(**arguments: object) -> Settings:
    """Merge arguments (None counts as not given), environment, TOML file and defaults.

    Raises:
        SettingsError: if a key is unknown or a value does not fit; names each one.
    """
    known = {ENV_PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(name for name in environment_settings() if name.upper() not in known)
    if unknown:
        raise SettingsError(
            f"environment: unknown setting {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        )
    given = {name: value for name, value in arguments.items() if value is not None}
    file = settings_file(given.get("home") or os.environ.get(f"{ENV_PREFIX}HOME"))
    try:
        values = merged_over(merged_over(read_settings(file), read_environment()), given)
        return Settings.model_validate(values)
    except ValidationError as error:
        problems = [
            problem_of(item, Settings.model_fields, list(given), file) for item in error.errors()
        ]
        raise SettingsError(f"settings: {'; '.join(problems)}; correct it there") from error
