//! `vizsla export`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use crate::config::DataArg;
use crate::door::{Door, encode};
use crate::open;

/// Write a case in a format that others understand.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    #[command(flatten)]
    data: DataArg,
    /// `SECC0001001`.
    #[arg(value_name = "SECC…")]
    case: String,
    /// `stix`, `misp`, `csv`, `json`, `jsonl` or `plain`.
    #[arg(long)]
    format: String,
    /// One kind: `observable`, `indicator`, …; all unless told.
    #[arg(long, default_value = "")]
    kind: String,
    /// `included`, `excluded` or `all`.
    #[arg(long, default_value = "included")]
    status: String,
    /// Keywords; each must occur.
    #[arg(long, short, default_value = "")]
    query: String,
    /// Write observables so that nobody clicks them: csv and plain only.
    #[arg(long)]
    defang: bool,
    /// Begin a table with a byte order mark, for spreadsheets: csv only.
    #[arg(long)]
    bom: bool,
    /// Where to: standard output unless told.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs it.
pub(crate) fn run(command: Export) -> Result<(), String> {
    open::runtime()?.block_on(async {
        let door = Door::open(&command.data, "vizsla export")?;
        let url = format!(
            "/api/v1/cases/{}/export?format={}&kind={}&status={}&q={}&defang={}&bom={}",
            encode(&command.case),
            encode(&command.format),
            encode(&command.kind),
            encode(&command.status),
            encode(&command.query),
            command.defang,
            command.bom
        );
        match &command.output {
            Some(path) => {
                // A part must not stand where a whole is looked for.
                let part = path.with_extension("part");
                let failed = |error: io::Error| format!("{}: {error}", part.display());
                let mut file = BufWriter::new(File::create(&part).map_err(failed)?);
                let saved = match door.save(&url, &mut file).await {
                    Ok(()) => file.flush().map_err(failed),
                    Err(error) => Err(error),
                };
                if let Err(error) = saved {
                    let _ = std::fs::remove_file(&part);
                    return Err(error);
                }
                std::fs::rename(&part, path).map_err(|error| format!("{}: {error}", path.display()))
            }
            None => {
                let mut out = BufWriter::new(io::stdout());
                door.save(&url, &mut out).await?;
                out.flush().map_err(|error| format!("writing: {error}"))
            }
        }
    })
}
