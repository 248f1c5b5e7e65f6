//! What `--via exec` gives a command, and what it makes of how the command ends.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use wq::core::dispatch::transport::{Outcome, Transport};
use wq::core::model::job::Job;
use wq::transport::{self, Way, exec};

use super::{PATIENCE, deliver, job};

fn by_command(command: &[&str], timeout: Duration) -> Arc<dyn Transport> {
    let command = command.iter().map(OsString::from).collect();
    transport::build(Way::Exec(exec::Options { command, timeout, search_path: Some("/bin:/usr/bin".into()) })).unwrap()
}

pub(super) fn by_shell(script: &str, timeout: Duration) -> Arc<dyn Transport> {
    by_command(&["sh", "-c", script], timeout)
}

async fn outcome_of(script: &str) -> Outcome {
    deliver(&*by_shell(script, PATIENCE), &job("j1", "{\"to\":\"+34600111222\"}")).await
}

fn accepted(reply: &str) -> Outcome {
    Outcome::Accepted { reply: reply.to_owned(), provider_id: None }
}

#[tokio::test]
async fn each_ending_has_its_outcome() {
    let permanent = |reason: &str| Outcome::Permanent { reason: reason.to_owned() };
    let retry = |reason: &str| Outcome::Retry { reason: reason.to_owned() };
    let uncertain = |reason: &str| Outcome::Uncertain { reason: reason.to_owned() };
    for (script, expected) in [
        ("exit 0", accepted("null")),
        ("echo '{ \"id\": 7 }'", accepted("{\"id\":7}")),
        ("echo sent", accepted("\"sent\"")),
        ("echo sent; echo fine >&2", accepted("\"sent\"")),
        ("exit 75", retry("exit 75")),
        ("echo busy >&2; exit 75", retry("exit 75: busy")),
        ("exit 1", permanent("exit 1")),
        ("echo no +5511999990000 >&2; exit 2", permanent("exit 2: no +55…0000")),
        ("printf 'first\\nlast\\n' >&2; echo said; exit 3", permanent("exit 3: first last")),
        ("no-such-program 2>/dev/null", permanent("exit 127")),
        ("kill -9 $$", uncertain("died by signal 9")),
        ("echo oops >&2; kill -15 $$", uncertain("died by signal 15: oops")),
    ] {
        assert_eq!(outcome_of(script).await, expected, "{script}");
    }
}

#[tokio::test]
async fn the_command_gets_the_whole_job_on_its_standard_input() {
    let data = "{ \"to\":\"+34600111222\", \"n\": 1.0 }";

    let outcome = deliver(&*by_command(&["cat"], PATIENCE), &job("Ab12", data)).await;

    // what was one line of JSON comes back as the return value, without the blanks between its parts
    assert_eq!(
        outcome,
        accepted("{\"id\":\"Ab12\",\"name\":\"send\",\"data\":{\"to\":\"+34600111222\",\"n\":1.0},\"attempt\":1,\"queue\":\"whatsapp\"}")
    );
}

#[tokio::test]
async fn the_command_can_read_its_input_as_a_line() {
    assert_eq!(outcome_of("read -r line && printf '%s' \"$line\" | cut -c1-10").await, accepted("\"{\\\"id\\\":\\\"j1\\\"\""));
}

#[tokio::test]
async fn the_command_learns_which_job_it_is() {
    let script = "echo \"$WQ_QUEUE/$WQ_JOB_ID/$WQ_JOB_NAME/$WQ_ATTEMPT\"";
    let third = Job { attempt: 3, ..job("Ab12", "{}") };

    assert_eq!(deliver(&*by_shell(script, PATIENCE), &third).await, accepted("\"whatsapp/Ab12/send/3\""));
}

#[tokio::test]
async fn no_shell_ever_sees_the_arguments() {
    let folder = TempDir::new().unwrap();
    let trap = format!("$(touch {0}/pwned); `touch {0}/pwned` a  b*", folder.path().display());

    let outcome = deliver(&*by_command(&["printf", "%s", &trap], PATIENCE), &job("j1", "{}")).await;

    assert_eq!(outcome, accepted(&serde_json::json!(trap).to_string()));
    assert!(!folder.path().join("pwned").exists());
}

#[tokio::test]
async fn a_command_that_reads_nothing_is_fine() {
    let large = serde_json::json!("x".repeat(900_000)).to_string();

    assert_eq!(deliver(&*by_command(&["true"], PATIENCE), &job("j1", &large)).await, accepted("null"));
}

#[tokio::test]
async fn input_and_output_of_any_size_never_block_each_other() {
    let large = serde_json::json!("x".repeat(900_000)).to_string();
    let script = "tee /dev/stderr; head -c 3000000 /dev/zero | tr '\\0' y; head -c 3000000 /dev/zero | tr '\\0' z >&2";

    let Outcome::Accepted { reply, .. } = deliver(&*by_shell(script, PATIENCE), &job("j1", &large)).await else { panic!() };

    assert!(reply.starts_with("\"{\\\"id\\\":\\\"j1\\\"") && reply.ends_with("xxx\""));
}

#[tokio::test]
async fn the_reason_is_the_tail_of_what_the_command_complained() {
    let script = "head -c 3000000 /dev/zero | tr '\\0' z >&2; echo the end >&2; exit 1";

    let Outcome::Permanent { reason } = outcome_of(script).await else { panic!() };

    assert_eq!(reason, format!("exit 1: …{}the end", "z".repeat(493)));
}

/// A script that starts a grandchild, writes down both ids and waits.
fn family(folder: &Path) -> String {
    format!("sleep 300 & echo $$ $! > {0}/ids.new; mv {0}/ids.new {0}/ids; wait", folder.display())
}

async fn ids_in(folder: &Path) -> Vec<String> {
    let started = Instant::now();
    loop {
        if let Ok(ids) = fs::read_to_string(folder.join("ids")) {
            return ids.split_whitespace().map(str::to_owned).collect();
        }
        assert!(started.elapsed() < PATIENCE, "the script never started");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn wait_until_gone(id: &str) {
    let started = Instant::now();
    // a dead process that nobody has asked about yet still has a line, in state Z
    while fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(started.elapsed() < PATIENCE, "process {id} was left behind");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_killed_with_all_it_started() {
    let folder = TempDir::new().unwrap();

    let outcome = deliver(&*by_shell(&family(folder.path()), Duration::from_secs(1)), &job("j1", "{}")).await;

    assert_eq!(outcome, Outcome::Uncertain { reason: "sh did not end within 1s and was killed".to_owned() });
    for id in ids_in(folder.path()).await {
        wait_until_gone(&id).await;
    }
}

#[tokio::test]
async fn a_delivery_that_is_given_up_leaves_no_process_behind() {
    let folder = TempDir::new().unwrap();
    let (transport, work) = (by_shell(&family(folder.path()), PATIENCE), job("j1", "{}"));
    let delivery = tokio::spawn(async move { transport.deliver(&work).await });
    let ids = ids_in(folder.path()).await;

    delivery.abort();

    for id in ids {
        wait_until_gone(&id).await;
    }
}

#[tokio::test]
async fn a_process_left_running_on_purpose_holds_nothing_up() {
    let folder = TempDir::new().unwrap();
    let script = format!("sleep 300 & echo $! > {}/ids; echo done", folder.path().display());
    let started = Instant::now();

    let outcome = outcome_of(&script).await;

    assert_eq!(outcome, accepted("\"done\""));
    assert!(started.elapsed() < PATIENCE / 2);
    for id in ids_in(folder.path()).await {
        kill_process(Pid::from_raw(id.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    }
}

#[tokio::test]
async fn a_command_that_vanished_is_no_reason_to_give_the_message_up() {
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("send.sh");
    fs::copy("/bin/true", &script).unwrap();
    let transport = by_command(&[script.to_str().unwrap()], PATIENCE);
    fs::remove_file(&script).unwrap();

    let Outcome::Retry { reason } = deliver(&*transport, &job("j1", "{}")).await else { panic!() };

    assert!(reason.starts_with("can't start /") && reason.ends_with("No such file or directory (os error 2)"), "{reason}");
}

#[test]
fn a_missing_command_fails_before_a_job_is_taken() {
    let folder = TempDir::new().unwrap();
    let notes = folder.path().join("notes.txt").display().to_string();
    fs::write(&notes, "no program").unwrap();
    for (command, problem) in [
        (&["no-such-command", "x"][..], "the command \"no-such-command\" was not found".to_owned()),
        (&[&notes], format!("the command {notes:?} is not an executable file")),
        (&[], "no command to run: write it after --, such as --via exec -- ./send.sh".to_owned()),
    ] {
        let command = command.iter().map(OsString::from).collect();
        let way = Way::Exec(exec::Options { command, timeout: PATIENCE, search_path: Some("/bin:/usr/bin".into()) });

        assert_eq!(transport::build(way).err().map(|error| error.to_string()), Some(problem));
    }
}
