//! A headless browser, driven over the DevTools protocol.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::skips::missing;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::websocket::WebSocket;

/// Programs that speak the protocol. The first is the smallest: it has no window.
const PROGRAMS: [&str; 5] =
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A page in a browser; the browser ends with it.
pub struct Page {
    browser: Child,
    socket: WebSocket,
    /// The page among all that the browser has.
    session: Value,
    messages_count: u64,
    /// Messages of the page's console, and its errors.
    console: Vec<String>,
    /// Addresses that the page asked for.
    pub requested: Vec<String>,
    _profile: TempDir,
}

impl Page {
    /// Opens a page; `None` if no browser is installed.
    ///
    /// # Panics
    /// If none is installed and tools are required.
    pub fn open(url: &str) -> Option<Self> {
        let Some(program) = find() else {
            missing("no browser is installed: install chromium-headless-shell");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Command::new(program)
            .process_group(0)
            .args(["--headless", "--remote-debugging-port=0", "--no-first-run", "--disable-gpu"])
            // Tests run as root in containers, where the sandbox cannot. The page is our own.
            .args(["--no-sandbox", "--disable-dev-shm-usage", "--window-size=1100,900"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let socket = WebSocket::connect(&devtools_url(&mut browser)).unwrap();
        let mut page = Self {
            browser,
            socket,
            session: Value::Null,
            messages_count: 0,
            console: Vec::new(),
            requested: Vec::new(),
            _profile: profile,
        };
        let target = page.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        page.session = page.call("Target.attachToTarget", attach)["sessionId"].clone();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        page.call("Page.navigate", json!({ "url": url }));
        page.wait_for("document.readyState === 'complete' && location.protocol !== 'about:'");
        Some(page)
    }

    /// Calls a method of the protocol, and returns its result.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.messages_count += 1;
        let id = self.messages_count;
        let mut call = json!({ "id": id, "method": method, "params": params });
        if !self.session.is_null() {
            call["sessionId"] = self.session.clone();
        }
        self.socket.send(&call.to_string()).unwrap();
        loop {
            let message: Value = serde_json::from_str(&self.socket.receive().unwrap()).unwrap();
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.note(&message);
        }
    }

    /// Keeps what an event says about requests and errors.
    fn note(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                self.requested.push(params["request"]["url"].as_str().unwrap().to_owned());
            }
            Some("Runtime.consoleAPICalled" | "Runtime.exceptionThrown") => self.console.push(params.to_string()),
            // Among them: what the content security policy forbids.
            Some("Log.entryAdded") => self.console.push(params["entry"].to_string()),
            _ => {}
        }
    }

    /// Evaluates an expression in the page; waits for promises.
    pub fn eval(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let result = self.call("Runtime.evaluate", params);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {}", result["exceptionDetails"]);
        result["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub fn wait_for(&mut self, expression: &str) {
        let since = Instant::now();
        while self.eval(expression) != true {
            if since.elapsed() > Duration::from_secs(30) {
                let text = self.eval("document.body.innerText");
                panic!("{expression} does not become true; console: {:?}; page: {text}", self.console);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Returns the visible text of the first element that a selector finds.
    pub fn text(&mut self, selector: &str) -> String {
        let found = self.eval(&format!("document.querySelector({selector:?})?.innerText"));
        found.as_str().unwrap_or_else(|| panic!("nothing is {selector}")).to_owned()
    }

    /// Chooses files as a person does in the dialog.
    pub fn choose_files(&mut self, selector: &str, files: &[&Path]) {
        let root = self.call("DOM.getDocument", json!({}))["root"]["nodeId"].clone();
        let found = self.call("DOM.querySelector", json!({ "nodeId": root, "selector": selector }));
        self.call("DOM.setFileInputFiles", json!({ "nodeId": found["nodeId"], "files": files }));
    }

    /// Presses a key.
    pub fn press(&mut self, key: &str, code: u32) {
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let params = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.call("Input.dispatchKeyEvent", params);
        }
    }

    /// Saves a picture of the page where `APPSNAP_SCREENSHOTS` says, if it is set.
    pub fn screenshot(&mut self, name: &str) {
        let Some(folder) = env::var_os("APPSNAP_SCREENSHOTS") else { return };
        let picture = self.call("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
        let bytes = from_base64(picture["data"].as_str().unwrap());
        fs::write(PathBuf::from(folder).join(format!("{name}.png")), bytes).unwrap();
    }

    /// Returns the messages of the console and the errors of the page so far.
    pub fn console(&mut self) -> Vec<String> {
        // Events that were sent before the answer to this call are noted by now.
        self.eval("null");
        std::mem::take(&mut self.console)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // The program may be a script that has started the browser, so its whole group ends. It may have crashed; either way
        // it is gone then.
        let _ = Command::new("sh").args(["-c", &format!("kill -KILL -{}", self.browser.id())]).status();
        let _ = self.browser.wait();
    }
}

fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<_> = env::split_paths(&path).collect();
    PROGRAMS.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// Waits for the line that says where the browser listens.
fn devtools_url(browser: &mut Child) -> String {
    let mut lines = BufReader::new(browser.stderr.take().unwrap()).lines();
    let mut seen = Vec::new();
    let url = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let url = line.strip_prefix("DevTools listening on ").map(str::to_owned);
        seen.push(line);
        url
    });
    // It must not block on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    url.unwrap_or_else(|| panic!("the browser does not start: {}", seen.join("\n")))
}

fn from_base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u32> = text.bytes().filter(|byte| *byte != b'=').map(|byte| digit(byte).into()).collect();
    let mut bytes = Vec::new();
    for group in digits.chunks(4) {
        let bits = group.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - group.len()));
        bytes.extend(&bits.to_be_bytes()[1..group.len()]);
    }
    bytes
}
