//! A PostgreSQL of the tests' own, from the distribution's packages.
//!
//! One cluster a test binary, in a temporary directory, on a Unix socket there; each test gets a database of its own,
//! copied from one that is migrated already. A watchdog shell owns the server: when the test binary ends, however it
//! ends, the pipe to the watchdog closes, and the server and its directory go.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use postgres::{Client, NoTls};
use store::{Options, Store};

use crate::apart;

/// What to do when there is no PostgreSQL: tests on it never skip themselves.
const INSTALL: &str = "The tests run on PostgreSQL too, and start one of their own: install it with `apt-get install postgresql` \
                       (version 15 or newer; it need not be configured or running).";

/// Starts the server, says so, and stops it once nobody holds the other end of standard input.
const WATCHDOG: &str = r#"
bin=$1 dir=$2
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
as=
if [ "$(id -u)" = 0 ]; then
    id -u postgres >/dev/null 2>&1 || { echo "there is no system user called postgres for it to run as"; exit 1; }
    chown postgres "$dir" || exit 1
    as="setpriv --reuid=postgres --regid=postgres --clear-groups"
fi
$as "$bin/initdb" -D "$dir/data" -U vizsla -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
settings="-k $dir -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
settings="$settings -c max_connections=400 -c shared_buffers=64MB -c max_wal_size=4GB -c log_min_messages=fatal"
$as "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/log" -w -t 60 -o "$settings" start >"$dir/start" 2>&1 </dev/null || { cat "$dir/start" "$dir/data/log"; exit 1; }
echo ready
cat >/dev/null
$as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1
"#;

struct Cluster {
    dir: PathBuf,
    /// Closing it tells the watchdog to stop the server.
    _alive: ChildStdin,
    admin: Mutex<Client>,
    databases: AtomicU64,
}

/// A database of one test's own, dropped with this.
#[derive(Debug)]
pub struct Postgres {
    name: String,
    url: String,
}

impl Postgres {
    /// A database with Vizsla's schema.
    ///
    /// # Panics
    /// When PostgreSQL can't be had, saying what to install.
    #[must_use]
    pub fn new() -> Self {
        static TEMPLATE: OnceLock<()> = OnceLock::new();
        TEMPLATE.get_or_init(|| {
            let template = Self::create("migrated", "template0");
            let data = tempfile::tempdir().expect("there is room for temporary files");
            let options = Options { data: data.path().to_owned(), database: Some(template.url.clone()), readers: 1 };
            apart(|| drop(Store::open(&options).expect("the schema goes into an empty database")));
            std::mem::forget(template);
        });
        Self::create_numbered("migrated")
    }

    /// A database without a schema.
    ///
    /// # Panics
    /// When PostgreSQL can't be had, saying what to install.
    #[must_use]
    pub fn empty() -> Self {
        Self::create_numbered("template0")
    }

    fn create_numbered(template: &str) -> Self {
        let number = cluster().databases.fetch_add(1, Ordering::Relaxed);
        Self::create(&format!("test_{number}"), template)
    }

    fn create(name: &str, template: &str) -> Self {
        run(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Self { name: name.to_owned(), url: cluster().url(name) }
    }

    /// How to connect to it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs SQL of the test's own in it: what no verb would do.
    ///
    /// # Panics
    /// When the database refuses it.
    pub fn run(&self, sql: &str) {
        apart(|| {
            let mut client = Client::connect(&self.url, NoTls).expect("the test's database takes connections");
            client.batch_execute(sql).expect("the test's own SQL is right");
        });
    }

    /// Ends every connection to it, as a restart of the server would.
    ///
    /// # Panics
    /// When the database refuses it.
    pub fn disconnect_all(&self) {
        run(&format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'", self.name));
    }
}

impl Default for Postgres {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The directory goes at the end in any case; until then a database takes 8 MB.
        apart(|| {
            let _ = cluster().admin.lock().unwrap_or_else(PoisonError::into_inner).batch_execute(&sql);
        });
    }
}

fn run(sql: &str) {
    let outcome = apart(|| cluster().admin.lock().unwrap_or_else(PoisonError::into_inner).batch_execute(sql));
    outcome.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
    match CLUSTER.get_or_init(|| apart(Cluster::start)) {
        Ok(cluster) => cluster,
        Err(why) => panic!("PostgreSQL could not be started: {why}\n{INSTALL}"),
    }
}

impl Cluster {
    fn start() -> Result<Self, String> {
        let programs = programs()?;
        let dir = tempfile::Builder::new().prefix("vizsla-pg-").tempdir().map_err(|error| error.to_string())?.keep();
        let mut watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "vizsla-test-postgres"])
            .arg(&programs)
            .arg(&dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C in a terminal goes to the tests; the watchdog must outlive them.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("sh: {error}"))?;
        let alive = watchdog.stdin.take().ok_or("the watchdog has no standard input")?;
        let mut said = BufReader::new(watchdog.stdout.take().ok_or("the watchdog has no standard output")?);
        let mut first = String::new();
        said.read_line(&mut first).map_err(|error| error.to_string())?;
        if first.trim() != "ready" {
            let mut rest = String::new();
            said.read_to_string(&mut rest).map_err(|error| error.to_string())?;
            return Err(format!("{first}{rest}"));
        }
        let admin = Client::connect(&url(&dir, "postgres"), NoTls).map_err(|error| format!("{error:?}"))?;
        Ok(Self { dir, _alive: alive, admin: Mutex::new(admin), databases: AtomicU64::new(1) })
    }

    fn url(&self, database: &str) -> String {
        url(&self.dir, database)
    }
}

fn url(dir: &Path, database: &str) -> String {
    format!("postgresql:///{database}?user=vizsla&host={}", dir.display())
}

/// The newest of the distribution's versions, or the one that `pg_config` names.
fn programs() -> Result<PathBuf, String> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(version, bin)| *version >= 15 && bin.join("initdb").exists())
        .max();
    if let Some((_, bin)) = newest {
        return Ok(bin);
    }
    let told = Command::new("pg_config").arg("--bindir").output().map_err(|_| "it is not installed".to_owned())?;
    let bin = PathBuf::from(String::from_utf8_lossy(&told.stdout).trim());
    if bin.join("initdb").exists() { Ok(bin) } else { Err("its server programs are not installed".to_owned()) }
}
