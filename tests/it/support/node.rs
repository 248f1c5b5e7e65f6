//! Real Node with real BullMQ: the programs in `tests/interop`.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use super::{Cluster, Server};

/// How long Node may take for one answer.
const DEADLINE: Duration = Duration::from_secs(30);

/// A Node program that gets a line of JSON for each request and answers each with one.
pub(crate) struct Node {
    child: Child,
    stdin: ChildStdin,
    answers: Receiver<String>,
}

impl Node {
    /// `tests/interop/peer.mjs` on this server, with the BullMQ that `wq` is written against.
    pub(crate) fn start(server: &Server) -> Self {
        Self::start_with(server, "bullmq")
    }

    /// The same with one of the packages in `tests/interop/package.json`: `bullmq`, `bullmq5` or `bullmq4`.
    pub(crate) fn start_with(server: &Server, library: &str) -> Self {
        Self::launch(&[&server.port().to_string(), library])
    }

    /// The same on a cluster, with this prefix of keys.
    pub(crate) fn on_cluster(cluster: &Cluster, prefix: &str) -> Self {
        let ports: Vec<String> = cluster.nodes.iter().map(|node| node.port().to_string()).collect();
        Self::launch(&[&ports.join(","), "bullmq", prefix])
    }

    fn launch(arguments: &[&str]) -> Self {
        let folder = interop();
        let mut command = Command::new("node");
        command.arg("peer.mjs").args(arguments).current_dir(folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, stdin, answers }
    }

    /// Calls a function of the program; fails the test when it throws.
    #[track_caller]
    pub(crate) fn call(&mut self, function: &str, arguments: Value) -> Value {
        let answer = self.ask(function, &arguments);
        assert!(answer["error"].is_null(), "Node's {function} {arguments}: {}", answer["error"].as_str().unwrap_or_default());
        answer["value"].clone()
    }

    /// Calls a function that must throw, and gives the message.
    #[track_caller]
    pub(crate) fn failure(&mut self, function: &str, arguments: Value) -> String {
        let answer = self.ask(function, &arguments);
        answer["error"].as_str().unwrap_or_else(|| panic!("Node's {function} {arguments} didn't throw: {}", answer["value"])).to_owned()
    }

    /// Sends a signal by name: `STOP` freezes Node as a machine that sleeps would, `CONT` lets it go on.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// Ends it as it stands, stopped or not, and asks it nothing.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }

    #[track_caller]
    fn ask(&mut self, function: &str, arguments: &Value) -> Value {
        writeln!(self.stdin, "{}", serde_json::json!({ "call": function, "with": arguments })).unwrap();
        let Ok(line) = self.answers.recv_timeout(DEADLINE) else {
            // It would outlive this test, which asks it once more when it ends.
            self.end();
            panic!("no answer from Node to {function} {arguments}");
        };
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Node {
    /// Killed without a word to its workers; but not before its `QueueEvents` were asked whether anything disturbed them.
    fn drop(&mut self) {
        if !std::thread::panicking() && self.child.try_wait().unwrap().is_none() {
            let disturbances = self.ask("disturbances", &serde_json::json!({}));
            self.end();
            assert_eq!(disturbances["value"], serde_json::json!([]), "{disturbances}");
        }
        self.end();
    }
}

/// The folder of the Node programs, with BullMQ in it.
pub(crate) fn interop() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
    assert!(folder.join("node_modules").is_dir(), "no node_modules in tests/interop: run scripts/test, or npm ci there");
    folder
}
