//! Files on their way in: each chunk goes on to the disk as it comes, none waits in memory.

use std::io::{self, Read};

use app::logs::{self, LogFileView, LogImport};
use app::{App, AppError};
use axum::body::Bytes;
use axum::extract::multipart::Field;
use axum::http::{HeaderMap, header};
use futures_util::{Stream, StreamExt};
use model::Actor;
use tokio::sync::mpsc;

/// How many chunks may wait between the network and the disk.
const WAITING: usize = 16;
/// The longest text field beside a file.
const MAX_FIELD: usize = 4 * 1024;

/// Takes a log file in, while it comes.
pub(crate) async fn take_logs<E: std::fmt::Display>(
    app: &App,
    actor: &Actor,
    input: LogImport,
    chunks: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<LogFileView, AppError> {
    let (out, chunks_in) = mpsc::channel(WAITING);
    let content = Incoming { chunks: chunks_in, chunk: Bytes::new() };
    let (taken, sent) = tokio::join!(logs::import(app, actor, input, content), send(chunks, out));
    match (taken, sent) {
        (Ok(file), _) => Ok(file),
        (Err(_), Err(why)) => Err(AppError::invalid("", format!("the upload broke off, nothing was taken: {why}"))),
        (Err(error), Ok(())) => Err(error),
    }
}

/// Refuses what says itself that it is too large, before a byte of it is read.
pub(crate) fn check_length(headers: &HeaderMap) -> Result<(), AppError> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<u64>().ok());
    if length.is_some_and(|length| length > logs::MAX_BYTES) {
        return Err(AppError::TooLarge { what: "the file".to_owned(), limit: format!("{} GiB", logs::MAX_BYTES >> 30) });
    }
    Ok(())
}

/// A short text field of a multipart form.
pub(crate) async fn text(mut field: Field<'_>) -> Result<String, AppError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_FIELD {
            return Err(AppError::TooLarge { what: "a field of the form".to_owned(), limit: format!("{} kB", MAX_FIELD / 1024) });
        }
    }
    String::from_utf8(bytes).map_err(|_| AppError::invalid("", "a field of the form is not UTF-8"))
}

/// A number of seconds in a text field of a multipart form; none when it is empty.
pub(crate) async fn seconds(field: Field<'_>) -> Result<Option<i64>, AppError> {
    let text = text(field).await?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    text.trim().parse().map(Some).map_err(|_| AppError::invalid("/clock_offset", "must be whole seconds, such as -32400"))
}

/// What is wrong with a multipart body.
pub(crate) fn broken(error: impl std::fmt::Display) -> AppError {
    AppError::invalid("", format!("the upload can't be read: {error}"))
}

/// Passes chunks on until they end or nobody wants more.
async fn send<E: std::fmt::Display>(
    mut chunks: impl Stream<Item = Result<Bytes, E>> + Unpin,
    out: mpsc::Sender<io::Result<Bytes>>,
) -> Result<(), String> {
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => {
                if out.send(Ok(chunk)).await.is_err() {
                    return Ok(());
                }
            }
            Err(error) => {
                let why = error.to_string();
                // A file that broke off must not be taken for one that ended.
                let _ = out.send(Err(io::Error::new(io::ErrorKind::UnexpectedEof, why.clone()))).await;
                return Err(why);
            }
        }
    }
    Ok(())
}

/// The end that is read by a thread that may wait.
struct Incoming {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    chunk: Bytes,
}

impl Read for Incoming {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.chunk = chunk?,
                None => return Ok(0),
            }
        }
        let length = self.chunk.len().min(out.len());
        let taken = self.chunk.split_to(length);
        if let Some(room) = out.get_mut(..length) {
            room.copy_from_slice(&taken);
        }
        Ok(length)
    }
}
