//! A real server of the test's own, on a socket in a folder of its own.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::FromRedisValue;

use super::disk::SmallDisk;
use super::eventually;

/// A Redis or Valkey that ends with the test.
pub(crate) struct Server {
    folder: tempfile::TempDir,
    child: Option<Child>,
    port: Option<u16>,
    durable: bool,
    extra: Vec<String>,
    disk: Option<SmallDisk>,
}

impl Server {
    /// On a unix socket, keeping nothing on disk.
    pub(crate) fn start() -> Self {
        Self::launch(None, false, &[])
    }

    /// With AOF, so that it can be killed and come back. `always`: with `everysec` a server answers before it has written while
    /// a write to disk is under way, and a kill just then loses what it acknowledged.
    pub(crate) fn durable() -> Self {
        Self::launch(Some(free_port()), true, &[])
    }

    /// Reachable by TCP too, for Node.
    pub(crate) fn tcp() -> Self {
        Self::launch(Some(free_port()), false, &[])
    }

    /// On a port that somebody else had.
    pub(crate) fn on(port: u16) -> Self {
        Self::launch(Some(port), false, &[])
    }

    /// With more of the server's own options.
    pub(crate) fn with(options: &[&str]) -> Self {
        Self::launch(Some(free_port()), false, options)
    }

    /// With an append-only file on a disk that has room for so many bytes of it; `fsync` is everysec or always.
    pub(crate) fn on_small_disk(bytes: u64, fsync: &str) -> Self {
        let mut server = Self::unstarted(Some(free_port()), false, &["--appendonly", "yes", "--appendfsync", fsync]);
        server.disk = Some(SmallDisk::at(&server.folder.path().join("disk"), bytes));
        server.spawn();
        server
    }

    fn launch(port: Option<u16>, durable: bool, extra: &[&str]) -> Self {
        let mut server = Self::unstarted(port, durable, extra);
        server.spawn();
        server
    }

    fn unstarted(port: Option<u16>, durable: bool, extra: &[&str]) -> Self {
        let extra = extra.iter().map(|option| (*option).to_owned()).collect();
        Self { folder: tempfile::tempdir().unwrap(), child: None, port, durable, extra, disk: None }
    }

    fn spawn(&mut self) {
        let binary = server_binary();
        let mut command = self.disk.as_ref().map_or_else(|| Command::new(&binary), |disk| disk.command(&binary));
        command.args(["--port", &self.port.unwrap_or(0).to_string(), "--bind", "127.0.0.1", "--loglevel", "warning"]);
        command.arg("--unixsocket").arg(self.socket());
        command.arg("--dir").arg(self.disk.as_ref().map_or(self.folder.path(), SmallDisk::folder));
        command.args(["--save", "", "--hash-max-listpack-value", "1024"]);
        command.args(["--appendonly", if self.durable { "yes" } else { "no" }, "--appendfsync", "always"]);
        command.args(&self.extra);
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let child = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        self.child = Some(child);
        self.await_answer();
    }

    /// Waits until it answers on its socket: nobody else can, whereas a port may have been taken by another test's server.
    fn await_answer(&mut self) {
        let (address, folder, has_small_disk) = (self.socket_url(), self.folder.path().to_owned(), self.disk.is_some());
        let child = self.child.as_mut().expect("it was just started");
        eventually(Duration::from_secs(20), "the server answers", || {
            if let Some(status) = child.try_wait().unwrap() {
                // Whoever writes to it first may end it before it answers.
                if has_small_disk {
                    return Some(());
                }
                panic!("the server ended with {status}: {}", fs::read_to_string(folder.join("log")).unwrap_or_default());
            }
            let pong = redis::Client::open(address.as_str())
                .ok()?
                .get_connection()
                .and_then(|mut connection| redis::cmd("PING").query::<String>(&mut connection));
            match pong {
                Ok(_) => Some(()),
                // Answering that a password is missing is answering.
                Err(error) => (error.code() == Some("NOAUTH")).then_some(()),
            }
        });
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    /// The address for `--redis`: the port if it has one (so that it stays the same over a restart), else the socket.
    pub(crate) fn url(&self) -> String {
        match self.port {
            Some(port) => format!("redis://127.0.0.1:{port}"),
            None => self.socket_url(),
        }
    }

    fn socket_url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port.expect("started with tcp() or durable()")
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("the server runs").id()
    }

    /// Where it keeps its files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends it the hard way.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Its small disk has room again: at once if it runs, else from its next start on.
    pub(crate) fn make_room(&mut self) {
        let pid = (!self.has_ended()).then(|| self.pid());
        self.disk.as_mut().expect("started with on_small_disk()").make_room(pid);
    }

    /// Whether it ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some())
    }

    /// What it wrote to its log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Starts it again after `kill`.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.spawn();
    }

    /// A connection for seeding and reading.
    pub(crate) fn connection(&self) -> redis::Connection {
        redis::Client::open(self.url()).unwrap().get_connection().unwrap()
    }

    /// How often it has run this command, also within scripts.
    pub(crate) fn calls(&self, command: &str) -> u64 {
        let statistics: String = self.ask("INFO commandstats");
        let line = statistics.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
    }

    /// One command, its words separated by blanks.
    pub(crate) fn ask<T: FromRedisValue>(&self, words: &str) -> T {
        let mut words = words.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        for word in words {
            command.arg(word);
        }
        command.query(&mut self.connection()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that nobody has just now. It lies below those that systems give to outgoing connections (from 32768 on): one of another
/// test's could get it before the server does.
pub(crate) fn free_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    loop {
        // Tests may be processes of their own: each looks elsewhere.
        let number = std::process::id().wrapping_mul(7919).wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + u16::try_from(number % 20_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// What `scripts/setup-redis` found or installed, else what it would find.
pub(crate) fn server_binary() -> PathBuf {
    if let Some(named) = std::env::var_os("WQ_REDIS_SERVER").filter(|named| !named.is_empty()) {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/bin".into(), "/usr/local/bin".into()]).collect::<Vec<_>>();
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/redis/valkey-server");
    let known = ["valkey-server", "redis-server"].iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    known.chain([installed]).find(|path| path.is_file()).expect("a Redis or Valkey server: run scripts/setup-redis")
}
