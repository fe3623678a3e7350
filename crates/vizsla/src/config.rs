//! Configuration: `vizsla.toml` in the data directory, over it `VIZSLA_*` variables, over it flags.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

/// Everything that can be set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where the server listens.
    pub(crate) listen: SocketAddr,
    /// A PostgreSQL URL; SQLite in the data directory when missing.
    pub(crate) database: Option<String>,
    /// Whether browsers reach the server over TLS, through a proxy that ends it.
    pub(crate) secure_cookies: bool,
    /// What is logged: a level, or `target=level` pairs.
    pub(crate) log: String,
    /// Whether the log is JSON lines.
    pub(crate) log_json: bool,
    /// The password of the account `admin`, made at the first start.
    pub(crate) admin_password: Option<String>,
    /// Threads that read the database.
    pub(crate) readers: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database: None,
            secure_cookies: false,
            log: "info".to_owned(),
            log_json: false,
            admin_password: None,
            readers: 4,
        }
    }
}

/// Reads the configuration of a data directory.
///
/// # Errors
/// When a file or variable does not say what it should; the message names it.
pub(crate) fn read(data: &Path) -> Result<Config, String> {
    Figment::from(Serialized::defaults(Config::default()))
        .merge(Toml::file(data.join("vizsla.toml")))
        // What the command line reads itself is no setting of the server.
        .merge(Env::prefixed("VIZSLA_").ignore(&["url", "token", "data", "test_data", "acceptance", "binary", "chromium"]))
        .extract()
        .map_err(|error| format!("the configuration is not right: {error}"))
}

/// The data directory: `--data`, `VIZSLA_DATA`, or `vizsla-data` here.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DataArg {
    /// The data directory.
    #[arg(long, env = "VIZSLA_DATA", default_value = "vizsla-data", value_name = "DIR")]
    pub(crate) data: PathBuf,
}
