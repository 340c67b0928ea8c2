//! The little of WebSocket (RFC 6455) that the DevTools protocol needs: text in both directions, without encryption.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Set on the last frame of a message.
const FINAL: u8 = 0x80;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// Set on all frames of a client.
const MASKED: u8 = 0x80;

/// A connection to a server.
pub struct WebSocket(BufReader<TcpStream>);

impl WebSocket {
    /// Connects to `ws://HOST:PORT/PATH`.
    pub fn connect(url: &str) -> io::Result<Self> {
        let (address, path) = url.trim_start_matches("ws://").split_once('/').ok_or(io::ErrorKind::InvalidInput)?;
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        // The key only has to be 16 bytes: it keeps caches from answering.
        let head = format!(
            "GET /{path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        let mut reader = BufReader::new(stream);
        let mut status = String::new();
        reader.read_line(&mut status)?;
        if !status.starts_with("HTTP/1.1 101") {
            return Err(io::Error::other(status));
        }
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line)?;
        }
        Ok(Self(reader))
    }

    pub fn send(&mut self, text: &str) -> io::Result<()> {
        self.send_frame(TEXT, text.as_bytes())
    }

    fn send_frame(&mut self, kind: u8, payload: &[u8]) -> io::Result<()> {
        let mut frame = vec![FINAL | kind];
        match u16::try_from(payload.len()) {
            Ok(len) if len < 126 => frame.push(MASKED | len as u8),
            Ok(len) => {
                frame.push(MASKED | 126);
                frame.extend(len.to_be_bytes());
            }
            Err(_) => {
                frame.push(MASKED | 127);
                frame.extend((payload.len() as u64).to_be_bytes());
            }
        }
        // A mask of zeros leaves the payload as it is.
        frame.extend([0; 4]);
        frame.extend(payload);
        self.0.get_mut().write_all(&frame)
    }

    /// Receives the next message.
    pub fn receive(&mut self) -> io::Result<String> {
        let mut message = Vec::new();
        loop {
            let mut head = [0; 2];
            self.0.read_exact(&mut head)?;
            let len = match head[1] {
                126 => self.number::<2>()?,
                127 => self.number::<8>()?,
                len => len.into(),
            };
            let mut payload = Vec::new();
            self.0.by_ref().take(len).read_to_end(&mut payload)?;
            match head[0] & 0x0f {
                CLOSE => return Err(io::ErrorKind::ConnectionAborted.into()),
                PING => self.send_frame(PONG, &payload)?,
                PONG => {}
                _ => {
                    message.extend(payload);
                    if head[0] & FINAL != 0 {
                        return String::from_utf8(message).map_err(io::Error::other);
                    }
                }
            }
        }
    }

    /// Reads a number of so many bytes.
    fn number<const BYTES: usize>(&mut self) -> io::Result<u64> {
        let mut bytes = [0; BYTES];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}
