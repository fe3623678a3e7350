//! An OpenSearch and a ClickHouse of the tests' own, so that what is asked is asked of the real thing.
//!
//! One of each a test binary, on the loopback address, in a temporary directory, under a user that is not root. A watchdog
//! shell owns the server, as with PostgreSQL: when the test binary ends, however it ends, the server and its directory go.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use crate::service::exchange;

/// Tests on them never skip themselves.
const INSTALL: &str = "The tests ask a real OpenSearch and a real ClickHouse, and start them themselves: `scripts/bootstrap.sh test` \
                       brings both.";

/// What both scripts begin with: `$dir` is theirs, `$as` runs what follows as somebody who is not root.
const PREPARE: &str = r#"
dir=$1
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
as=
if [ "$(id -u)" = 0 ]; then
    as="setpriv --reuid=nobody --regid=$(id -gn nobody) --clear-groups"
fi
own() { [ -z "$as" ] || chown -R nobody "$dir"; }
"#;

const OPENSEARCH: &str = r#"
home=$2
java=$(command -v java) || { echo "there is no java"; exit 1; }
cp -r "$home/config" config && mkdir -p data logs tmp || exit 1
cat >config/opensearch.yml <<END
cluster.name: vizsla-test
discovery.type: single-node
network.host: 127.0.0.1
http.port: 0
transport.port: 0
path.data: $dir/data
path.logs: $dir/logs
cluster.routing.allocation.disk.threshold_enabled: false
END
# Its own log of garbage collections would go where the distribution lies.
sed -i -E '/gc\.log|HeapDump|ErrorFile/d' config/jvm.options
own
export HOME="$dir" OPENSEARCH_JAVA_HOME=$(dirname "$(dirname "$(readlink -f "$java")")")
export OPENSEARCH_PATH_CONF="$dir/config" OPENSEARCH_TMPDIR="$dir/tmp" OPENSEARCH_JAVA_OPTS="-Xms256m -Xmx256m -XX:TieredStopAtLevel=1"
$as "$home/bin/opensearch" >out 2>&1 </dev/null &
server=$!
for _ in $(seq 1200); do
    port=$(sed -n 's/.*AbstractHttpServerTransport.*publish_address {127\.0\.0\.1:\([0-9]*\)}.*/\1/p' out)
    if [ -n "$port" ] && grep -q '\] started' out; then echo "ready $port"; break; fi
    kill -0 $server 2>/dev/null || { tail -n 20 out; exit 1; }
    sleep 0.1
done
[ -n "$port" ] || { tail -n 20 out; exit 1; }
cat >/dev/null
"#;

const CLICKHOUSE: &str = r#"
program=$2 http=$3 tcp=$4 between=$5
mkdir -p data tmp || exit 1
cat >config.xml <<END
<yandex>
    <logger><level>warning</level><log>$dir/log</log><errorlog>$dir/errors</errorlog></logger>
    <listen_host>127.0.0.1</listen_host>
    <http_port>$http</http_port><tcp_port>$tcp</tcp_port><interserver_http_port>$between</interserver_http_port>
    <path>$dir/data/</path><tmp_path>$dir/tmp/</tmp_path><user_files_path>$dir/data/</user_files_path>
    <users_config>users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
    <mark_cache_size>67108864</mark_cache_size><uncompressed_cache_size>67108864</uncompressed_cache_size><timezone>UTC</timezone>
</yandex>
END
cat >users.xml <<END
<yandex>
    <profiles><default><max_memory_usage>1000000000</max_memory_usage></default></profiles>
    <users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
    <quotas><default></default></quotas>
</yandex>
END
own
$as "$program" --config-file="$dir/config.xml" >out 2>&1 </dev/null &
server=$!
for _ in $(seq 600); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$http") 2>/dev/null; then echo "ready $http"; up=1; break; fi
    kill -0 $server 2>/dev/null || { tail -n 20 out errors; exit 1; }
    sleep 0.1
done
[ -n "$up" ] || { tail -n 20 out errors; exit 1; }
cat >/dev/null
"#;

struct Server {
    address: String,
    /// Closing it tells the watchdog to stop the server.
    _alive: ChildStdin,
}

impl Server {
    fn start(name: &str, script: &str, arguments: &[String]) -> Result<Self, String> {
        let dir = tempfile::Builder::new().prefix(&format!("vizsla-{name}-")).tempdir().map_err(|error| error.to_string())?.keep();
        let mut watchdog = Command::new("bash")
            .args(["-c", &format!("{PREPARE}{script}"), &format!("vizsla-test-{name}")])
            .arg(&dir)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C in a terminal goes to the tests; the watchdog must outlive them.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("bash: {error}"))?;
        let alive = watchdog.stdin.take().ok_or("the watchdog has no standard input")?;
        let mut said = BufReader::new(watchdog.stdout.take().ok_or("the watchdog has no standard output")?);
        let mut first = String::new();
        said.read_line(&mut first).map_err(|error| error.to_string())?;
        let Some(port) = first.strip_prefix("ready ") else {
            let mut rest = String::new();
            said.read_to_string(&mut rest).map_err(|error| error.to_string())?;
            return Err(format!("{first}{rest}"));
        };
        Ok(Self { address: format!("127.0.0.1:{}", port.trim()), _alive: alive })
    }
}

/// The test binary's OpenSearch.
#[derive(Debug, Clone, Copy)]
pub struct OpenSearch;

impl OpenSearch {
    fn server() -> &'static Server {
        static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
        let start = || {
            let home = opensearch_home().ok_or("there is no .tools/opensearch")?;
            Server::start("opensearch", OPENSEARCH, &[home.display().to_string()])
        };
        SERVER.get_or_init(start).as_ref().unwrap_or_else(|why| panic!("OpenSearch could not be started: {why}\n{INSTALL}"))
    }

    /// `http://127.0.0.1:…`.
    ///
    /// # Panics
    /// When it can't be had, saying what to install.
    #[must_use]
    pub fn url() -> String {
        format!("http://{}", Self::server().address)
    }

    /// Sends JSON of the test's own.
    ///
    /// # Panics
    /// When it is refused.
    pub fn send(method: &str, target: &str, body: &str) -> String {
        let (status, answer) = exchange(&Self::server().address, method, target, "application/json", body).expect("OpenSearch answers");
        assert!((200..300).contains(&status), "{method} {target}: {status} {answer}");
        answer
    }

    /// Puts documents into an index and makes them searchable.
    ///
    /// # Panics
    /// When one of them is refused.
    pub fn load(index: &str, documents: &[String]) {
        let lines: String = documents.iter().map(|document| format!("{{\"index\":{{}}}}\n{document}\n")).collect();
        let answer = Self::send("POST", &format!("/{index}/_bulk?refresh=true"), &lines);
        assert!(answer.contains("\"errors\":false"), "{answer}");
    }
}

fn opensearch_home() -> Option<PathBuf> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/opensearch");
    home.join("bin/opensearch").exists().then(|| home.canonicalize().ok())?
}

/// The test binary's ClickHouse.
#[derive(Debug, Clone, Copy)]
pub struct ClickHouse;

impl ClickHouse {
    fn server() -> &'static Server {
        static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
        let start = || {
            let known = ["/usr/bin/clickhouse-server", "/usr/sbin/clickhouse-server", "/usr/local/bin/clickhouse-server"];
            let program = known.into_iter().find(|path| Path::new(path).exists()).ok_or("there is no clickhouse-server")?;
            // They are free now; whoever takes one before it starts makes it fail, which is told.
            let ports = {
                let held: Vec<TcpListener> = (0..3).filter_map(|_| TcpListener::bind("127.0.0.1:0").ok()).collect();
                let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port().to_string()).ok();
                held.iter().filter_map(port).collect::<Vec<_>>()
            };
            Server::start("clickhouse", CLICKHOUSE, &[vec![program.to_owned()], ports].concat())
        };
        SERVER.get_or_init(start).as_ref().unwrap_or_else(|why| panic!("ClickHouse could not be started: {why}\n{INSTALL}"))
    }

    /// `http://127.0.0.1:…`.
    ///
    /// # Panics
    /// When it can't be had, saying what to install.
    #[must_use]
    pub fn url() -> String {
        format!("http://{}", Self::server().address)
    }

    /// Runs SQL of the test's own; tells what it answers.
    ///
    /// # Panics
    /// When it is refused.
    pub fn run(sql: &str) -> String {
        let (status, answer) = exchange(&Self::server().address, "POST", "/", "text/plain", sql).expect("ClickHouse answers");
        assert_eq!(status, 200, "{sql}: {answer}");
        answer
    }
}
