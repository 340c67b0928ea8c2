//! The page in a browser, opened from the disk and without a network.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;

use appsnap::observe::NoObserver;
use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
use appsnap_tests::app::DUMP;
use appsnap_tests::archives::{Contents, id, noise};
use appsnap_tests::browser::Page;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{built, repository};

/// Opens the page; `None` if it is not built, or if no browser is installed.
fn open() -> Option<Page> {
    let file = built()?.canonicalize().unwrap().join("index.html");
    Page::open(&format!("file://{}", file.display()))
}

fn good() -> Vec<u8> {
    Contents { database: Some(DUMP.to_vec()), ..Contents::sample(5) }.archive()
}

/// The archive of the examples, in which all rows have their documents.
fn quickstart() -> Vec<u8> {
    fs::read(repository("examples/data/quickstart.tar.gz")).unwrap()
}

/// Writes a file to choose.
fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// Chooses a file and waits for its result.
fn examine(page: &mut Page, file: &Path) {
    page.eval("document.getElementById('result').hidden = true");
    page.choose_files("#file", &[file]);
    page.wait_for("!document.getElementById('result').hidden");
}

/// Lets go of a file over the field, as a person does with the mouse. `bytes` is an expression.
fn drop_file(page: &mut Page, name: &str, bytes: &str) {
    page.eval(&format!(
        "(() => {{
            const transfer = new DataTransfer();
            transfer.items.add(new File([{bytes}], {name:?}));
            const field = document.getElementById('drop');
            document.getElementById('result').hidden = true;
            for (const type of ['dragover', 'drop'])
                field.dispatchEvent(new DragEvent(type, {{ dataTransfer: transfer, bubbles: true, cancelable: true }}));
        }})()"
    ));
    page.wait_for("!document.getElementById('result').hidden");
}

/// Takes pictures in light and dark, and on a narrow screen, where nothing may be cut off.
fn screenshots(page: &mut Page, name: &str) {
    page.screenshot(name);
    let dark = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
    page.call("Emulation.setEmulatedMedia", dark);
    page.screenshot(&format!("{name}-dark"));
    let narrow = json!({ "width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": true });
    page.call("Emulation.setDeviceMetricsOverride", narrow);
    assert_eq!(page.eval("document.documentElement.scrollWidth <= 360"), true, "nothing is cut off on a phone");
    page.screenshot(&format!("{name}-narrow"));
    page.call("Emulation.clearDeviceMetricsOverride", json!({}));
    page.call("Emulation.setEmulatedMedia", json!({ "features": [] }));
}

/// Asserts that the page asked for nothing but itself, and complained about nothing.
fn assert_alone(page: &mut Page) {
    assert_eq!(page.console(), [""; 0]);
    let outside = |url: &&String| !url.starts_with("file:") && !url.starts_with("blob:");
    assert_eq!(page.requested.iter().filter(outside).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn person_checks_backups_without_a_network() {
    let Some(mut page) = open() else { return };
    let folder = tempfile::tempdir().unwrap();
    page.screenshot("start");
    examine(&mut page, &write(&folder, "backup of today.tar.gz", &quickstart()));
    assert!(page.text("#result .outcome").contains("accepts it"), "{}", page.text("#result"));
    assert_eq!(page.text("#result-heading"), "backup of today.tar.gz");
    assert!(page.text("#result dl").contains("to the last byte"), "{}", page.text("#result dl"));
    assert!(page.text("#announcer").contains("accepts it"), "a screen reader hears of it");
    assert_eq!(page.eval("document.activeElement.id"), "result-heading");
    assert_eq!(page.eval("document.querySelectorAll('#result .bars li svg rect').length > 3"), true);
    screenshots(&mut page, "accepted");

    // Another platform, another verdict: the dump is too new for it.
    examine(&mut page, &repository("tests/data/check/pg18-default.dump"));
    assert!(page.text("#result .outcome").contains("accepts it"), "{}", page.text("#result"));
    page.eval("document.getElementById('result').hidden = true");
    page.eval(
        "(() => { const s = document.getElementById('profile'); s.value = 'mendix-cloud-2021'; \
         s.dispatchEvent(new Event('change', { bubbles: true })); })()",
    );
    examine(&mut page, &repository("tests/data/check/pg18-default.dump"));
    assert!(page.text("#result .outcome").contains("refuses it"), "{}", page.text("#result"));
    assert!(page.text("#result .remedy").contains("What to do"), "{}", page.text("#result"));
    screenshots(&mut page, "refused");

    // A folder of a dump in directory format, as its files.
    page.choose_files("#folder", &[&repository("tests/data/pgdump/pg15-directory")]);
    page.wait_for("document.getElementById('result-heading').textContent === 'pg15-directory'");
    assert!(page.text("#result dl").contains("directory format"), "{}", page.text("#result"));
    examine(&mut page, &repository("examples/data/squidex.zip"));
    assert!(page.text("#result .outcome").contains("Squidex"), "{}", page.text("#result"));
    page.screenshot("squidex");
    assert_alone(&mut page);
}

#[test]
fn missing_documents_are_listed_and_saved() {
    let Some(mut page) = open() else { return };
    let folder = tempfile::tempdir().unwrap();
    let downloads = tempfile::tempdir().unwrap();
    // The rows of the dump refer to other documents than these.
    examine(&mut page, &write(&folder, "other.tar.gz", &good()));
    let behaviour = json!({ "behavior": "allow", "downloadPath": downloads.path() });
    page.call("Page.setDownloadBehavior", behaviour);
    let orphans = page.eval("document.querySelectorAll('#result details .documents li').length");
    assert!(orphans.as_u64().unwrap() >= 5, "{}", page.text("#result"));
    page.eval("document.querySelector('#result button[aria-label^=\"Save the list\"]').click()");
    let saved = || {
        fs::read_dir(downloads.path())
            .unwrap()
            .flatten()
            .find(|entry| !entry.file_name().to_string_lossy().ends_with("crdownload"))
    };
    for _ in 0..500 {
        if saved().is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let text = fs::read_to_string(saved().expect("a saved list").path()).unwrap();
    assert!(text.lines().count() > 0 && text.lines().all(|line| line.len() == 36), "{text}");
    assert_alone(&mut page);
}

#[test]
fn hostile_files_are_refused_and_their_names_are_text() {
    let Some(mut page) = open() else { return };
    let archive = good();
    let bytes = format!("new Uint8Array({:?})", &archive[..archive.len() / 2]);
    drop_file(&mut page, "<img src=x onerror=alert(1)>.tar.gz", &bytes);
    assert!(page.text("#result h2").starts_with("<img"), "{}", page.text("#result h2"));
    assert!(page.text("#result .findings").contains("truncated"), "{}", page.text("#result"));
    drop_file(&mut page, "noise", "crypto.getRandomValues(new Uint8Array(5000))");
    assert!(page.text("#result .outcome").contains("refuses it"), "{}", page.text("#result"));
    drop_file(&mut page, "empty.tar.gz", "");
    assert!(page.text("#result .outcome").contains("refuses it"), "{}", page.text("#result"));
    assert_alone(&mut page);
}

#[test]
fn listing_becomes_a_plan_and_a_calendar() {
    let Some(mut page) = open() else { return };
    let folder = tempfile::tempdir().unwrap();
    // Relative to now, so that there is always something that stays.
    page.eval(
        "globalThis.listing = JSON.stringify([...Array(100).keys()].map((day) => \
         ({ id: `night-${day}`, taken_at: new Date(Date.now() - day * 86400000).toISOString().slice(0, 19) + 'Z' })))",
    );
    let listing = page.eval("listing");
    examine(&mut page, &write(&folder, "backups.json", listing.as_str().unwrap().as_bytes()));
    assert!(page.text("#result .outcome").contains("of 100 backups stay"), "{}", page.text("#result"));
    assert_eq!(page.eval("document.querySelectorAll('#result tbody tr').length"), 100);
    // Most of them are folded.
    assert_eq!(page.eval("document.querySelectorAll('#result details:not([open]) tbody tr').length"), 90);
    assert_eq!(page.text("#result summary"), "90 more decisions");
    assert_eq!(page.eval("document.querySelectorAll('#result .picture svg rect').length > 90"), true);
    screenshots(&mut page, "listing");
    page.eval("document.getElementById('policy').value = ''");
    page.eval("document.getElementById('written-policy').value = 'restic:daily=3'");
    page.eval("document.getElementById('zone').value = 'Asia/Tokyo'");
    page.eval("document.querySelector('#result form').requestSubmit()");
    page.wait_for("document.querySelector('#result .outcome')?.textContent.startsWith('3 of 100')");
    assert!(page.text("#result dl").contains("Asia/Tokyo"), "{}", page.text("#result"));
    page.eval("document.getElementById('written-policy').value = 'restic:dayly=3'");
    page.eval("document.querySelector('#result form').requestSubmit()");
    page.wait_for("document.getElementById('result').classList.contains('reject')");
    assert!(page.text("#result").contains("dayly"), "{}", page.text("#result"));
    assert_alone(&mut page);
}

#[test]
fn keyboard_reaches_everything_in_order() {
    let Some(mut page) = open() else { return };
    let mut reached = Vec::new();
    for _ in 0..4 {
        page.press("Tab", 9);
        reached.push(page.eval("document.activeElement.id"));
    }
    assert_eq!(reached, ["profile", "target", "file", "folder"]);
    let unlabelled = "[...document.querySelectorAll('input, select, button, progress')].filter((control) => \
        !(control.labels?.length || control.textContent || control.getAttribute('aria-labelledby'))).length";
    assert_eq!(page.eval(unlabelled), 0);
    // A wrong size is said at its field.
    page.eval("(() => { const t = document.getElementById('target'); t.value = 'large'; t.dispatchEvent(new Event('change', { bubbles: true })); })()");
    assert_eq!(page.text("#target-error"), "Write a size such as 10 GiB");
    assert_alone(&mut page);
}

#[test]
fn gigabyte_shows_progress_is_cancelled_and_checked_in_little_memory() {
    let Some(mut page) = open() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.tar.gz");
    write_gigabyte(&path);
    page.choose_files("#file", &[&path]);
    page.wait_for("/MB of 1.1 GB/.test(document.getElementById('status').textContent)");
    assert_eq!(page.eval("document.getElementById('bar').value > 0"), true);
    page.screenshot("progress");
    page.eval("document.getElementById('cancel').focus()");
    page.press("Enter", 13);
    page.wait_for("document.getElementById('progress').hidden");
    assert_eq!(page.eval("document.getElementById('result').hidden"), true);
    assert!(page.text("#announcer").contains("was cancelled"), "{}", page.text("#announcer"));

    examine(&mut page, &path);
    assert!(page.text("#result dl").contains("to the last byte"), "{}", page.text("#result"));
    let number = |page: &mut Page, name: &str| {
        let value = page.eval(&format!("document.getElementById('result').dataset.{name}"));
        value.as_str().unwrap().parse::<f64>().unwrap()
    };
    let (memory_bytes, ms) = (number(&mut page, "memoryBytes"), number(&mut page, "ms"));
    println!("1 GB in the browser: {:.1} s, {:.1} MiB of memory", ms / 1000.0, memory_bytes / 1_048_576.0);
    assert!(memory_bytes <= 16.0 * 1_048_576.0);
    assert_alone(&mut page);
}

/// Writes an archive of 1 GiB: a thousand documents of the same noise.
fn write_gigabyte(path: &Path) {
    const DOCUMENT_BYTES: usize = 1 << 20;
    const COUNT: u64 = 1024;
    let content = noise(1, DOCUMENT_BYTES);
    let metadata = Contents { database: None, documents: Vec::new() }.metadata();
    let metadata = metadata.with_files_size_bytes(COUNT * DOCUMENT_BYTES as u64);
    let mut writer = SnapshotWriter::start(File::create(path).unwrap(), &metadata, &WriteOptions::new()).unwrap();
    for number in 0..COUNT {
        writer.document(id(number), Content::sized(DOCUMENT_BYTES as u64, &*content), &mut NoObserver).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn nothing_can_be_sent() {
    let Some(mut page) = open() else { return };
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let address = server.local_addr().unwrap();
    let attempts = [
        format!("fetch('http://{address}/').then(() => 'sent', () => 'refused')"),
        format!(
            "new Promise((done) => {{ const i = new Image(); i.onload = () => done('sent'); i.onerror = () => done('refused'); i.src = 'http://{address}/i.png'; }})"
        ),
        format!(
            "(() => {{ try {{ return navigator.sendBeacon('http://{address}/', 'x') ? 'queued' : 'refused'; }} catch {{ return 'refused'; }} }})()"
        ),
        format!(
            "new Promise((done) => {{ try {{ const s = new WebSocket('ws://{address}/'); s.onopen = () => done('sent'); s.onerror = () => done('refused'); }} catch {{ done('refused'); }} }})"
        ),
    ];
    for attempt in &attempts {
        let outcome = page.eval(attempt);
        assert!(outcome == "refused" || outcome == "queued", "{attempt}: {outcome}");
    }
    let form = format!(
        "(() => {{ const f = document.createElement('form'); f.action = 'http://{address}/'; f.method = 'post'; document.body.append(f); f.submit(); }})()"
    );
    page.eval(&form);
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(server.accept().is_err(), "something arrived");
    assert_ne!(page.eval("document.getElementById('drop') === null"), Value::Bool(true), "the page is still there");
}
