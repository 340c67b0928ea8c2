//! The page at `/`, used by a browser.

use std::env;
use std::fs;

use serde_json::json;

use super::{Service, eventually};
use appsnap_tests::app::DUMP;
use appsnap_tests::archives::{Contents, id, noise};
use appsnap_tests::browser::Page;
use appsnap_tests::skips::skip;

fn good() -> Vec<u8> {
    Contents { database: Some(DUMP.to_vec()), ..Contents::sample(5) }.archive()
}

/// Opens the page of a service; `None` if no browser is installed.
fn open(service: &Service) -> Option<Page> {
    Page::open(&format!("http://{}/", service.client.address))
}

/// Lets go of files over the field, as a person does with the mouse. `bytes` is an expression.
fn drop_file(page: &mut Page, name: &str, bytes: &str) {
    page.eval(&format!(
        "(() => {{
            const transfer = new DataTransfer();
            transfer.items.add(new File([{bytes}], {name:?}));
            const field = document.getElementById('drop');
            for (const type of ['dragover', 'drop'])
                field.dispatchEvent(new DragEvent(type, {{ dataTransfer: transfer, bubbles: true, cancelable: true }}));
        }})()"
    ));
}

fn array(bytes: &[u8]) -> String {
    format!("new Uint8Array({bytes:?})")
}

#[test]
fn person_uploads_looks_downloads_and_deletes() {
    let service = Service::start(&[]);
    let Some(mut page) = open(&service) else { return };
    page.wait_for("document.getElementById('health').textContent.startsWith('Ready')");
    page.wait_for("!document.getElementById('empty').hidden");
    page.screenshot("empty");

    let file = service.folder.path().join("backup of today.tar.gz");
    fs::write(&file, good()).unwrap();
    page.choose_files("#file", &[&file]);
    page.wait_for("document.querySelector('.upload.accept') !== null");
    assert!(page.text(".upload .outcome").contains("Accepted and stored"));
    page.wait_for("document.querySelectorAll('#rows tr').length === 1");
    assert!(page.text("#rows th").starts_with("backup of today.tar.gz"), "{}", page.text("#rows th"));
    assert!(page.text("#announcer").contains("Accepted"), "a screen reader hears of it");

    page.eval("document.querySelector('#rows button').click()");
    page.wait_for("document.querySelector('#rows tr.details .findings, #rows tr.details p.quiet') !== null");
    page.screenshot("stored");
    let narrow = json!({ "width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": true });
    page.call("Emulation.setDeviceMetricsOverride", narrow);
    assert_eq!(page.eval("document.documentElement.scrollWidth <= 360"), true, "nothing is cut off on a phone");
    page.screenshot("stored-narrow");
    page.call("Emulation.clearDeviceMetricsOverride", json!({}));
    let length = page.eval("fetch(document.querySelector('#rows a').href).then((r) => r.blob()).then((b) => b.size)");
    let listed = service.get("/snapshots").json();
    assert_eq!(length, listed["snapshots"][0]["archive_bytes"]);

    // With the keyboard: the button, then "Delete" in the dialog, whose first button keeps it.
    page.eval("document.querySelector('#rows button[aria-label^=\"Delete\"]').focus()");
    page.press("Enter", 13);
    page.wait_for("document.getElementById('confirm').open && document.activeElement.id === 'confirm-no'");
    page.press("Tab", 9);
    page.press("Enter", 13);
    page.wait_for("!document.getElementById('empty').hidden && document.activeElement.id === 'list-heading'");
    assert_eq!(service.get("/snapshots").json()["snapshots"].as_array().unwrap().len(), 0);
    assert_eq!(page.console(), [""; 0]);
    let origin = format!("http://{}/", service.client.address);
    assert!(page.requested.iter().all(|url| url.starts_with(&origin)), "{:?}", page.requested);
}

#[test]
fn refusals_say_what_to_do() {
    let service = Service::start(&["--max-upload-bytes", "1MB"]);
    let Some(mut page) = open(&service) else { return };
    page.wait_for("document.getElementById('rules').textContent.includes('1.0 MB')");
    // Refused by its first bytes: the rest is not sent.
    drop_file(&mut page, "mx.dump", &array(DUMP));
    page.wait_for("document.querySelectorAll('.upload.reject').length === 1");
    assert!(page.text(".upload").contains("a bare database dump"), "{}", page.text(".upload"));
    assert!(page.text(".upload .remedy").contains("pack --database FILE"), "{}", page.text(".upload .remedy"));
    assert!(!page.requested.iter().any(|url| url.contains("name=mx.dump")), "{:?}", page.requested);

    // The name is text, never a part of the page.
    let archive = good();
    drop_file(&mut page, "<img src=x onerror=alert(1)>.tar.gz", &array(&archive[..archive.len() / 2]));
    page.wait_for("document.querySelectorAll('.upload.reject').length === 2");
    assert!(page.text(".upload h3").starts_with("<img"), "{}", page.text(".upload h3"));
    assert!(page.text(".upload .findings").contains("truncated"), "{}", page.text(".upload .findings"));

    // Refused before a byte is sent.
    let count = page.requested.len();
    drop_file(&mut page, "huge.tar.gz", "new Uint8Array(2000000)");
    page.wait_for("document.querySelectorAll('.upload.reject').length === 3");
    assert!(page.text(".upload .findings").contains("--max-upload-bytes"), "{}", page.text(".upload .findings"));
    assert_eq!(page.requested.len(), count);
    page.screenshot("refused");
    page.call(
        "Emulation.setEmulatedMedia",
        json!({
            "features": [{ "name": "prefers-color-scheme", "value": "dark" }]
        }),
    );
    page.screenshot("dark");
    let narrow = json!({ "width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": true });
    page.call("Emulation.setDeviceMetricsOverride", narrow);
    assert_eq!(page.eval("document.documentElement.scrollWidth <= 360"), true, "nothing is cut off on a phone");
    page.screenshot("narrow");
    // The browser itself notes each answer that is no success; nothing else may be there.
    let unexpected = page.console().into_iter().filter(|line| !line.contains("Failed to load resource"));
    assert_eq!(unexpected.collect::<Vec<_>>(), [""; 0]);
    assert_eq!(service.incoming_count(), 0);
}

#[test]
fn upload_shows_progress_and_can_be_cancelled() {
    let service = Service::start(&[]);
    let Some(mut page) = open(&service) else { return };
    // Slow enough to be seen: 1 MB/s.
    page.call(
        "Network.emulateNetworkConditions",
        json!({
            "offline": false, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 1 << 20
        }),
    );
    let file = service.folder.path().join("large.tar.gz");
    let contents = Contents { database: Some(DUMP.to_vec()), documents: vec![(id(1), noise(1, 30 << 20))] };
    fs::write(&file, contents.archive()).unwrap();
    page.choose_files("#file", &[&file, &file]);
    page.wait_for("document.querySelector('li:last-child .quiet')?.textContent.includes('Waiting')");
    page.wait_for("/MB of 31 MB, .*\\/s, .* left/.test(document.querySelector('li:first-child .quiet').textContent)");
    assert_eq!(page.eval("document.querySelector('li:first-child progress').value > 0"), true);
    page.screenshot("progress");
    eventually("the upload does not arrive", || service.incoming_count() == 1);
    // The one that waits, then the one that runs.
    page.eval("document.querySelectorAll('.upload button').forEach((button) => button.click())");
    page.wait_for("[...document.querySelectorAll('.upload .quiet')].filter((p) => p.textContent.startsWith('Cancelled')).length === 2");
    eventually("the upload is still there", || service.incoming_count() == 0);
    assert_eq!(service.get("/snapshots").json()["snapshots"].as_array().unwrap().len(), 0);
    assert_eq!(page.console(), [""; 0]);
}

#[test]
fn files_are_checked_before_the_first_byte_travels() {
    let Some(folder) = env::var_os("APPSNAP_PAGE") else {
        skip("APPSNAP_PAGE names no built page: run examples/browser/build");
        return;
    };
    let service = Service::start(&["--page", folder.to_str().unwrap()]);
    let Some(mut page) = open(&service) else { return };
    page.wait_for("document.getElementById('rules').textContent.includes('before it travels')");
    let sent = |page: &Page| page.requested.iter().any(|url| url.contains("/identify") || url.contains("name="));

    let archive = good();
    drop_file(&mut page, "damaged.tar.gz", &array(&archive[..archive.len() / 2]));
    page.wait_for("document.querySelectorAll('.upload.reject').length === 1");
    assert!(page.text(".upload .findings").contains("truncated"), "{}", page.text(".upload"));
    drop_file(&mut page, "mx.dump", &array(DUMP));
    page.wait_for("document.querySelectorAll('.upload.reject').length === 2");
    assert!(page.text(".upload.reject").contains("pack --database FILE"), "{}", page.text(".upload.reject"));

    drop_file(&mut page, "good.tar.gz", &array(&archive));
    page.wait_for("document.querySelector('.upload.accept button:not(:disabled)')?.textContent === 'Upload'");
    assert!(page.text("#announcer").contains("can be uploaded"), "a screen reader hears of it");
    page.screenshot("checked");
    assert!(!sent(&page), "{:?}", page.requested);
    page.eval("document.querySelector('.upload.accept button').click()");
    page.wait_for("document.querySelectorAll('.upload.finished.accept').length === 1");
    assert!(sent(&page) && !page.requested.iter().any(|url| url.contains("/identify")), "{:?}", page.requested);
    assert_eq!(service.get("/snapshots").json()["snapshots"].as_array().unwrap().len(), 1);
    assert_eq!(page.console(), [""; 0]);

    // The page that sends nothing is there as well.
    assert!(String::from_utf8_lossy(&service.get("/check").body).contains("connect-src 'none'"));
    assert_eq!(Service::start(&[]).get("/check").status, 404);
}
