//! One event of an app's log: [`Event`], in either form that Squidex has written.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::{Error, ErrorKind, EventFault, Result};
use super::object::{Object, from_object};

/// Which of its two forms an event is stored in.
///
/// ```
/// use appsnap::squidex::{Event, Shape};
///
/// let event = Event::new("AppCreatedEvent", "app-1", "{}")?;
/// assert_eq!(event.shape(), &Shape::Compact);
/// # Ok::<(), appsnap::squidex::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// `{"n":{"t","s","p","h"}}`: type, stream, payload as a string, headers. What Squidex writes today.
    #[default]
    Compact,
    /// `{"streamName","eventPosition","eventStreamNumber","data":{"type","metadata","payload"}}`: what it wrote before.
    #[non_exhaustive]
    Verbose {
        /// The event's position in the store it came from, as JSON.
        position: Option<String>,
        /// The event's number in its stream.
        stream_number: i64,
    },
}

/// One event: its type, its stream, and payload and headers as JSON text, byte for byte as stored.
///
/// ```
/// use appsnap::squidex::Event;
///
/// let event = Event::new("AssetCreatedEventV2", "asset-1--7", r#"{"fileName":"logo.png"}"#)?.with_headers("{}")?;
/// assert_eq!((event.kind(), event.base_kind()), ("AssetCreatedEventV2", "AssetCreated"));
/// assert!(Event::new("AssetCreatedEventV2", "asset-1--7", "not JSON").is_err());
/// # Ok::<(), appsnap::squidex::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    kind: String,
    stream: String,
    payload: String,
    headers: Option<String>,
    shape: Shape,
}

#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    n: Option<Box<RawValue>>,
    #[serde(default, rename = "streamName")]
    stream_name: Option<String>,
    #[serde(default, rename = "eventPosition")]
    event_position: Option<Box<RawValue>>,
    #[serde(default, rename = "eventStreamNumber")]
    event_stream_number: Option<i64>,
    #[serde(default)]
    data: Option<Box<RawValue>>,
}

#[derive(Serialize, Deserialize)]
struct Compact {
    t: String,
    s: String,
    p: String,
    #[serde(default)]
    h: Option<Box<RawValue>>,
}

#[derive(Serialize, Deserialize)]
struct Data {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    metadata: Option<Box<RawValue>>,
    payload: Box<RawValue>,
}

#[derive(Serialize)]
struct StoredCompact {
    n: Compact,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StoredVerbose<'a> {
    stream_name: &'a str,
    event_position: Option<Box<RawValue>>,
    event_stream_number: i64,
    data: Data,
}

impl Event {
    /// An event of type `kind` (such as `AppCreatedEvent`) in `stream`, with a JSON object as payload and no headers.
    ///
    /// # Errors
    /// [`Misuse`](ErrorKind::Misuse) when the payload is no JSON object, or the stream's name is not `<type>-<id>`.
    pub fn new(kind: impl Into<String>, stream: impl Into<String>, payload: impl Into<String>) -> Result<Self> {
        let event = Self {
            kind: kind.into(),
            stream: stream.into(),
            payload: payload.into(),
            headers: None,
            shape: Shape::Compact,
        };
        event.checked().map_err(|fault| {
            Error::new(ErrorKind::Misuse(match fault {
                EventFault::Payload => "an event's payload is a JSON object",
                _ => "an event has a type, and a stream name of the form <type>-<id>",
            }))
        })
    }

    /// Adds headers, a JSON object.
    ///
    /// # Errors
    /// [`Misuse`](ErrorKind::Misuse) when they are something else.
    pub fn with_headers(mut self, headers: impl Into<String>) -> Result<Self> {
        self.headers = Some(headers.into());
        self.checked().map_err(|_| Error::new(ErrorKind::Misuse("an event's headers are a JSON object")))
    }

    /// Chooses the form in which the event is written. Default: [`Shape::Compact`].
    #[must_use]
    pub fn with_shape(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// The type, such as `AssetCreatedEventV2`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The type without the suffix `Event` and a version: `AssetCreated`.
    #[must_use]
    pub fn base_kind(&self) -> &str {
        let unnumbered = self.kind.trim_end_matches(|c: char| c.is_ascii_digit());
        let unversioned = match unnumbered.strip_suffix('V') {
            Some(base) if unnumbered.len() != self.kind.len() => base,
            _ => &self.kind,
        };
        unversioned.strip_suffix("Event").unwrap_or(unversioned)
    }

    /// The stream: `<type>-<app id>` or `<type>-<app id>--<id>`.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The payload, a JSON object.
    #[must_use]
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// The headers, a JSON object, where there are any.
    #[must_use]
    pub fn headers(&self) -> Option<&str> {
        self.headers.as_deref()
    }

    /// The form it is stored in.
    #[must_use]
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Reads a stored event; where both forms are present, the new one counts.
    pub(super) fn parse(index: u64, bytes: &[u8]) -> Result<Self> {
        let unreadable = |error| Error::json(ErrorKind::Event { index, fault: EventFault::Json }, error);
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let raw: Box<RawValue> = serde_json::from_slice(bytes).map_err(unreadable)?;
        let stored: Stored = from_object(raw.get()).map_err(unreadable)?;
        let new: Option<Compact> = stored.n.map(|raw| from_object(raw.get())).transpose().map_err(unreadable)?;
        let data: Option<Data> = match &new {
            Some(_) => None,
            None => stored.data.map(|raw| from_object(raw.get())).transpose().map_err(unreadable)?,
        };
        let text = |raw: Box<RawValue>| raw.get().to_owned();
        let headers = |raw: Option<Box<RawValue>>| raw.map(text).filter(|headers| headers != "null");
        let event = match (new, data) {
            (Some(new), _) => {
                Self { kind: new.t, stream: new.s, payload: new.p, headers: headers(new.h), shape: Shape::Compact }
            }
            (None, Some(data)) => Self {
                kind: data.kind,
                stream: stored.stream_name.unwrap_or_default(),
                payload: text(data.payload),
                headers: headers(data.metadata),
                shape: Shape::Verbose {
                    position: stored.event_position.map(text).filter(|position| position != "null"),
                    stream_number: stored.event_stream_number.unwrap_or_default(),
                },
            },
            (None, None) => return Err(Error::event(index, EventFault::Empty)),
        };
        event.checked().map_err(|fault| Error::event(index, fault))
    }

    /// The event as it is stored.
    pub(super) fn render(&self) -> serde_json::Result<Vec<u8>> {
        let raw = |text: &Option<String>| text.clone().map(RawValue::from_string).transpose();
        let headers = raw(&self.headers)?;
        match &self.shape {
            Shape::Compact => {
                let n = Compact { t: self.kind.clone(), s: self.stream.clone(), p: self.payload.clone(), h: headers };
                serde_json::to_vec(&StoredCompact { n })
            }
            Shape::Verbose { position, stream_number } => serde_json::to_vec(&StoredVerbose {
                stream_name: &self.stream,
                event_position: raw(position)?,
                event_stream_number: *stream_number,
                data: Data {
                    kind: self.kind.clone(),
                    metadata: headers,
                    payload: RawValue::from_string(self.payload.clone())?,
                },
            }),
        }
    }

    /// The event with another stream, payload and headers.
    pub(super) fn rewritten(&self, stream: String, payload: String, headers: Option<String>) -> Self {
        Self { kind: self.kind.clone(), stream, payload, headers, shape: self.shape.clone() }
    }

    pub(super) fn payload_object(&self) -> Result<Object<'_>, EventFault> {
        Object::parse(&self.payload).map_err(|_| EventFault::Payload)
    }

    pub(super) fn headers_object(&self) -> Result<Option<Object<'_>>, EventFault> {
        self.headers.as_deref().map(|text| Object::parse(text).map_err(|_| EventFault::Headers)).transpose()
    }

    fn checked(self) -> Result<Self, EventFault> {
        self.payload_object()?;
        self.headers_object()?;
        let stream_ok = self.stream.split_once('-').is_some_and(|(kind, id)| !kind.is_empty() && !id.is_empty());
        if stream_ok && !self.kind.is_empty() { Ok(self) } else { Err(EventFault::Stream) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Event> {
        Event::parse(7, text.as_bytes())
    }

    #[test]
    fn both_shapes_are_read_and_written_back_alike() {
        let compact = r#"{"n":{"t":"AppCreatedEvent","s":"app-1","p":"{\"a\": 1e2}","h":{"X":"y"}}}"#;
        let verbose = r#"{"streamName":"app-1","eventPosition":"12","eventStreamNumber":3,"data":{"type":"AppCreatedEvent","metadata":{"X":"y"},"payload":{"a": 1e2}}}"#;
        for text in [compact, verbose] {
            let event = parse(text).unwrap();
            assert_eq!((event.kind(), event.stream(), event.payload()), ("AppCreatedEvent", "app-1", r#"{"a": 1e2}"#));
            assert_eq!(event.headers(), Some(r#"{"X":"y"}"#));
            assert_eq!(event.render().unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn the_new_shape_wins_and_null_members_do_not_disturb() {
        let both = r#"{"n":{"t":"New","s":"app-1","p":"{}","h":null},"streamName":"app-2","eventPosition":null,"eventStreamNumber":0,"data":{"type":"Old","metadata":{},"payload":{}}}"#;
        assert_eq!(parse(both).unwrap().kind(), "New");
        let nulls = r#"{"n":{"t":"New","s":"app-1","p":"{}","h":{}},"streamName":null,"eventPosition":null,"eventStreamNumber":0,"data":null}"#;
        assert_eq!(parse(nulls).unwrap().kind(), "New");
        let old = r#"{"n":null,"streamName":"app-2","eventStreamNumber":0,"data":{"type":"Old","payload":{}}}"#;
        assert_eq!(parse(old).unwrap().kind(), "Old");
    }

    #[test]
    fn what_is_no_event_is_named() {
        for (text, expected) in [
            ("", EventFault::Json),
            ("[]", EventFault::Json),
            (r#"{"n":["T","app-1","{}",null]}"#, EventFault::Json),
            ("{}", EventFault::Empty),
            (r#"{"n":null,"data":null}"#, EventFault::Empty),
            (r#"{"n":{"t":"T","s":"app-1","p":"[1]"}}"#, EventFault::Payload),
            (r#"{"n":{"t":"T","s":"app-1","p":"{"}}"#, EventFault::Payload),
            (r#"{"n":{"t":"T","s":"app-1","p":"{}","h":[]}}"#, EventFault::Headers),
            (r#"{"n":{"t":"T","s":"app","p":"{}"}}"#, EventFault::Stream),
            (r#"{"n":{"t":"","s":"app-1","p":"{}"}}"#, EventFault::Stream),
            (r#"{"data":{"type":"T","payload":{}}}"#, EventFault::Stream),
            (r#"{"n":{"t":"T","s":"app-1","p":"{}"},"n":{"t":"U","s":"app-1","p":"{}"}}"#, EventFault::Json),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Event { index: 7, fault: expected }, "{text}");
        }
    }

    #[test]
    fn base_kinds_lose_suffix_and_version() {
        for (kind, base) in [
            ("AssetCreatedEventV2", "AssetCreated"),
            ("AssetCreatedEvent", "AssetCreated"),
            ("AssetCreated", "AssetCreated"),
            ("V2", ""),
            ("Event7", "Event7"),
        ] {
            assert_eq!(Event::new(kind, "a-b", "{}").unwrap().base_kind(), base, "{kind}");
        }
    }
}
