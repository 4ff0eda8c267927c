//! A real Chromium without a window, driven over its DevTools protocol on two pipes, ended with the test.
//!
//! `--remote-debugging-pipe` reads commands from descriptor 3 and answers on 4, each message ended by a zero byte: that needs
//! neither a port nor a WebSocket. A shell puts the child's standard streams there.

use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const FLAGS: [&str; 13] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-default-apps",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--remote-debugging-pipe",
];

/// The longest that an answer or an event is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Chromium {
    child: Child,
    commands: RefCell<ChildStdin>,
    messages: Receiver<Value>,
    /// Events that came while an answer was waited for.
    events: RefCell<Vec<Value>>,
    number: Cell<u64>,
    _profile: tempfile::TempDir,
}

impl Chromium {
    pub(crate) fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", "exec chromium \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", "chromium"])
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromium is installed: scripts/setup");
        let (commands, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(answers).split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).expect("a message is JSON");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let (events, number) = (RefCell::default(), Cell::new(0));
        Self { child, commands: RefCell::new(commands), messages, events, number, _profile: profile }
    }

    /// A new tab that looks as on a screen of this size.
    pub(crate) fn tab(&self, width: u32, height: u32) -> Tab<'_> {
        let target = self.call(None, "Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.call(None, "Target.attachToTarget", attach)["sessionId"].as_str().unwrap().to_owned();
        let tab = Tab { chromium: self, session };
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility", "Security"] {
            tab.call(&format!("{domain}.enable"), json!({}));
        }
        tab.resize(width, height);
        tab
    }

    fn call(&self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        let number = self.number.get() + 1;
        self.number.set(number);
        let mut message = json!({ "id": number, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let bytes = [serde_json::to_vec(&message).unwrap(), vec![0]].concat();
        self.commands.borrow_mut().write_all(&bytes).expect("chromium takes commands");
        let end = Instant::now() + PATIENCE;
        loop {
            let message = self.next(end, method);
            if message["id"] == number {
                assert!(message.get("error").is_none(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.borrow_mut().push(message);
        }
    }

    fn next(&self, end: Instant, what: &str) -> Value {
        let left = end.saturating_duration_since(Instant::now());
        self.messages.recv_timeout(left).unwrap_or_else(|error| panic!("waited for {what}: {error}"))
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // It ends by itself, with all of its processes, where it can still be asked.
        let _ = self.commands.borrow_mut().write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Tab<'a> {
    chromium: &'a Chromium,
    session: String,
}

impl Tab<'_> {
    pub(crate) fn call(&self, method: &str, parameters: Value) -> Value {
        self.chromium.call(Some(&self.session), method, parameters)
    }

    /// Goes to an address and waits until all of it is loaded.
    pub(crate) fn open(&self, address: &str) {
        self.loading(|| {
            let answer = self.call("Page.navigate", json!({ "url": address }));
            assert!(answer.get("errorText").is_none(), "{address}: {}", answer["errorText"]);
        });
    }

    /// Does what makes the tab load a page, and waits until that is there.
    pub(crate) fn loading(&self, cause: impl FnOnce()) {
        let is_loaded = |event: &Value| event["method"] == "Page.loadEventFired" && event["sessionId"] == *self.session;
        let loads = |events: &[Value]| events.iter().filter(|event| is_loaded(event)).count();
        let before = loads(&self.chromium.events.borrow());
        cause();
        let end = Instant::now() + PATIENCE;
        while loads(&self.chromium.events.borrow()) == before {
            let event = self.chromium.next(end, "the page to load");
            self.chromium.events.borrow_mut().push(event);
        }
    }

    /// The value of an expression of JavaScript; a promise is awaited.
    pub(crate) fn evaluate(&self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", parameters);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// The text of an expression.
    pub(crate) fn text(&self, expression: &str) -> String {
        self.evaluate(expression).as_str().unwrap_or_else(|| panic!("{expression} is no text")).to_owned()
    }

    /// Presses a key of a keyboard, and lets it go.
    pub(crate) fn press(&self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            other => panic!("which key is {other}?"),
        };
        // A key with a text acts as when it is typed.
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" {
                event["text"] = text.into();
            }
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// Shows pages to somebody who prefers this: `light` or `dark`.
    pub(crate) fn prefer(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", features);
    }

    /// What is seen, as PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        use base64::Engine;
        let answer = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        base64::engine::general_purpose::STANDARD.decode(answer["data"].as_str().unwrap()).unwrap()
    }

    /// What is exposed to assistive technology: (role, name) of each node that is not ignored.
    pub(crate) fn exposed(&self) -> Vec<(String, String)> {
        let tree = self.call("Accessibility.getFullAXTree", json!({}));
        let nodes = tree["nodes"].as_array().unwrap().iter().filter(|node| node["ignored"] != true);
        let text = |node: &Value, key: &str| node[key]["value"].as_str().unwrap_or_default().to_owned();
        nodes.map(|node| (text(node, "role"), text(node, "name"))).collect()
    }

    /// Addresses that were asked for since the tab was opened.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.events("Network.requestWillBeSent", |event| event["request"]["url"].as_str().unwrap().to_owned())
    }

    /// What the console would show in red or yellow: errors, warnings, exceptions, what the policy forbade.
    pub(crate) fn complaints(&self) -> Vec<String> {
        // What is under way has come when this has been answered.
        self.evaluate("1");
        let mut all = self.events("Runtime.exceptionThrown", Value::to_string);
        all.extend(self.events("Log.entryAdded", Value::to_string));
        let is_bad = |event: &Value| event["type"] != "log" && event["type"] != "info";
        let said = self.events("Runtime.consoleAPICalled", |event| is_bad(event).then(|| event.to_string()));
        all.into_iter().chain(said.into_iter().flatten()).collect()
    }

    fn events<T>(&self, method: &str, of: impl Fn(&Value) -> T) -> Vec<T> {
        let events = self.chromium.events.borrow();
        let own = events.iter().filter(|event| event["method"] == method && event["sessionId"] == *self.session);
        own.map(|event| of(&event["params"])).collect()
    }
}
