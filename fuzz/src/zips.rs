//! Zip files, and the archives of Squidex in them.

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
    let mut buffer = Vec::new();
    let mut walk = archive.entries(&mut buffer);
    let mut all = Vec::new();
    while let Some(entry) = walk.next_entry().expect("the directory was read before") {
        let mut content = Vec::new();
        let read = archive.read(&entry).ok().and_then(|mut reader| reader.read_to_end(&mut content).ok());
        let content = read.map(|_| content);
        if let Some(content) = &content {
            assert_eq!(content.len() as u64, entry.uncompressed_bytes());
            assert_eq!(crc32fast::hash(content), entry.crc32());
        }
        all.push((entry.name().to_vec(), content));
    }
    all
}

pub fn zip_archive(data: &[u8]) {
    match zip::Archive::open(data, &limits()) {
        Err(error) => expect_plain(&describe(&error)),
        Ok(archive) => {
            let all = entries(&archive);
            assert_eq!(all.len() as u64, archive.entries_count());
            let lengths = all.iter().filter_map(|(_, content)| content.as_ref()).map(|content| content.len() as u64);
            assert!(lengths.sum::<u64>() <= archive.uncompressed_bytes());
        }
    }
    written(data);
}

/// Attachments that are written come back.
fn written(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let mut writer = squidex::Writer::start(Vec::new()).expect("an archive");
    let mut expected = Vec::new();
    for number in 0..u.int_in_range(0..=6_u8).unwrap_or(0) {
        let name = format!("{number}-{}", u8::arbitrary(&mut u).unwrap_or(0));
        let mut content = Vec::<u8>::arbitrary(&mut u).unwrap_or_default();
        // An empty attachment is refused.
        content.push(number);
        writer.attachment(&name, content.as_slice()).expect("an attachment");
        expected.push((squidex::attachment_path(&name).into_bytes(), Some(content)));
    }
    let (bytes, _) = writer.finish().expect("an archive");
    let archive = zip::Archive::open(bytes.as_slice(), &limits()).expect("a zip file");
    assert!(entries(&archive)[1..] == expected, "other contents came back");
}

pub fn squidex_archive(data: &[u8]) {
    let archive = match squidex::Archive::open(data, &limits()) {
        Ok(archive) => archive,
        Err(error) => return expect_plain(&describe(&error)),
    };
    archive.diagnostics().iter().for_each(|found| expect_plain(&found.to_string()));
    for name in archive.attachments().map(|(name, _)| name.to_owned()).collect::<Vec<_>>() {
        assert!(archive.has_attachment(&name));
        let _ = archive.attachment(&name).map(|mut file| file.read_to_end(&mut Vec::new()).is_ok());
    }
    let _ = (archive.users().is_ok(), archive.json_text("Urls.json").is_ok());
    let events = archive.events().take(3000).filter(Result::is_ok).count() as u64;
    assert!(events <= archive.events_count());
    match archive.survey(&mut NoObserver) {
        Err(error) => expect_plain(&describe(&error)),
        Ok(survey) => survey.diagnostics.iter().for_each(|found| expect_plain(&found.to_string())),
    }
    let id = uuid::Uuid::from_bytes([7; 16]);
    if let Ok((copy, report)) = squidex::clone_app(&archive, Vec::new(), &NewApp::new(id), &mut NoObserver) {
        let copy = squidex::Archive::open(copy.as_slice(), &limits()).expect("a copy can be opened");
        assert_eq!(copy.events_count(), report.events_count);
        let survey = copy.survey(&mut NoObserver).expect("a copy can be looked over");
        assert_eq!(survey.app.map(|app| app.id), Some(id.to_string()));
    }
}
