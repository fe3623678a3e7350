//! `vizsla serve`.

use std::net::SocketAddr;
use std::time::Duration;

use app::App;
use app::account::{self, Secret};
use axum::Extension;
use store::{Store, blob};
use tracing_subscriber::EnvFilter;
use web::{Stopping, Web};

use crate::config::{self, Config, DataArg};
use crate::open::{self, Opened};
use crate::output;

/// How long a server that is to stop waits for open requests: a client that stalls must not keep it.
const GRACE: Duration = Duration::from_secs(5);

/// Run the server.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    data: DataArg,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// A PostgreSQL URL; SQLite in the data directory unless given.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// Serves until it is asked to stop.
pub(crate) fn run(command: Serve) -> Result<(), String> {
    let mut config = config::read(&command.data.data)?;
    config.listen = command.listen.unwrap_or(config.listen);
    config.database = command.database.or(config.database);
    start_log(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|e| format!("starting threads: {e}"))?;
    let opened = open::open(&config, &command.data.data, "vizsla serve")?;
    if let Err(error) = sweep(&opened.store) {
        tracing::warn!(error, "files that nothing refers to could not be looked for; the next start does");
    }
    let outcome = runtime.block_on(serve(&config, opened.app.clone()));
    // Requests that did not end in time end here: what they had not committed never was.
    runtime.shutdown_timeout(GRACE);
    // The directory is let go of last.
    let Opened { app, store, held } = opened;
    drop((app, store));
    drop(held);
    outcome
}

/// Removes files that nothing refers to, before anything comes in.
fn sweep(store: &Store) -> Result<(), String> {
    let swept = blob::sweep(store).map_err(|error| error.to_string())?;
    if swept.left > 0 {
        let files = swept.left;
        tracing::warn!(
            files,
            "the database knows none of the files in this directory, and they were left: is it this directory's database?"
        );
    }
    if swept.removed > 0 {
        tracing::info!(files = swept.removed, "files that nothing refers to were removed");
    }
    Ok(())
}

fn start_log(config: &Config) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| format!("log = {:?} is not understood: {error}", config.log))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if config.log_json {
        log.json().init()
    } else {
        log.with_target(false).init()
    }
    Ok(())
}

async fn serve(config: &Config, app: App) -> Result<(), String> {
    // Until the end: dropped, it lets running jobs put back what they do, and waits for them.
    let _jobs = app::job::run_jobs(&app).map_err(|error| error.to_string())?;
    if let Some(password) = &config.admin_password {
        account::create_first(&app, &Secret::from(password.clone())).await.map_err(|error| error.to_string())?;
    }
    let tidying = tokio::spawn(tidy(app.clone()));
    let listener = tokio::net::TcpListener::bind(config.listen).await.map_err(|e| format!("can't listen on {}: {e}", config.listen))?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    match account::setup_token(&app).await.map_err(|error| error.to_string())? {
        Some(token) => output::line(&format!("No account yet. Set up the first one: http://{address}/setup?token={}", token.reveal()))?,
        None => output::line(&format!("Vizsla is at http://{address}"))?,
    }
    let (told, stopping) = tokio::sync::watch::channel(false);
    let mut out_of_time = stopping.clone();
    let router = web::router(Web { app: app.clone(), secure_cookies: config.secure_cookies }).layer(Extension(Stopping(stopping)));
    let stop = async move {
        stop().await;
        // Fails when nobody listens.
        let _ = told.send(true);
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let late = async move {
        let _ = out_of_time.wait_for(|stops| *stops).await;
        tokio::time::sleep(GRACE).await;
    };
    let outcome = tokio::select! {
        outcome = axum::serve(listener, service).with_graceful_shutdown(stop) => outcome.map_err(|error| format!("serving: {error}")),
        () = late => {
            tracing::warn!("requests that were still open were ended; what they had not finished was not done");
            Ok(())
        }
    };
    tidying.abort();
    outcome
}

/// Forgets, once an hour, what is over: ended sessions, old attempts to sign in.
async fn tidy(app: App) {
    let mut hourly = tokio::time::interval(Duration::from_secs(3_600));
    loop {
        hourly.tick().await;
        if let Err(error) = account::tidy(&app).await {
            tracing::warn!(%error, "what is over could not be forgotten");
        }
    }
}

/// Waits for Ctrl-C or SIGTERM.
async fn stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM is not heard");
                let _ = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}
