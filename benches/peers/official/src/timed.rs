//! Runs a command and writes what it took into a file: seconds, CPU time, peak memory.
//!
//! `timed RESULT.json COMMAND ARGS…`

use std::process::Command;
use std::time::Instant;

fn main() {
    let mut words = std::env::args().skip(1);
    let (file, command) = (words.next().expect("a result file"), words.next().expect("a command"));
    let begun = Instant::now();
    let child = Command::new(&command).args(words).spawn().unwrap_or_else(|error| panic!("{command}: {error}"));
    let (mut status, mut usage) = (0, unsafe { std::mem::zeroed::<libc::rusage>() });
    let pid = i32::try_from(child.id()).expect("a process id");
    // SAFETY: both pointers are to locals that outlive the call.
    assert_eq!(unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) }, pid, "the command was not waited for");
    let seconds = begun.elapsed().as_secs_f64();
    let us = |time: libc::timeval| time.tv_sec as f64 * 1e6 + time.tv_usec as f64;
    let unit = if cfg!(target_os = "macos") { 1024.0 * 1024.0 } else { 1024.0 };
    let result = serde_json::json!({
        "seconds": seconds,
        "cpu_us": us(usage.ru_utime) + us(usage.ru_stime),
        "rss_mib": usage.ru_maxrss as f64 / unit,
    });
    std::fs::write(&file, result.to_string()).unwrap_or_else(|error| panic!("{file}: {error}"));
    std::process::exit(if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 1 });
}
