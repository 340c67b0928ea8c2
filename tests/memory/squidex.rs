//! Squidex archives: what is parsed in memory is bounded, and nothing becomes many times as large as it was.

use std::fmt::Write as _;
use std::io;

use appsnap::observe::NoObserver;
use appsnap::squidex::{Archive, Error, ErrorKind, Event, NewApp, Writer, clone_app};
use appsnap::{DocumentId, Limits};

use super::{MIB, alone, expect_within, peak};

const APP: &str = "f4c43ae4-0d14-4ee0-a5c4-4d4e3e1a5f10";

/// An archive whose events have these payloads.
fn archive(payloads: &[String]) -> Vec<u8> {
    let mut writer = Writer::start(Vec::new()).unwrap();
    for (number, payload) in payloads.iter().enumerate() {
        let kind = if number == 0 { "AppCreatedEvent" } else { "SomethingDone" };
        writer.event(&Event::new(kind, format!("app-{APP}"), payload).unwrap()).unwrap();
    }
    writer.finish().unwrap().0
}

fn created(name: &str) -> String {
    format!(r#"{{"name":"{name}","appId":"{APP},blog"}}"#)
}

/// An object of as many members as fit into `len` bytes, with names of their own or all alike.
fn members(len: usize, are_alike: bool) -> String {
    let mut text = String::from("{\"appId\":0");
    for number in 0.. {
        if text.len() > len {
            break;
        }
        if are_alike {
            text.push_str(",\"appId\":0");
        } else {
            write!(text, ",\"{number:x}\":0").unwrap();
        }
    }
    text.push('}');
    text
}

fn cloned(bytes: &[u8], limits: &Limits) -> Result<(), Error> {
    let archive = Archive::open(bytes, limits)?;
    archive.survey(&mut NoObserver)?;
    let new = NewApp::new(DocumentId::from_bytes([7; 16]).uuid());
    clone_app(&archive, io::sink(), &new, &mut NoObserver).map(drop)
}

fn is_limit(result: &Result<(), Error>) -> bool {
    result.as_ref().is_err_and(|error| match error.kind() {
        ErrorKind::Limit(exceeded) => exceeded.name == "max_event_bytes",
        _ => false,
    })
}

#[test]
fn event_over_its_limit_is_not_even_inflated() {
    let _alone = alone();
    let bytes = archive(&[created("blog"), members(8 * MIB, false)]);
    let limits = Limits::untrusted().with_max_event_bytes(MIB as u64);
    let (result, peak_bytes) = peak(|| cloned(&bytes, &limits));
    assert!(is_limit(&result), "{result:?}");
    expect_within("max_event_bytes", peak_bytes, MIB);
}

#[test]
fn event_of_many_members_takes_a_few_times_its_length() {
    let _alone = alone();
    let bytes = archive(&[created("blog"), members(8 * MIB, false)]);
    let (result, peak_bytes) = peak(|| cloned(&bytes, &Limits::untrusted()));
    assert!(result.is_ok(), "{result:?}");
    // As stored, quoted twice over; its payload; the same with another app; and that as it is written.
    expect_within("an event of 8 MiB", peak_bytes, 8 * MIB * 9);
}

/// Each of many members is to become a name that is itself long.
#[test]
fn clone_does_not_multiply_a_long_name() {
    let _alone = alone();
    let bytes = archive(&[created(&"n".repeat(MIB)), members(MIB, true)]);
    let limits = Limits::untrusted().with_max_event_bytes(8 * MIB as u64);
    let (result, peak_bytes) = peak(|| cloned(&bytes, &limits));
    assert!(is_limit(&result), "{result:?}");
    expect_within("a long name in many places", peak_bytes, 40 * MIB);
}
