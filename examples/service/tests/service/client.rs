//! An HTTP client that can be told to behave badly.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

#[derive(Clone, Copy, Debug)]
pub struct Client {
    pub address: SocketAddr,
}

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl Client {
    pub fn connect(self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        stream
    }

    /// Sends a request's head alone.
    pub fn begin(self, method: &str, target: &str, len_bytes: usize) -> io::Result<TcpStream> {
        self.begin_with(method, target, &[("content-length", &len_bytes.to_string())])
    }

    fn begin_with(self, method: &str, target: &str, headers: &[(&str, &str)]) -> io::Result<TcpStream> {
        let mut stream = self.connect();
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        head += "\r\n";
        stream.write_all(head.as_bytes())?;
        Ok(stream)
    }

    /// Sends a request without a body.
    pub fn ask(self, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        let stream = self.begin_with(method, target, headers).unwrap();
        if method == "HEAD" { read_head_alone(stream).unwrap() } else { read_answer(stream).unwrap() }
    }

    pub fn send(self, method: &str, target: &str, body: &[u8]) -> io::Result<Answer> {
        let mut stream = self.begin(method, target, body.len())?;
        // The service may answer, and stop listening, before it has all of it.
        let _ = stream.write_all(body);
        read_answer(stream)
    }
}

/// Reads an answer that must have no body.
fn read_head_alone(stream: TcpStream) -> io::Result<Answer> {
    let mut reader = BufReader::new(stream);
    let (status, headers) = read_head(&mut reader)?;
    let mut body = Vec::new();
    reader.read_to_end(&mut body)?;
    Ok(Answer { status, headers, body })
}

/// Reads an answer to its end; an answer that is broken off is an error.
pub fn read_answer(stream: TcpStream) -> io::Result<Answer> {
    let mut reader = BufReader::new(stream);
    let (status, headers) = read_head(&mut reader)?;
    let mut answer = Answer { status, headers, body: Vec::new() };
    if answer.header("transfer-encoding") == Some("chunked") {
        read_chunks(&mut reader, &mut answer.body)?;
    } else {
        let len = answer.header("content-length").map_or(0, |len| len.parse().unwrap());
        answer.body.resize(len, 0);
        reader.read_exact(&mut answer.body)?;
    }
    Ok(answer)
}

fn read_head(reader: &mut impl BufRead) -> io::Result<(u16, Vec<(String, String)>)> {
    let status = line(reader)?.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or(io::ErrorKind::InvalidData)?;
    let mut headers = Vec::new();
    loop {
        let line = line(reader)?;
        match line.split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => return Ok((status, headers)),
        }
    }
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let len = usize::from_str_radix(&line(reader)?, 16).map_err(io::Error::other)?;
        let before = body.len();
        body.resize(before + len, 0);
        reader.read_exact(&mut body[before..])?;
        line(reader)?;
        if len == 0 {
            return Ok(());
        }
    }
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}
