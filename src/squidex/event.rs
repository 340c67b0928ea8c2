//! One event of an app's log, in either of the two forms that Squidex has written: [`Event`].

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::{Error, ErrorKind, Result};
use super::object::{Object, from_object};

/// One event: its type, its stream, and its payload and headers as JSON text, byte for byte as stored.
///
/// An event that was read is written in the form in which it was stored. New events get the compact form, which Squidex
/// writes today: `{"n":{"t","s","p","h"}}` with type, stream, payload as a string, and headers. The former one was
/// `{"streamName","eventPosition","eventStreamNumber","data":{"type","metadata","payload"}}`.
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
    form: Form,
}

/// The form in which an event is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Compact,
    Verbose {
        /// The position of the event in the store that it came from, as JSON.
        position: Option<String>,
        /// The number of the event in its stream.
        stream_number: i64,
    },
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
    /// Creates an event of type `kind` (such as `AppCreatedEvent`) in `stream`, with a JSON object as payload and no headers.
    ///
    /// # Errors
    /// Returns an error if the payload is not a JSON object, or the stream name does not have the form `<type>-<id>`.
    pub fn new(kind: impl Into<String>, stream: impl Into<String>, payload: impl Into<String>) -> Result<Self> {
        let event = Self {
            kind: kind.into(),
            stream: stream.into(),
            payload: payload.into(),
            headers: None,
            form: Form::Compact,
        };
        event.checked().map_err(|kind| {
            Error::new(ErrorKind::Misuse(match kind {
                ErrorKind::EventPayload => "the payload of an event must be a JSON object",
                _ => "an event must have a type, and a stream name of the form <type>-<id>",
            }))
        })
    }

    /// Adds headers, a JSON object.
    ///
    /// # Errors
    /// Returns an error if the headers are not a JSON object.
    pub fn with_headers(mut self, headers: impl Into<String>) -> Result<Self> {
        self.headers = Some(headers.into());
        self.checked().map_err(|_| ErrorKind::Misuse("the headers of an event must be a JSON object").into())
    }

    /// Returns the type, such as `AssetCreatedEventV2`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns the type without the suffix `Event` and the version: `AssetCreated`.
    #[must_use]
    pub fn base_kind(&self) -> &str {
        let unnumbered = self.kind.trim_end_matches(|c: char| c.is_ascii_digit());
        let unversioned = match unnumbered.strip_suffix('V') {
            Some(base) if unnumbered.len() != self.kind.len() => base,
            _ => &self.kind,
        };
        unversioned.strip_suffix("Event").unwrap_or(unversioned)
    }

    /// Returns the stream: `<type>-<app id>` or `<type>-<app id>--<id>`.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// Returns the payload, a JSON object.
    #[must_use]
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// Returns the headers, a JSON object, if there are any.
    #[must_use]
    pub fn headers(&self) -> Option<&str> {
        self.headers.as_deref()
    }

    /// Returns `true` if the event has the compact form, which Squidex writes today.
    #[must_use]
    pub const fn is_compact(&self) -> bool {
        matches!(self.form, Form::Compact)
    }

    /// Parses a stored event. If both forms are present, the compact one counts.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let unreadable = |error| Error::json(ErrorKind::EventForm, error);
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
                Self { kind: new.t, stream: new.s, payload: new.p, headers: headers(new.h), form: Form::Compact }
            }
            (None, Some(data)) => Self {
                kind: data.kind,
                // Without a name the check below refuses the event.
                stream: stored.stream_name.unwrap_or_default(),
                payload: text(data.payload),
                headers: headers(data.metadata),
                form: Form::Verbose {
                    position: stored.event_position.map(text).filter(|position| position != "null"),
                    stream_number: stored.event_stream_number.unwrap_or_default(),
                },
            },
            (None, None) => return Err(ErrorKind::EventEmpty.into()),
        };
        event.checked().map_err(Error::new)
    }

    /// Renders the event in its form.
    pub(super) fn render(&self) -> serde_json::Result<Vec<u8>> {
        let raw = |text: &Option<String>| text.clone().map(RawValue::from_string).transpose();
        let headers = raw(&self.headers)?;
        match &self.form {
            Form::Compact => {
                let n = Compact { t: self.kind.clone(), s: self.stream.clone(), p: self.payload.clone(), h: headers };
                serde_json::to_vec(&StoredCompact { n })
            }
            Form::Verbose { position, stream_number } => serde_json::to_vec(&StoredVerbose {
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

    /// Returns the event with another stream, payload and headers.
    pub(super) fn rewritten(&self, stream: String, payload: String, headers: Option<String>) -> Self {
        Self { kind: self.kind.clone(), stream, payload, headers, form: self.form.clone() }
    }

    pub(super) fn payload_object(&self) -> Result<Object<'_>, ErrorKind> {
        Object::parse(&self.payload).map_err(|_| ErrorKind::EventPayload)
    }

    pub(super) fn headers_object(&self) -> Result<Option<Object<'_>>, ErrorKind> {
        self.headers.as_deref().map(|text| Object::parse(text).map_err(|_| ErrorKind::EventHeaders)).transpose()
    }

    fn checked(self) -> Result<Self, ErrorKind> {
        self.payload_object()?;
        self.headers_object()?;
        let stream_ok = self.stream.split_once('-').is_some_and(|(kind, id)| !kind.is_empty() && !id.is_empty());
        if stream_ok && !self.kind.is_empty() { Ok(self) } else { Err(ErrorKind::EventStream) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Event> {
        Event::parse(text.as_bytes())
    }

    #[test]
    fn both_forms_are_read_and_written_back_unchanged() {
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
    fn the_compact_form_counts_and_null_members_are_ignored() {
        let both = r#"{"n":{"t":"New","s":"app-1","p":"{}","h":null},"streamName":"app-2","eventPosition":null,"eventStreamNumber":0,"data":{"type":"Old","metadata":{},"payload":{}}}"#;
        assert_eq!(parse(both).unwrap().kind(), "New");
        let nulls = r#"{"n":{"t":"New","s":"app-1","p":"{}","h":{}},"streamName":null,"eventPosition":null,"eventStreamNumber":0,"data":null}"#;
        assert_eq!(parse(nulls).unwrap().kind(), "New");
        let old = r#"{"n":null,"streamName":"app-2","eventStreamNumber":0,"data":{"type":"Old","payload":{}}}"#;
        assert_eq!(parse(old).unwrap().kind(), "Old");
    }

    #[test]
    fn every_fault_of_an_event_is_named() {
        for (text, expected) in [
            ("", "EventForm"),
            ("[]", "EventForm"),
            (r#"{"n":["T","app-1","{}",null]}"#, "EventForm"),
            ("{}", "EventEmpty"),
            (r#"{"n":null,"data":null}"#, "EventEmpty"),
            (r#"{"n":{"t":"T","s":"app-1","p":"[1]"}}"#, "EventPayload"),
            (r#"{"n":{"t":"T","s":"app-1","p":"{"}}"#, "EventPayload"),
            (r#"{"n":{"t":"T","s":"app-1","p":"{}","h":[]}}"#, "EventHeaders"),
            (r#"{"n":{"t":"T","s":"app","p":"{}"}}"#, "EventStream"),
            (r#"{"n":{"t":"","s":"app-1","p":"{}"}}"#, "EventStream"),
            (r#"{"data":{"type":"T","payload":{}}}"#, "EventStream"),
            (r#"{"n":{"t":"T","s":"app-1","p":"{}"},"n":{"t":"U","s":"app-1","p":"{}"}}"#, "EventForm"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(format!("{:?}", error.kind()), expected, "{text}");
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
