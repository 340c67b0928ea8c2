//! The least HTTP client that the S3 client can speak through: one connection a request, no TLS.

use std::io;

use appsnap::remote::object_store::{self, ClientOptions, client};
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::http::Response;
use client::{HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[derive(Debug)]
pub struct Plain;

impl HttpConnector for Plain {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Self))
    }
}

#[async_trait]
impl HttpService for Plain {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        exchange(request).await.map_err(|error| HttpError::new(HttpErrorKind::Request, error))
    }
}

async fn exchange(request: HttpRequest) -> io::Result<HttpResponse> {
    let (head, body) = request.into_parts();
    let body = to_bytes(Body::new(body), usize::MAX).await.map_err(io::Error::other)?;
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let authority = head.uri.authority().map_or("", |authority| authority.as_str());
    let mut text = format!("{} {target} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n", head.method);
    text += &format!("content-length: {}\r\n", body.len());
    for (name, value) in &head.headers {
        if !matches!(name.as_str(), "host" | "content-length" | "connection") {
            text += &format!("{name}: {}\r\n", value.to_str().map_err(io::Error::other)?);
        }
    }
    let mut stream = TcpStream::connect(authority).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.write_all(b"\r\n").await?;
    stream.write_all(&body).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    parse(&answer).ok_or_else(|| io::Error::other("the answer is not HTTP"))
}

fn parse(answer: &[u8]) -> Option<HttpResponse> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let mut lines = std::str::from_utf8(&answer[..end]).ok()?.split("\r\n");
    let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let mut response = Response::builder().status(status);
    for line in lines {
        let (name, value) = line.split_once(':')?;
        response = response.header(name, value.trim());
    }
    response.body(answer[end + 4..].to_vec().into()).ok()
}
