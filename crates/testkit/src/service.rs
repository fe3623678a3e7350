//! HTTP as tests need it: a service that answers as a test says, and a client for servers on this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A request as a service got it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET`, `POST`.
    pub method: String,
    /// Path and query, as they came.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Request {
    /// A header, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }
}

/// What a service answers.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether it says that the body is longer than it is, and keeps the connection open: a service that hangs.
    pub hangs: bool,
}

impl Reply {
    /// JSON, or any text.
    #[must_use]
    pub fn ok(body: impl Into<String>) -> Self {
        Self::status(200, body)
    }

    /// A refusal.
    #[must_use]
    pub fn status(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into().into_bytes(), hangs: false }
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// An answer that never comes to its end.
    #[must_use]
    pub fn hanging() -> Self {
        Self { hangs: true, ..Self::ok("") }
    }
}

type Answering = dyn Fn(&Request) -> Reply + Send + Sync;

/// A service on this machine that answers as a test says, and remembers what it was asked. It ends with the test.
pub struct Service {
    url: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Service {
    /// A service.
    ///
    /// # Panics
    /// When there is no port to be had.
    #[must_use]
    pub fn new(answering: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on the loopback address");
        let url = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        let asked: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (answering, remember): (Arc<Answering>, _) = (Arc::new(answering), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answering, remember) = (Arc::clone(&answering), Arc::clone(&remember));
                std::thread::spawn(move || serve(stream, &*answering, &remember));
            }
        });
        Self { url, asked }
    }

    /// `http://127.0.0.1:…`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(stream: TcpStream, answering: &Answering, remember: &Mutex<Vec<Request>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    let request = read_request(&mut reader)?;
    remember.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    let reply = answering(&request);
    let length = reply.body.len() + usize::from(reply.hangs);
    let mut head = format!("HTTP/1.1 {} Told\r\ncontent-length: {length}\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    writer.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    writer.write_all(&reply.body).ok()?;
    writer.flush().ok()?;
    if reply.hangs {
        // Until the other side has had enough.
        let _ = reader.read(&mut [0; 1]);
    }
    Some(())
}

fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let mut request = Request { method: words.next()?.to_owned(), target: words.next()?.to_owned(), ..Request::default() };
    request.headers = read_headers(reader)?;
    let length = request.header("content-length").parse::<usize>().unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    Some(request)
}

fn read_headers(reader: &mut impl BufRead) -> Option<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            return Some(headers);
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// Sends a request to a server on this machine, and tells status and body.
///
/// # Errors
/// When it can't be reached, or does not speak HTTP.
pub fn exchange(address: &str, method: &str, target: &str, content_type: &str, body: &str) -> Result<(u16, String), String> {
    let mut stream = TcpStream::connect(address).map_err(|error| format!("{address}: {error}"))?;
    let head = format!(
        "{method} {target} HTTP/1.0\r\nhost: {address}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(|error| error.to_string())?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("the answer has no end of its head")?;
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).ok_or("the answer has no status")?;
    Ok((status, body.to_owned()))
}
