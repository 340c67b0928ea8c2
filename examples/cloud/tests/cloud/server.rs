//! A server that speaks S3 (moto, from PyPI), behind a proxy that injects faults.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use appsnap_tests::tools::tool;

pub const BUCKET: &str = "apps";

/// This server asks for an owner, and does not verify signatures.
const OWNER: &str = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, \
                     SignedHeaders=host, Signature=0\r\n";

/// A fault of a request.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// It is answered with this status, and not passed on.
    Status(u16),
    /// The connection ends without an answer.
    Reset,
    /// The answer ends in the middle of its body.
    Truncate,
    /// The answer waits.
    Slow(Duration),
}

/// A fault of so many requests whose first line contains a text.
#[derive(Clone, Debug)]
struct Planned {
    text: String,
    times: usize,
    fault: Fault,
}

#[derive(Debug, Default)]
struct State {
    faults: Vec<Planned>,
    /// The first line of each request.
    seen: Vec<String>,
}

/// A running server; it ends with the test.
pub struct Server {
    child: Child,
    port: u16,
    proxy_port: u16,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub fn start() -> Option<Self> {
        let program = tool("moto_server")?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy_port = listener.local_addr().unwrap().port();
        let state = Arc::<Mutex<State>>::default();
        let server = Self { child, port, proxy_port, state: Arc::clone(&state) };
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(since.elapsed() < Duration::from_secs(120), "moto_server does not answer");
            thread::sleep(Duration::from_millis(50));
        }
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                thread::spawn(move || serve(client, port, &state));
            }
        });
        server.request(&format!("PUT /{BUCKET}"), b"");
        Some(server)
    }

    /// Sends a request past the proxy.
    pub fn request(&self, target: &str, body: &[u8]) -> Vec<u8> {
        let answer = exchange(self.port, &format!("{target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{OWNER}"), body).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 2"), "{target}: {}", String::from_utf8_lossy(&answer));
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        answer[end + 4..].to_vec()
    }

    pub fn put(&self, key: &str, body: &[u8]) {
        self.request(&format!("PUT /{BUCKET}/{key}"), body);
    }

    pub fn get(&self, key: &str) -> Vec<u8> {
        self.request(&format!("GET /{BUCKET}/{key}"), b"")
    }

    pub fn delete(&self, key: &str) {
        self.request(&format!("DELETE /{BUCKET}/{key}"), b"");
    }

    /// The keys below a prefix.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let mut keys = Vec::new();
        loop {
            let after = keys.last().map_or(String::new(), |last| format!("&start-after={last}"));
            let page = self.request(&format!("GET /{BUCKET}?list-type=2&prefix={prefix}{after}"), b"");
            let page = String::from_utf8(page).unwrap();
            let before = keys.len();
            keys.extend(page.split("<Key>").skip(1).map(|rest| rest.split("</Key>").next().unwrap().to_owned()));
            if before == keys.len() {
                return keys;
            }
        }
    }

    /// Uploads that were begun and neither completed nor aborted.
    pub fn uploads_count(&self) -> usize {
        let answer = self.request(&format!("GET /{BUCKET}?uploads"), b"");
        String::from_utf8(answer).unwrap().matches("<UploadId>").count()
    }

    /// From now on, `times` requests whose first line contains `text` have this fault.
    pub fn inject(&self, text: &str, times: usize, fault: Fault) {
        self.state.lock().unwrap().faults.push(Planned { text: text.to_owned(), times, fault });
    }

    /// Ends all faults, and returns how many were left.
    pub fn heal(&self) -> usize {
        let faults = std::mem::take(&mut self.state.lock().unwrap().faults);
        faults.iter().map(|fault| fault.times).sum()
    }

    /// The number of requests so far whose first line contains `text`.
    pub fn seen(&self, text: &str) -> usize {
        self.state.lock().unwrap().seen.iter().filter(|line| line.contains(text)).count()
    }

    /// A command that reaches this server with the variables that users of S3 set.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.proxy_port))
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request on a connection of its own, and returns the whole answer.
fn exchange(port: u16, head: &str, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(format!("{head}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()).as_bytes())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// Passes one request on, with the fault that is planned for it.
fn serve(mut client: TcpStream, port: u16, state: &Mutex<State>) {
    let Ok((head, body)) = receive(&mut client) else { return };
    let line = head.lines().next().unwrap_or_default().to_owned();
    let fault = {
        let mut state = state.lock().unwrap();
        state.seen.push(line.clone());
        let planned = state.faults.iter_mut().find(|planned| planned.times > 0 && line.contains(&planned.text));
        planned.map(|planned| {
            planned.times -= 1;
            planned.fault
        })
    };
    match fault {
        Some(Fault::Status(status)) => {
            let text = "<Error><Code>SlowDown</Code><Message>as planned</Message></Error>";
            let len = text.len();
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{text}");
            let _ = client.write_all(answer.as_bytes());
            return;
        }
        Some(Fault::Reset) => {
            let _ = client.shutdown(Shutdown::Both);
            return;
        }
        Some(Fault::Slow(time)) => thread::sleep(time),
        Some(Fault::Truncate) | None => {}
    }
    let kept = head.split("\r\n").filter(|line| {
        let name = line.split(':').next().unwrap_or_default().to_lowercase();
        !line.is_empty() && name != "content-length" && name != "connection"
    });
    let head: String = kept.map(|line| format!("{line}\r\n")).collect();
    let Ok(mut answer) = exchange(port, &head, &body) else { return };
    if matches!(fault, Some(Fault::Truncate)) {
        let start = answer.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |at| at + 4);
        answer.truncate(start + (answer.len() - start) / 2);
    }
    let _ = client.write_all(&answer);
}

fn receive(client: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 16 << 10]);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..count]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut body = bytes.split_off(end + 4);
    let lower = head.to_lowercase();
    let len = lower.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    while body.len() < len {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        body.extend_from_slice(&buffer[..count]);
    }
    Ok((head, body))
}
