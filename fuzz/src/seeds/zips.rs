//! Zip files, and archives of Squidex.

use std::io::Write as _;

use appsnap::squidex::{Event, Writer};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::{CompressionMethod, ZipArchiveWriter};
use serde_json::json;

use super::damaged;

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, content) in entries {
        let file = archive.new_file(*name).compression_method(CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start().expect("an entry");
        let mut data = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
        data.write_all(content).expect("contents");
        let (encoder, descriptor) = data.finish().expect("contents");
        encoder.finish().expect("contents");
        entry.finish(descriptor).expect("an entry");
    }
    archive.finish().expect("a zip file")
}

/// Stored and deflated entries, folders, none at all, and damage.
pub fn zip_archives() -> Vec<Vec<u8>> {
    let text = b"The same line again and again.\n".repeat(20);
    let some = zipped(&[("a", b"x"), ("folder/b", &text), ("empty", b"")]);
    let documents = zipped(&[("0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95", &text), (".DS_Store", b"x")]);
    let mut seeds = vec![zipped(&[]), some.clone(), documents];
    seeds.extend(damaged(&some));
    seeds
}

/// An app with an asset, its events in both forms, whole and damaged.
pub fn squidex_archives() -> Vec<Vec<u8>> {
    let stream = "app-8c1e0c9e-7f0c-4b9f-9d3f-0d3e301f5551";
    let app = r#""appId":"8c1e0c9e-7f0c-4b9f-9d3f-0d3e301f5551,app""#;
    let events = [
        ("AppCreated", format!(r#"{{"name":"app",{app}}}"#)),
        ("AssetCreatedEventV2", format!(r#"{{"assetId":"1","fileVersion":0,{app}}}"#)),
    ];
    let headers = r#"{"AggregateId":"8c1e0c9e-7f0c-4b9f-9d3f-0d3e301f5551","EventId":"1"}"#;

    let mut writer = Writer::start(Vec::new()).expect("an archive");
    writer.json("Urls.json", &json!({"assets": "https://a/", "assetsApp": "https://a/app/"})).expect("urls");
    writer.json("Settings.json", &json!({})).expect("settings");
    for (kind, payload) in &events {
        let event = Event::new(*kind, stream, payload.as_str()).expect("an event");
        writer.event(&event.with_headers(headers).expect("headers")).expect("an event");
    }
    writer.attachment("1_0.asset", &b"an asset"[..]).expect("an asset");
    writer.json("Users.json", &json!({"1": "a@b.c"})).expect("users");
    let compact = writer.finish().expect("an archive").0;

    let verbose = events.each_ref().map(|(kind, payload)| {
        format!(
            r#"{{"streamName":"{stream}","eventPosition":"0","eventStreamNumber":0,
                "data":{{"type":"{kind}","metadata":{headers},"payload":{payload}}}}}"#
        )
    });
    let verbose = zipped(&[("events/0/0.json", verbose[0].as_bytes()), ("events/0/1.json", verbose[1].as_bytes())]);
    [damaged(&compact).collect(), vec![compact, verbose]].concat()
}
