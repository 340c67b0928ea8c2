//! Squidex archives: read in both forms of events, examined, cloned, written, and refused when hostile.

mod commands;
mod hostile;
mod python;
mod round_trip;

use appsnap::Limits;
use appsnap::squidex::{Archive, Event, Writer};

/// The id of the app in the archives of these tests.
pub(crate) const APP: &str = "f4c43ae4-0d14-4ee0-a5c4-4d4e3e1a5f10";

/// The id of an asset.
pub(crate) const ASSET: &str = "7a2b5c1d-aaaa-4bbb-8ccc-1234567890ab";

pub(crate) fn open(bytes: &[u8]) -> Archive<&[u8]> {
    Archive::open(bytes, &Limits::untrusted()).unwrap()
}

pub(crate) fn app_created() -> Event {
    let payload = format!(r#"{{"name":"blog","actor":"subject:u1","appId":"{APP},blog"}}"#);
    Event::new("AppCreatedEvent", format!("app-{APP}"), payload).unwrap()
}

pub(crate) fn asset_event(kind: &str, version: u64) -> Event {
    let payload = format!(r#"{{"assetId":"{ASSET}","fileVersion":{version},"fileSize":3,"appId":"{APP},blog"}}"#);
    let headers = format!(r#"{{"AggregateId":"{APP}--{ASSET}","EventId":"e{version}"}}"#);
    Event::new(kind, format!("asset-{APP}--{ASSET}"), payload).unwrap().with_headers(headers).unwrap()
}

/// A small complete archive: an app, and an asset with two versions, of which the second file is missing.
pub(crate) fn sample() -> Vec<u8> {
    let mut writer = Writer::start(Vec::new()).unwrap();
    writer.event(&app_created()).unwrap();
    writer.event(&asset_event("AssetCreatedEventV2", 0)).unwrap();
    writer.asset_file(ASSET, 0, &b"png"[..]).unwrap();
    writer.event(&asset_event("AssetUpdatedEventV2", 1)).unwrap();
    writer.json("Users.json", &serde_json::json!({"u1": "jane@example.org"})).unwrap();
    writer.json("Settings.json", &serde_json::json!({"a": 1})).unwrap();
    let urls = serde_json::json!({"assets": "https://old/assets/", "assetsApp": "https://old/assets/blog/"});
    writer.json("Urls.json", &urls).unwrap();
    writer.finish().unwrap().0
}
