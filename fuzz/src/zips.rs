//! Zip files, and the archives of Squidex in them.

use std::collections::BTreeSet;
use std::io::Read;

use appsnap::observe::NoObserver;
use appsnap::squidex::{self, NewApp};
use appsnap::{Limits, zip};
use arbitrary::{Arbitrary, Unstructured};

use crate::archive::read::describe;

fn limits() -> Limits {
    Limits::untrusted().with_max_total_bytes(8 << 20).with_max_entries(2000)
}

fn expect_plain(text: &str) {
    assert!(text.chars().all(|c| (' '..='~').contains(&c)), "{text:?}");
}

/// Every entry of a zip file: name, and content where it is sound.
fn entries(archive: &zip::Archive<&[u8]>) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let mut buffer = zip::Buffer::new();
    let mut walk = archive.entries(&mut buffer);
    let mut all = Vec::new();
    while let Some(entry) = walk.next_entry().expect("the directory was read before") {
        let mut content = Vec::new();
        let read = archive.locate(&entry).ok().and_then(|place| archive.read(&place).read_to_end(&mut content).ok());
        let content = read.map(|_| content);
        if let Some(content) = &content {
            assert_eq!(content.len() as u64, entry.plain_bytes());
            assert_eq!(crc32fast::hash(content), entry.crc32());
        }
        all.push((entry.name().to_vec(), content));
    }
    all
}

pub fn zip_archive(data: &[u8]) {
    match zip::Archive::open(data, data.len() as u64, &limits()) {
        Err(error) => expect_plain(&describe(&error)),
        Ok(archive) => {
            let all = entries(&archive);
            assert_eq!(all.len() as u64, archive.entries_count());
            let plain = all.iter().filter_map(|(_, content)| content.as_ref()).map(|content| content.len() as u64);
            assert!(plain.sum::<u64>() <= archive.plain_bytes());
        }
    }
    written(data);
}

/// Contents that are written come back.
fn written(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let mut writer = zip::Writer::new(Vec::new());
    let mut expected = Vec::new();
    let mut names = BTreeSet::new();
    for number in 0..u.int_in_range(0..=6_u8).unwrap_or(0) {
        let name = format!("folder/{number}-{}", u8::arbitrary(&mut u).unwrap_or(0));
        let content = Vec::<u8>::arbitrary(&mut u).unwrap_or_default();
        assert!(names.insert(name.clone()));
        writer.entry(&name, content.as_slice()).expect("an entry");
        expected.push((name.into_bytes(), Some(content)));
    }
    let bytes = writer.finish().expect("a zip file");
    let archive = zip::Archive::open(bytes.as_slice(), bytes.len() as u64, &limits()).expect("a zip file");
    assert!(entries(&archive) == expected, "other contents came back");
}

pub fn squidex_archive(data: &[u8]) {
    let archive = match squidex::Archive::open(data, data.len() as u64, &limits()) {
        Ok(archive) => archive,
        Err(error) => return expect_plain(&describe(&error)),
    };
    for name in archive.attachments().map(|(name, _)| name.to_owned()).collect::<Vec<_>>() {
        assert!(archive.has_attachment(&name));
        let _ = archive.attachment(&name).map(|mut file| file.read_to_end(&mut Vec::new()).is_ok());
    }
    let _ = (archive.users().is_ok(), archive.urls().is_ok());
    let events = archive.events().take(3000).filter(Result::is_ok).count() as u64;
    assert!(events <= archive.events_count());
    match archive.survey(&mut NoObserver) {
        Err(error) => expect_plain(&describe(&error)),
        Ok(survey) => survey.faults().iter().for_each(|fault| expect_plain(&fault.to_string())),
    }
    let id = uuid::Uuid::from_bytes([7; 16]);
    if let Ok((copy, report)) = squidex::clone_app(&archive, Vec::new(), &NewApp::new(id), &mut NoObserver) {
        let len = copy.len() as u64;
        let copy = squidex::Archive::open(copy.as_slice(), len, &limits()).expect("a copy can be opened");
        assert_eq!(copy.events_count(), report.written.events_count);
        let survey = copy.survey(&mut NoObserver).expect("a copy can be looked over");
        assert_eq!(survey.app().map(|app| app.id().to_owned()), Some(id.to_string()));
    }
}
