//! Listings of restic, rustic, borg, Proxmox and kopia.

use appsnap::catalog::{Code, ListingFormat, Phase};
use appsnap::retention::{Calendar, Status, presets};

use super::{at, read, refusal};

const RESTIC: &str = r#"[{"time": "2021-01-03T23:59:59.123456789+05:45", "tree": "c9", "paths": ["/data", "/etc"], "hostname": "web",
   "username": "u", "tags": ["x", "y"], "id": "18843a73", "short_id": "1884",
   "summary": {"backup_start": "2021-01-03T23:59:59+05:45", "backup_end": "2021-01-04T00:01:00+05:45", "total_bytes_processed": 12}},
  {"time": "2021-01-04T23:59:59Z", "tree": "ca", "paths": ["/data"], "hostname": "web", "id": "2884", "short_id": "2884"}]"#;

#[test]
fn restic_groups_by_host_and_paths() {
    let listing = read(RESTIC);
    assert_eq!(listing.format, ListingFormat::Restic);
    let backups = listing.to_backups();
    assert_eq!(backups[0].offset(), Some(jiff::tz::Offset::from_seconds(20_700).unwrap()));
    assert_eq!((backups[0].bytes(), backups[0].tags()), (Some(12), &["x".to_owned(), "y".to_owned()][..]));
    let series: Vec<_> = backups.iter().map(|backup| backup.series().unwrap()).collect();
    assert_eq!(series, ["host web, paths /data,/etc", "host web, paths /data"]);
    let policy = presets::by_name("restic:last=1").unwrap();
    assert_eq!(policy.plan(&backups, at("2026-01-01T00:00:00Z")).kept_count(), 2, "one of each group");
    assert!(listing.diagnostics().is_empty());
}

#[test]
fn groups_of_restic_and_rustic_are_one_listing() {
    let [first, second] = &RESTIC[1..RESTIC.len() - 1].split("},\n").collect::<Vec<_>>()[..] else { panic!() };
    let first = format!("{first}}}");
    for text in [
        format!(
            r#"[{{"group_key": {{"hostname": "web", "paths": null, "tags": null}}, "snapshots": [{first}]}},
                {{"group_key": {{"hostname": "web"}}, "snapshots": [{second}]}}]"#
        ),
        format!(r#"[[{{"hostname": "web", "label": "", "paths": ["/data"]}}, [{first}, {second}]]]"#),
        format!("{first}\n{second}\n"),
    ] {
        assert_eq!(read(&text).records, read(RESTIC).records, "{text}");
    }
    assert_eq!(read("null").records, []);
}

const BORG: &str = r#"{"archives":[
   {"archive":"a","barchive":"a","id":"00","name":"a","start":"2026-03-28T23:30:00.000000","time":"2026-03-28T23:30:00.000000"},
   {"archive":"b.checkpoint","barchive":"b","id":"01","name":"b.checkpoint","start":"2026-03-29T23:30:00.000000","end":"2026-03-29T23:31:00.000000"}],
   "encryption":{"mode":"none"},"repository":{"id":"00","last_modified":"x","location":"/r"}}"#;

#[test]
fn local_times_of_borg_are_read_in_the_zone_that_is_named() {
    let listing = read(BORG);
    assert_eq!((listing.format, listing.records[0].created_at), (ListingFormat::Borg, at("2026-03-28T23:30:00Z")));
    assert_eq!(listing.diagnostics().count_of(Code::LocalTime), 1);
    let calendar = Calendar::in_zone("Europe/Berlin").unwrap();
    let listing = listing.in_zone(calendar.time_zone().unwrap());
    let [first, second] = &listing.records[..] else { panic!() };
    assert_eq!((first.created_at, second.created_at), (at("2026-03-28T22:30:00Z"), at("2026-03-29T21:30:00Z")));
    assert_eq!(second.finished_at, Some(at("2026-03-29T21:31:00Z")));
    assert_eq!(second.to_backup().status(), Status::Running, "a checkpoint is not a whole archive");
    assert!(listing.diagnostics().is_empty());
    let offset = read(&BORG.replace(".000000\"", ".000000+02:00\""));
    assert_eq!(offset.records[0].created_at, at("2026-03-28T21:30:00Z"));
    let error = refusal(&BORG.replace("2026-03-29T23:30:00.000000", "yesterday"));
    assert_eq!(error.context(), Some("line 3, member archives[1].start"));
}

#[test]
fn archives_of_one_name_are_told_apart_by_their_ids() {
    let ids = |text: &str| read(text).records.iter().map(|record| record.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(BORG), ["a", "b.checkpoint"]);
    assert_eq!(ids(&BORG.replace("\"b.checkpoint\"", "\"a\"")), ["00", "01"]);
}

#[test]
fn proxmox_groups_by_guest() {
    let text = r#"{"data": [
      {"backup-id":"100","backup-time":1764298800,"backup-type":"vm","files":[{"filename":"index.json.blob"}],"protected":true,"size":123},
      {"backup-id":"100","backup-time":1764385200,"backup-type":"vm","files":["drive.img.fidx"]},
      {"backup-id":"web","backup-time":1764385200,"backup-type":"host","ns":"a/b"}]}"#;
    let listing = read(text);
    assert_eq!(listing.format, ListingFormat::Proxmox);
    let backups = listing.to_backups();
    let ids: Vec<_> = backups.iter().map(|backup| (backup.id().as_str(), backup.series().unwrap())).collect();
    assert_eq!(
        ids,
        [
            ("vm/100/2025-11-28T03:00:00Z", "vm/100"),
            ("vm/100/2025-11-29T03:00:00Z", "vm/100"),
            ("a/b/host/web/2025-11-29T03:00:00Z", "a/b/host/web")
        ]
    );
    assert_eq!((backups[0].is_protected(), backups[0].bytes()), (true, Some(123)));
    let statuses: Vec<_> = backups.iter().map(|backup| backup.status()).collect();
    assert_eq!(statuses, [Status::Completed, Status::Running, Status::Completed]);

    let volumes = r#"[{"volid":"pbs:backup/vm/100/2025-11-28T03:00:00Z","ctime":1764298800,"content":"backup","format":"pbs-vm","vmid":100,"size":5,"protected":1},
      {"volid":"local:iso/debian.iso","ctime":1764298800,"content":"iso","size":5},
      {"volid":"local:backup/vzdump-lxc-7.tar.zst","ctime":1764298800,"content":"backup","subtype":"lxc","vmid":"7","notes":"n"}]"#;
    let listing = read(volumes);
    let series: Vec<_> = listing.records.iter().map(|record| record.group()).collect();
    assert_eq!((series, listing.skipped_count), (vec![Some("vm/100".to_owned()), Some("lxc/7".to_owned())], 1));
    assert!(listing.records[0].protected);
}

#[test]
fn kopia_says_what_is_pinned_and_what_is_incomplete() {
    let text = r#"[{"id":"k1","source":{"host":"h","userName":"u","path":"/p"},"startTime":"2026-11-28T03:00:00Z",
        "endTime":"2026-11-28T03:01:00Z","stats":{"totalSize":7},"pins":["forever"],"tags":{"tag:a":"b"}},
      {"id":"k2","source":{"host":"h","userName":"u","path":"/p"},"startTime":"2026-11-28T04:00:00Z","incomplete":"checkpoint"}]"#;
    let listing = read(text);
    assert_eq!(listing.format, ListingFormat::Kopia);
    let [pinned, incomplete] = &listing.records[..] else { panic!() };
    assert_eq!((pinned.protected, pinned.size_bytes, &pinned.tags[..]), (true, Some(7), &["a:b".to_owned()][..]));
    assert_eq!(pinned.group().as_deref(), Some("host u@h, paths /p"));
    assert_eq!((incomplete.phase, incomplete.protected), (Phase::Running, false));
}
