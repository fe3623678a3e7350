//! `vizsla doctor`.

use model::Scope;
use store::data_dir::DataDir;
use store::{StoreError, job, journal};

use crate::config::{self, DataArg};
use crate::{open, output};

/// Say how the installation is: configuration, directory, database, journal.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    data: DataArg,
}

/// Runs it.
pub(crate) fn run(command: Doctor) -> Result<(), String> {
    let mut troubles = 0;
    let mut say = |what: &str, outcome: Result<String, String>| -> Result<(), String> {
        match outcome {
            Ok(text) => output::line(&format!("ok       {what}: {text}")),
            Err(text) => {
                troubles += 1;
                output::line(&format!("trouble  {what}: {text}"))
            }
        }
    };
    let config = config::read(&command.data.data)?;
    say("configuration", Ok(format!("listens on {}", config.listen)))?;
    let held = DataDir::hold(&command.data.data, "vizsla doctor");
    say(
        "data directory",
        match &held {
            Ok(held) => Ok(format!("{} is free", held.path().display())),
            // A running server is how it should be.
            Err(StoreError::Held(who)) => Ok(who.clone()),
            Err(error) => Err(error.to_string()),
        },
    )?;
    match open::store(&config, &command.data.data) {
        Err(error) => say("database", Err(error))?,
        Ok(store) => {
            let engine = format!("{:?}", store.engine());
            say("database", Ok(engine))?;
            let read = store.read_blocking(Scope::System, |tx| Ok::<_, StoreError>((journal::verify(tx, None)?, job::unfinished(tx)?)));
            match read {
                Err(error) => say("journal", Err(error.to_string()))?,
                Ok((found, unfinished)) => {
                    say(
                        "journal",
                        match found.broken {
                            None => Ok(format!("{} entries fit", found.entries)),
                            Some(broken) => Err(format!("entry {} does not fit: {}", broken.seq, broken.why)),
                        },
                    )?;
                    say("jobs", Ok(format!("{unfinished} waiting or running")))?;
                }
            }
        }
    }
    if troubles == 0 { Ok(()) } else { Err(format!("{troubles} troubles")) }
}
