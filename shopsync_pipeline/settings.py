"""Every environment variable, once: its name, type, default and unit. `.env` in the working directory is read too.

Nothing else in shopsync reads the environment. Secrets are `SecretStr`, so that printing settings never shows them.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shopsync_pipeline.core.bounds import Bounds
from shopsync_pipeline.core.bulk import Bulk
from shopsync_pipeline.core.errors import CatalogError, SettingsError
from shopsync_pipeline.core.fields import GonePolicy, Risk, Strategy
from shopsync_pipeline.core.guards import Limits
from shopsync_pipeline.core.ownership import Rules
from shopsync_pipeline.core.rollout import RollOut


class Settings(BaseSettings):
    """What the operator configured. Field descriptions are what `shopsync doctor` and the docs show."""

    model_config = SettingsConfigDict(
        # A variable that is set to nothing (as compose files and charts do) counts as not set.
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True,
        hide_input_in_errors=True)

    shopify_shop_url: str = Field("", alias="SHOPIFY_SHOP_URL", description=(
        "The shop: my-shop, my-shop.myshopify.com or its https:// address; http://127.0.0.1:PORT for a dev store"))
    shopify_access_token: SecretStr = Field(SecretStr(""), alias="SHOPIFY_ACCESS_TOKEN", description=(
        "Admin API access token of the app; without one, SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET are needed"))
    shopify_client_id: str = Field("", alias="SHOPIFY_CLIENT_ID", description=(
        "Client id of the app, whose tokens are then got and renewed by themselves (client credentials grant)"))
    shopify_client_secret: SecretStr = Field(SecretStr(""), alias="SHOPIFY_CLIENT_SECRET", description=(
        "Client secret of the app"))
    shopify_location: str = Field("", alias="SHOPIFY_LOCATION", description=(
        "Name or gid of the location whose stock is synced; empty: the shop's first active location"))
    shopify_api_version: str = Field("2026-10", alias="SHOPIFY_API_VERSION", description="Admin API version to ask for")

    database_url: SecretStr = Field(SecretStr("sqlite:///.shopsync/shopsync.db"), alias="SHOPSYNC_DATABASE_URL",
                                    description="Our database: sqlite:///file or postgresql://user:password@host/name")
    dagster_postgres_url: SecretStr = Field(SecretStr(""), alias="SHOPSYNC_DAGSTER_POSTGRES_URL", description=(
        "Dagster's own storage on PostgreSQL; empty: SQLite under .shopsync/dagster"))
    export_path: Path | str = Field(Path(".shopsync/export"), alias="SHOPSYNC_EXPORT_PATH", description=(
        "The Etilize export: a folder, a zip or a CSV here, or an address on a server: ftp://host/folder, ftps://… "
        "(explicit TLS) or sftp://user@host/folder/**/*_mysql.zip"))
    feed_paths: str = Field("", alias="SHOPSYNC_FEED_PATHS", description=(
        "Price and stock feeds, paths or addresses, separated by commas (write %2C for a comma in an address); empty: "
        "those found in the export's folder"))
    source_user: str = Field("", alias="SHOPSYNC_SOURCE_USER", description=(
        "User on the servers of SHOPSYNC_EXPORT_PATH and SHOPSYNC_FEED_PATHS whose address names none; empty: none"))
    source_password: SecretStr = Field(SecretStr(""), alias="SHOPSYNC_SOURCE_PASSWORD", description=(
        "Password on those servers, or the passphrase of SHOPSYNC_SOURCE_KEY; ftp:// sends it in clear"))
    source_netrc: Path | None = Field(None, alias="SHOPSYNC_SOURCE_NETRC", description=(
        "A netrc file, for servers with users of their own, one line each: machine HOST login USER password PASSWORD; "
        "it wins over SHOPSYNC_SOURCE_USER and SHOPSYNC_SOURCE_PASSWORD"))
    source_key: Path | None = Field(None, alias="SHOPSYNC_SOURCE_KEY", description=(
        "File of the private SSH key for sftp"))
    source_known_hosts: Path | None = Field(None, alias="SHOPSYNC_SOURCE_KNOWN_HOSTS", description=(
        "File of the SSH host keys that are trusted; empty: ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts"))
    source_ca: Path | None = Field(None, alias="SHOPSYNC_SOURCE_CA", description=(
        "File of certificate authorities in PEM that are trusted for ftps besides the system's"))
    source_timeout: float = Field(30.0, alias="SHOPSYNC_SOURCE_TIMEOUT", gt=0, description=(
        "Seconds to wait for one answer of such a server"))
    spool_path: Path = Field(Path(".shopsync/deliveries"), alias="SHOPSYNC_SPOOL_PATH", description=(
        "Folder that fetched deliveries are kept in; needs room for each twice"))

    mapping_path: Path | None = Field(None, alias="SHOPSYNC_MAPPING_PATH", description=(
        "The mapping file (catalog.toml) that says how deliveries become products; empty: the usual way"))
    catalog_processes: int = Field(2, alias="SYNC_CATALOG_PROCESSES", ge=0, le=64, description=(
        "Child processes that project a large delivery; 0: none"))
    batch_size: int = Field(250, alias="SYNC_BATCH_SIZE", ge=1, le=250, description=(
        "Rows in one inventory mutation (1 to 250)"))
    max_concurrent: int = Field(100, alias="SYNC_MAX_CONCURRENT", ge=1, le=1000, description=(
        "Requests in flight to one shop at the most; how many there are follows from its points and its latency"))
    base_delay: float = Field(0.0, alias="SYNC_BASE_DELAY", ge=0, le=60, description=(
        "Seconds between two requests of one process at the least; the shop's points set the pace anyway"))
    headroom: float = Field(0.0, alias="SYNC_HEADROOM", ge=0, le=0.9, description=(
        "Share of the shop's points, at hand and coming back, that is left to other clients of the same app (0 to "
        "0.9)"))
    bulk: Bulk = Field(Bulk.AUTO, alias="SYNC_BULK", description=(
        "Whether large pushes and whole reads go by Shopify's bulk operations: auto (as much as ends sooner that way), "
        "never or always"))
    conflict_resolution: Strategy = Field(Strategy.MANUAL_REVIEW, alias="SYNC_CONFLICT_RESOLUTION", description=(
        "What happens when both sides changed a field: manual_review, etilize_priority, shopify_priority, merge_fields "
        "or timestamp_based"))
    rules_path: Path | None = Field(None, alias="SYNC_RULES_PATH", description=(
        "A TOML file of rules: who owns which field of which products; empty: none"))
    gone_policy: GonePolicy = Field(GonePolicy.DRAFT, alias="SYNC_GONE_POLICY", description=(
        "What becomes of products that left the catalog: draft, archive, zero_stock, delete or keep"))
    auto_resolve: bool = Field(True, alias="SYNC_AUTO_RESOLVE", description=(
        "Whether a strategy may decide conflicts; false: every conflict waits for a person"))
    bidirectional: bool = Field(False, alias="SYNC_BIDIRECTIONAL", description=(
        "Whether accepted store edits are written back to the local catalog, as overrides that survive imports"))
    collections: bool = Field(False, alias="SYNC_COLLECTIONS", description=(
        "Whether products are put into the collections that the catalog names; those must be filled by hand"))
    publications: bool = Field(False, alias="SYNC_PUBLICATIONS", description=(
        "Whether products are put on the sales channels that the catalog names; takes the scopes read_publications and "
        "write_publications"))
    max_updated_share: float = Field(0.5, alias="SYNC_MAX_UPDATED_SHARE", ge=0, le=1, description=(
        "Share of linked products that a plan may update without approval (0 to 1)"))
    max_conflict_share: float = Field(0.5, alias="SYNC_MAX_CONFLICT_SHARE", ge=0, le=1, description=(
        "Share of linked products that may be in conflict before a plan needs approval (0 to 1)"))
    max_archived_share: float = Field(0.1, alias="SYNC_MAX_ARCHIVED_SHARE", ge=0, le=1, description=(
        "Share of linked products that a plan may archive without approval (0 to 1)"))
    max_deleted_share: float = Field(0.02, alias="SYNC_MAX_DELETED_SHARE", ge=0, le=1, description=(
        "Share of linked products that a plan may delete without approval (0 to 1)"))
    max_zero_stock_share: float = Field(0.3, alias="SYNC_MAX_ZERO_STOCK_SHARE", ge=0, le=1, description=(
        "Share of linked products whose stock a plan may set to zero without approval (0 to 1)"))
    max_price_rise: float = Field(8.0, alias="SYNC_MAX_PRICE_RISE", ge=0, description=(
        "How far one price may rise without approval: 0.5 allows 10.00 to become 15.00, the default a ninefold price"))
    max_price_drop: float = Field(0.8, alias="SYNC_MAX_PRICE_DROP", ge=0, le=1, description=(
        "How far one price may fall without approval: 0.5 allows 10.00 to become 5.00"))
    max_median_price_move: float = Field(0.5, alias="SYNC_MAX_MEDIAN_PRICE_MOVE", ge=0, description=(
        "How far the median of a plan's price moves, up or down, may lie from no move without approval"))
    max_creation_days: float = Field(7.0, alias="SYNC_MAX_CREATION_DAYS", ge=0, description=(
        "Days that a plan's new products may take at the shop's daily limit without approval"))
    bounds_from: int = Field(20, alias="SYNC_BOUNDS_FROM", ge=1, description=(
        "Linked products below which shares are not judged: one product is then a large share"))
    variant_wall: int = Field(50_000, alias="SYNC_VARIANT_WALL", ge=0, description=(
        "Variants in the shop past which Shopify limits how many are made a day (not on Plus)"))
    daily_variants: int = Field(1000, alias="SYNC_DAILY_VARIANTS", ge=0, description=(
        "Variants that may be made a day past that wall; 0: Shopify lifted the limit for this shop"))
    monitoring: bool = Field(False, alias="SYNC_MONITORING", description=(
        "Plan everything and send nothing; runs record what would have been done"))
    phase: Risk = Field(Risk.HIGH, alias="SYNC_PHASE", description=(
        "The highest risk that is sent: low (texts, SEO, media, tags), medium (also price and stock), high (all)"))
    categories: str = Field("", alias="SYNC_CATEGORIES", description=(
        "Send only products whose product type or a tag matches one of these globs, separated by commas; empty: all"))
    canary_share: float = Field(0.0, alias="SYNC_CANARY_SHARE", ge=0, le=1, description=(
        "Share of each lane's items that goes first; the rest follows only if those went well (0: no such first part)"))
    canary_max_failed: float = Field(0.1, alias="SYNC_CANARY_MAX_FAILED", ge=0, le=1, description=(
        "Share of that first part that may fail or be set aside before the rest is held for a person (0 to 1)"))
    bulk_shard_mb: int = Field(90, alias="SYNC_BULK_SHARD_MB", ge=1, le=95, description=(
        "Megabytes of one file of a bulk operation at the most; Shopify takes 100"))
    reread_after: float = Field(5.0, alias="SYNC_REREAD_AFTER", ge=0, description=(
        "Seconds after which what is about to be written of a product is read again first, so that no edit is lost"))
    max_unpublished_share: float = Field(0.1, alias="SYNC_MAX_UNPUBLISHED_SHARE", ge=0, le=1, description=(
        "Share of linked products that a plan may take out of sale without approval (0 to 1)"))
    max_catalog_shrink: float = Field(0.2, alias="SYNC_MAX_CATALOG_SHRINK", ge=0, le=1, description=(
        "Share of products that a delivery may lack against the last one without approval; 1 accepts any"))
    max_table_shrink: float = Field(0.5, alias="SYNC_MAX_TABLE_SHRINK", ge=0, le=1, description=(
        "Share of the rows of a table or feed that a delivery may lack against the last one without approval; 1: any"))
    max_quarantine_share: float = Field(0.05, alias="SYNC_MAX_QUARANTINE_SHARE", ge=0, le=1, description=(
        "Share of the rows of a table or feed that may be unusable before a delivery needs approval (0 to 1)"))
    max_delivery_spread_hours: float = Field(20.0, alias="SYNC_MAX_DELIVERY_SPREAD_HOURS", gt=0, le=87_600,
                                             description=(
        "Hours that may lie between the oldest and the newest file of an export before it needs approval"))
    imports_kept: int = Field(10, alias="SYNC_IMPORTS_KEPT", ge=1, le=1000, description=(
        "Number of imports that can be compared and rolled back; what older ones replaced is deleted"))
    max_runtime: float = Field(0.0, alias="SYNC_MAX_RUNTIME", ge=0, description=(
        "Seconds that the push of a run may take before it ends early and says what is left; 0: as long as it takes"))
    max_points: float = Field(0.0, alias="SYNC_MAX_POINTS", ge=0, description=(
        "Points that the push of a run may cost before it ends early and says what is left; 0: no bound"))
    request_timeout: float = Field(30.0, alias="SYNC_REQUEST_TIMEOUT", gt=0, description=(
        "Seconds to wait for one answer of Shopify"))

    api_token: SecretStr = Field(SecretStr(""), alias="SHOPSYNC_API_TOKEN", description=(
        "Token that callers of the REST API present; empty: the API answers on loopback only"))
    dagster_url: str = Field("http://127.0.0.1:47300", alias="SHOPSYNC_DAGSTER_URL", description=(
        "Where Dagster's webserver answers, for launching runs from the REST API"))

    @field_validator("export_path", mode="before")
    @classmethod
    def _place(cls, value: object) -> object:
        return _located(value.strip()) if isinstance(value, str) else value

    @field_validator("feed_paths")
    @classmethod
    def _places(cls, value: str) -> str:
        for part in value.split(","):
            _located(part.strip())
        return value

    @field_validator("shopify_shop_url", "shopify_location", "shopify_client_id", "feed_paths", "source_user",
                     "categories")
    @classmethod
    def _trimmed(cls, value: str) -> str:
        return value.strip()

    @field_validator("shopify_shop_url")
    @classmethod
    def _without_secrets(cls, value: str) -> str:
        if "@" in value:
            raise ValueError("a shop's address holds no user or password; the token goes into SHOPIFY_ACCESS_TOKEN")
        return value

    @property
    def rules(self) -> Rules:
        """How disputes are decided where no rule says. With `SYNC_AUTO_RESOLVE=false` every one waits for a person."""
        return Rules(self.conflict_resolution if self.auto_resolve else Strategy.MANUAL_REVIEW,
                     automatic=self.auto_resolve, gone=self.gone_policy)

    @property
    def unsynced(self) -> tuple[str, ...]:
        """The fields that this shop does not sync, whatever the catalog says about them."""
        return tuple(name for name, synced in (("collections[]", self.collections),
                                               ("publications[]", self.publications)) if not synced)

    @property
    def bounds(self) -> Bounds:
        """How much a plan may do without approval."""
        return Bounds(
            max_updated_share=self.max_updated_share, max_archived_share=self.max_archived_share,
            max_deleted_share=self.max_deleted_share, max_unpublished_share=self.max_unpublished_share,
            max_price_rise=self.max_price_rise, max_price_drop=self.max_price_drop,
            max_median_price_move=self.max_median_price_move, max_zero_stock_share=self.max_zero_stock_share,
            max_conflict_share=self.max_conflict_share, max_creation_days=self.max_creation_days,
            smallest=self.bounds_from,
        )

    @property
    def roll_out(self) -> RollOut:
        """How far a roll-out has come: which items may go, and which go first."""
        globs = tuple(glob for part in self.categories.split(",") if (glob := part.strip()))
        return RollOut(phase=self.phase, categories=globs, canary_share=self.canary_share,
                       canary_max_failed=self.canary_max_failed)

    @property
    def limits(self) -> Limits:
        """What a delivery may differ in from the last one without approval."""
        return Limits(
            max_catalog_shrink=self.max_catalog_shrink, max_table_shrink=self.max_table_shrink,
            max_quarantine_share=self.max_quarantine_share, max_spread=timedelta(hours=self.max_delivery_spread_hours))

    @property
    def feeds(self) -> tuple[Path | str, ...]:
        """The price and stock feeds that were named, each a path or the address of a server's file or folder."""
        return tuple(_located(part.strip()) for part in self.feed_paths.split(",") if part.strip())

    def require_shop(self) -> None:
        """Raises `SettingsError` unless a shop is set, and a token or what tokens are got with."""
        token = self.shopify_access_token.get_secret_value()
        pair = {"SHOPIFY_CLIENT_ID": self.shopify_client_id,
                "SHOPIFY_CLIENT_SECRET": self.shopify_client_secret.get_secret_value()}
        missing = [] if self.shopify_shop_url else ["SHOPIFY_SHOP_URL"]
        if not token:
            # One half of the pair shows which way was meant.
            missing += [name for name, value in pair.items() if not value] if any(pair.values()) else [
                "SHOPIFY_ACCESS_TOKEN"]
        if missing:
            verb, pronoun = ("is", "it") if len(missing) == 1 else ("are", "them")
            instead = (" (or SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET instead of the token)"
                       if "SHOPIFY_ACCESS_TOKEN" in missing else "")
            raise SettingsError(
                f"{' and '.join(missing)} {verb} not set{instead}. Put {pronoun} into the environment or into a .env "
                "file here; `make demo` shows everything on a local store without."
            )


def _located(written: str) -> Path | str:
    """A path, or the address of a place on a server as it was written. Raises `ValueError` for what is neither."""
    if "://" not in written and "@" not in written:
        return Path(written)
    # Reading addresses is the catalog's own; its library is loaded only by those who have one.
    from shopsync_pipeline.catalog.sources.location import parse

    try:
        location = parse(written)
    except CatalogError as error:
        raise ValueError(str(error)) from None
    return location if isinstance(location, Path) else written


def load() -> Settings:
    """The settings of this process. Raises `SettingsError` that names each variable that cannot be used, and why."""
    try:
        return Settings()
    except UnicodeDecodeError:
        raise SettingsError("The file .env here is not UTF-8 text; save it again as UTF-8.") from None
    except ValidationError as error:
        reasons = []
        for problem in error.errors():
            name = str(problem["loc"][0]) if problem["loc"] else "settings"
            secret = (any(word in name for word in ("TOKEN", "SECRET", "PASSWORD", "URL"))
                      or "@" in str(problem.get("input")))
            shown = "its value" if secret else repr(problem.get("input"))
            why = problem["msg"].removeprefix("Value error, ").rstrip(".")
            reasons.append(f"{name}: {shown} cannot be used ({why}).")
        raise SettingsError(" ".join(reasons)) from None
