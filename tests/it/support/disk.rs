//! A small disk for a server: a file system of its own where the system lets users mount one, else a limit on the size of files.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Has room for so many bytes, until it is given more.
pub(crate) struct SmallDisk {
    folder: PathBuf,
    bytes: u64,
    /// Keeps the namespace in which the file system is mounted, also while no server runs in it; ends with the test.
    holder: Option<Child>,
    has_room: bool,
}

impl SmallDisk {
    /// At this folder, which nobody else uses.
    pub(crate) fn at(folder: &Path, bytes: u64) -> Self {
        std::fs::create_dir(folder).unwrap();
        let holder = mount(folder, bytes);
        println!("the small disk is {}", if holder.is_some() { "a file system of its own" } else { "a limit on the size of files" });
        Self { folder: folder.to_owned(), bytes, holder, has_room: false }
    }

    /// Where its files are, seen by whoever runs on it.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs a program on it; the process is the program's own.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = match &self.holder {
            Some(holder) => inside(holder),
            None if self.has_room => return Command::new(program),
            None => {
                let mut command = Command::new("prlimit");
                // Ignored, the signal makes a write end short and fail, as on a full disk.
                command.arg(format!("--fsize={}:unlimited", self.bytes)).args(["sh", "-c", r#"trap '' XFSZ; exec "$0" "$@""#]);
                command
            }
        };
        command.arg(program);
        command
    }

    /// There is room again, also for the program with this process id.
    pub(crate) fn make_room(&mut self, pid: Option<u32>) {
        self.has_room = true;
        let mut command = match (&self.holder, pid) {
            (Some(holder), _) => {
                let mut command = inside(holder);
                command.args(["mount", "-o", "remount,size=1g"]).arg(&self.folder);
                command
            }
            (None, Some(pid)) => {
                let mut command = Command::new("prlimit");
                command.args(["--pid", &pid.to_string(), "--fsize=unlimited"]);
                command
            }
            (None, None) => return,
        };
        assert!(command.status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Some(holder) = &mut self.holder {
            holder.kill().unwrap();
            holder.wait().unwrap();
        }
    }
}

/// Mounts it in namespaces of its own, where everybody is root.
fn mount(folder: &Path, bytes: u64) -> Option<Child> {
    let script = format!("mount -t tmpfs -o size={bytes} tmpfs \"$0\" && echo mounted && exec cat");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]).arg(folder);
    let mut holder = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut said = [0; 7];
    if holder.stdout.take()?.read_exact(&mut said).is_ok() && &said == b"mounted" {
        return Some(holder);
    }
    holder.wait().unwrap();
    None
}

fn inside(holder: &Child) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["--target", &holder.id().to_string(), "--user", "--mount", "--preserve-credentials"]);
    command
}
