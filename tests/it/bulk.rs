//! `wq bulk`: a contact file becomes messages, each exactly once, whatever happens in between.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Server, eventually, wq};

/// A folder with a contact file.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn with(content: impl AsRef<[u8]>) -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        files.write(content);
        files
    }

    fn write(&self, content: impl AsRef<[u8]>) {
        fs::write(self.path("contacts.csv"), content).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// `rows` good rows, no two for one contact.
fn contacts(rows: u32) -> String {
    let mut content = "phone,name\n".to_owned();
    for row in 0..rows {
        writeln!(content, "+346{row:08},Name{row}").unwrap();
    }
    content
}

fn waiting(server: &Server) -> u64 {
    server.ask("ZCARD bull:whatsapp:prioritized")
}

fn ids(server: &Server) -> HashSet<String> {
    server.ask("ZRANGE bull:whatsapp:prioritized 0 -1")
}

fn count(tally: &Value, name: &str) -> u64 {
    tally["data"][name].as_u64().unwrap()
}

#[track_caller]
fn adds_up(tally: &Value) {
    let parts: u64 = ["stored", "duplicate", "suppressed", "rejected", "refused"].iter().map(|name| count(tally, name)).sum();
    assert_eq!(parts, count(tally, "total"), "{tally}");
}

const GREETING: [&str; 2] = ["--text", "Hola {{name}}"];

#[test]
fn good_rows_become_messages_and_the_tally_is_exact() {
    let server = Server::start();
    let content = "phone;name;city\n+34 600 111 222;Ana;Lima\n0034600111223;Eva;\n+34600111222;Ana;again\n12;Bad;\n600111224;No code;\n";
    let files = Files::with(content);

    let run = wq(&server).folder(files.folder.path()).line("bulk contacts.csv --campaign bf26").args(GREETING).run().exits(5);

    assert!(run.stderr.ends_with("total 5 = stored 2 + duplicate 1 + suppressed 0 + rejected 2 + refused 0\n"), "{}", run.stderr);
    assert_eq!(run.stdout, "");
    let ids = ids(&server);
    let data: HashSet<String> = ids.iter().map(|id| server.ask(&format!("HGET bull:whatsapp:{id} data"))).collect();
    let ana = r#"{"to":"+34600111222","text":"Hola Ana","campaign":"bf26","meta":{"name":"Ana","city":"Lima"}}"#;
    assert!(data.len() == 2 && data.contains(ana), "{data:?}");
    let options: String = server.ask(&format!("HGET bull:whatsapp:{} opts", ids.iter().next().unwrap()));
    let options: Value = serde_json::from_str(&options).unwrap();
    assert_eq!(options, serde_json::json!({"attempts": 3, "backoff": {"type": "exponential", "delay": 2000}, "priority": 3}));
}

#[test]
fn spellings_of_one_brazilian_contact_get_one_message() {
    let server = Server::start();
    let files = Files::with("phone\n+5511987654321\n+55 11 8765-4321\n11 98765 4321\n");

    let run = wq(&server)
        .folder(files.folder.path())
        .line("bulk contacts.csv --text Oi --default-country BR --json")
        .run()
        .exits(0)
        .stdout_has("wq.bulk.v1");

    assert_eq!((count(&run.json(), "stored"), count(&run.json(), "duplicate")), (1, 2));
}

#[test]
fn a_bulk_killed_at_any_moment_and_run_again_adds_each_row_once() {
    let server = Server::start();
    let files = Files::with(contacts(20_000) + "12,Bad\n+34600000000,Again\n");
    let command = || wq(&server).folder(files.folder.path()).line("bulk contacts.csv --json").args(GREETING);

    for killed_at in [1, 4_700, 13_100] {
        let mut bulk = command().spawn();
        eventually(Duration::from_secs(30), "rows are added", || (waiting(&server) >= killed_at).then_some(()));
        bulk.kill();
    }
    let tally = command().run().exits(5).json();

    adds_up(&tally);
    assert_eq!((count(&tally, "total"), count(&tally, "rejected"), count(&tally, "refused")), (20_002, 1, 0));
    assert!(count(&tally, "duplicate") >= 13_100, "{tally}");
    assert_eq!(waiting(&server), 20_000);
    assert_eq!(command().run().exits(5).json()["data"]["stored"], 0);
}

#[test]
fn a_file_that_was_sent_and_removed_adds_nothing_when_it_is_run_again() {
    let server = Server::start();
    let files = Files::with(contacts(30_000));
    let command = || {
        let line = "bulk contacts.csv --remove-on-complete true --json";
        wq(&server).folder(files.folder.path()).line(line).args(GREETING)
    };
    assert_eq!(count(&command().run().exits(0).json(), "stored"), 30_000);
    wq(&server).line("worker --via log --rate none --concurrency 100 --until-empty").run().exits(0);
    let left: u64 = server.ask("ZCARD bull:whatsapp:completed");
    assert_eq!((waiting(&server), left), (0, 0));

    let tally = command().run().exits(0).json();

    assert_eq!((count(&tally, "stored"), count(&tally, "duplicate")), (0, 30_000));
    assert_eq!(waiting(&server), 0);
}

/// What the ledger of the queue is kept in.
fn ledger(server: &Server) -> Vec<String> {
    server.ask("KEYS wq:bull:whatsapp:ledger:*")
}

#[test]
fn the_ledger_knows_rows_of_the_generation_before_and_forgets_what_was_taken_out() {
    let server = Server::start();
    let files = Files::with(contacts(20));
    let command = || wq(&server).folder(files.folder.path()).line("bulk contacts.csv --json").args(GREETING).run().exits(0).json();
    command();
    for key in ledger(&server) {
        let parts: Vec<&str> = key.split(':').collect();
        let before = parts[4].parse::<u64>().unwrap() - 1;
        server.ask::<()>(&format!("RENAME {key} wq:bull:whatsapp:ledger:{before}:{}", parts[5]));
    }
    wq(&server).args(["enqueue", "--to", "+34600111222", "--text", "Hi", "--id", "-a"]).run().exits(0);
    wq(&server).args(["jobs", "remove", "--", "-a"]).run().exits(0);
    let removed = ids(&server).into_iter().next().unwrap();
    wq(&server).line(&format!("jobs remove {removed}")).run().exits(0);
    for id in ids(&server) {
        server.ask::<()>(&format!("DEL bull:whatsapp:{id}"));
    }

    let tally = command();

    assert_eq!((count(&tally, "stored"), count(&tally, "duplicate")), (1, 19));
    wq(&server).line(&format!("jobs remove {removed}")).run().exits(0);
    assert_eq!(count(&command(), "stored"), 1);
    let immortal = ledger(&server).into_iter().filter(|key| server.ask::<i64>(&format!("TTL {key}")) < 0).count();
    assert_eq!(immortal, 0);
}

#[test]
fn a_changed_file_is_refused_with_two_ways_out() {
    let server = Server::start();
    let files = Files::with(contacts(3));
    let command = |more: &str| wq(&server).folder(files.folder.path()).line(&format!("bulk contacts.csv --json{more}")).args(GREETING);
    let first = command("").run().exits(0).json();
    let old = first["data"]["campaign"].as_str().unwrap().to_owned();
    files.write(contacts(4));

    let refused = command("").run().exits(8).stderr_has(&format!("--campaign {old} adds only what is new"));
    assert!(refused.stdout.is_empty() && waiting(&server) == 3);
    let only_new = command(&format!(" --campaign {old}")).run().exits(0).json();
    let to_all = command(" --campaign second").run().exits(0).json();

    assert_eq!((count(&only_new, "stored"), count(&only_new, "duplicate"), count(&to_all, "stored")), (1, 3, 4));
}

#[test]
fn another_text_for_the_same_file_is_refused_too() {
    let server = Server::start();
    let files = Files::with(contacts(3));
    let command = |text: &str| wq(&server).folder(files.folder.path()).args(["bulk", "contacts.csv", "--text", text]).run();

    command("Hola").exits(0);

    command("Hello").exits(8);
    command("Hola").exits(0).stderr_has("stored 0 + duplicate 3");
}

#[test]
fn a_pipe_without_a_campaign_says_that_it_can_not_be_repeated() {
    let server = Server::start();
    let command = |line: &str| wq(&server).line(line).args(GREETING).input(contacts(3)).run();

    command("bulk -").exits(0).stderr_has("refused 0 (from a pipe without --campaign: it can't be repeated)\n");
    command("bulk - --campaign a").exits(0).stderr_has("refused 0\n");
    command("bulk - --campaign a").exits(0).stderr_has("stored 0 + duplicate 3");
    command("bulk - --duplicates last").exits(2).stderr_has("a pipe can be read only once");

    assert_eq!(waiting(&server), 6);
}

#[test]
fn redis_may_be_killed_and_come_back_in_the_middle() {
    let mut server = Server::durable();
    let files = Files::with(contacts(20_000));
    let mut bulk = wq(&server).folder(files.folder.path()).line("bulk contacts.csv --json").args(GREETING).spawn();

    eventually(Duration::from_secs(30), "rows are added", || (waiting(&server) >= 3_000).then_some(()));
    server.restart();
    let status = bulk.ends(Duration::from_mins(1));

    assert_eq!(status.code(), Some(0), "{}", bulk.stderr());
    assert_eq!(waiting(&server), 20_000);
}

#[test]
fn rows_that_redis_would_not_take_are_counted_as_refused_and_added_by_the_next_run() {
    let mut server = Server::durable();
    let files = Files::with(contacts(40_000));
    let line = "bulk contacts.csv --json --allow-rejects --row-results rows.ndjson";
    let mut bulk = wq(&server).folder(files.folder.path()).line(line).args(["--timeout", "1s"]).args(GREETING).spawn();

    eventually(Duration::from_secs(30), "rows are added", || (waiting(&server) >= 1_000).then_some(()));
    server.kill();
    let status = bulk.ends(Duration::from_mins(1));

    assert_eq!(status.code(), Some(5), "{}", bulk.stderr());
    let tally: Value = serde_json::from_str(&bulk.stdout()).unwrap();
    adds_up(&tally);
    assert_eq!(count(&tally, "total"), 40_000);
    let results = fs::read_to_string(files.path("rows.ndjson")).unwrap();
    let refused = results.lines().filter(|line| line.contains(r#""status":"refused""#)).count() as u64;
    assert_eq!((results.lines().count(), refused), (40_000, count(&tally, "refused")));

    server.restart();
    assert_eq!(count(&wq(&server).folder(files.folder.path()).line(line).args(GREETING).run().exits(0).json(), "refused"), 0);
    assert_eq!(waiting(&server), 40_000);
}

#[test]
fn a_full_redis_is_told_apart_and_the_rest_follows_when_there_is_room() {
    let server = Server::with(&["--maxmemory", "6mb", "--maxmemory-policy", "noeviction"]);
    let files = Files::with(contacts(20_000));
    let command = |timeout: &str| {
        wq(&server).folder(files.folder.path()).line(&format!("bulk contacts.csv --json --timeout {timeout}")).args(GREETING)
    };

    let full = command("500ms").run().exits(5).stderr_has("OOM");
    let tally = serde_json::from_str(full.stdout.lines().next().unwrap()).unwrap();
    adds_up(&tally);
    assert!(count(&tally, "stored") > 0 && count(&tally, "refused") > 0, "{tally}");
    server.ask::<()>("CONFIG SET maxmemory 0");

    assert_eq!(count(&command("30s").run().exits(0).json(), "refused"), 0);
    assert_eq!(waiting(&server), 20_000);
}

#[test]
fn rejects_are_for_the_owner_only_and_can_be_corrected_and_read_again() {
    let server = Server::start();
    let files = Files::with("phone,text\n+34600111222,Hola\n+34600,\"Hola, Eva\"\n+34600111224\n");
    let folder = files.folder.path();

    wq(&server).folder(folder).line("bulk contacts.csv --campaign a --rejects rejects.csv").run().exits(5);
    let rejects = fs::read_to_string(files.path("rejects.csv")).unwrap();
    let lines: Vec<&str> = rejects.lines().collect();
    assert_eq!(lines[0], "phone,text,_line,_column,_value,_reason_code,_reason");
    assert!(lines[1].starts_with("+34600,\"Hola, Eva\",3,phone,+34600,phone_invalid,"), "{}", lines[1]);
    assert!(lines[2].starts_with("+34600111224,,4,,,ragged,"), "{}", lines[2]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(files.path("rejects.csv")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    fs::write(files.path("corrected.csv"), rejects.replace("+34600,", "+34600111223,")).unwrap();

    wq(&server).folder(folder).line("bulk corrected.csv --campaign a --json").run().exits(5).stdout_has("\"stored\":1,");

    assert_eq!(waiting(&server), 2);
}

#[test]
fn every_row_has_one_result_in_the_order_of_the_file() {
    let server = Server::start();
    let files = Files::with("phone,order\n+34600111222,1\n12,2\n+34600111222,3\n+34600111223,4\n");

    let run = wq(&server).folder(files.folder.path()).line("bulk contacts.csv --text Hi --row-results - --json").run().exits(5);

    let results: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let statuses: Vec<(u64, &str)> =
        results.iter().map(|result| (result["line"].as_u64().unwrap(), result["status"].as_str().unwrap())).collect();
    assert_eq!(statuses, [(2, "stored"), (3, "rejected"), (4, "duplicate"), (5, "stored")]);
    assert_eq!(results[1]["reason_code"], "phone_too_short");
    assert_eq!(results[2]["columns"]["order"], "3");
    assert_eq!(results[0]["id"], results[2]["id"]);
    assert!(ids(&server).contains(results[3]["id"].as_str().unwrap()));
    let tally = run.stderr.lines().find(|line| line.starts_with('{')).unwrap();
    adds_up(&serde_json::from_str(tally).unwrap());
}

#[test]
fn of_several_rows_for_one_contact_the_first_the_last_or_all_count() {
    let files = Files::with("phone,text\n+34600111222,one\n+34600111223,other\n+34600111222,two\n+34600111222,three\n");
    for (duplicates, texts) in [("first", "one other"), ("last", "other three"), ("none", "one other three two")] {
        let server = Server::start();

        wq(&server).folder(files.folder.path()).line(&format!("bulk contacts.csv --duplicates {duplicates}")).run().exits(0);

        let mut stored: Vec<String> = ids(&server)
            .iter()
            .map(|id| server.ask::<String>(&format!("HGET bull:whatsapp:{id} data")))
            .map(|data| serde_json::from_str::<Value>(&data).unwrap()["text"].as_str().unwrap().to_owned())
            .collect();
        stored.sort();
        assert_eq!(stored.join(" "), texts, "{duplicates}");
        wq(&server)
            .folder(files.folder.path())
            .line(&format!("bulk contacts.csv --duplicates {duplicates}"))
            .run()
            .exits(0)
            .stderr_has("stored 0 +");
    }
}

#[test]
fn the_first_row_wins_also_when_the_calls_are_under_way_together() {
    let server = Server::start();
    let mut content = "phone,text\n".to_owned();
    for row in 0..60 {
        writeln!(content, "+34600111222,text {row}").unwrap();
    }
    let files = Files::with(content);

    wq(&server).folder(files.folder.path()).line("bulk contacts.csv --batch 1").run().exits(0).stderr_has("stored 1 + duplicate 59");

    let id = ids(&server).into_iter().next().unwrap();
    assert!(server.ask::<String>(&format!("HGET bull:whatsapp:{id} data")).contains("text 0"));
}

#[test]
fn a_row_key_allows_several_messages_to_one_contact() {
    let server = Server::start();
    let files = Files::with("phone,text,order\n+34600111222,a,1\n+34600111222,b,2\n+34600111222,c,2\n");

    let run = wq(&server).folder(files.folder.path()).line("bulk contacts.csv --row-key order --json").run().exits(0);

    assert_eq!((count(&run.json(), "stored"), count(&run.json(), "duplicate")), (2, 1));
}

#[test]
fn a_dry_run_shows_the_first_messages_and_the_whole_tally_without_any_server() {
    let files = Files::with("phone,name\n+34600111222,Ana\n12,Bad\n+34600111222,Ana\n");
    let nobody = |line: &str| {
        let command = crate::support::command::Wq::bare().env("WQ_REDIS_URL", "redis://127.0.0.1:1");
        command.folder(files.folder.path()).line(line).args(GREETING)
    };

    let expected = "total 3 = stored 1 + duplicate 1 + suppressed 0 + rejected 1 + refused 0";
    nobody("bulk contacts.csv --dry-run").run().exits(5).stderr_has("+34…1222  Hola Ana").stderr_has(expected);
    let content = fs::read(files.path("contacts.csv")).unwrap();
    nobody("bulk - --dry-run").input(content).run().exits(5).stderr_has(expected);
    nobody("bulk contacts.csv").run().exits(3);
}

#[test]
fn limits_on_rows_and_on_errors_are_kept() {
    let server = Server::start();
    let bad = (0..50).map(|row| format!("{row},Bad")).collect::<Vec<_>>().join("\n") + "\n";
    let files = Files::with(contacts(200) + &bad + "+34699999999,Late\n");
    let command =
        |more: &str| wq(&server).folder(files.folder.path()).line(&format!("bulk contacts.csv --campaign a {more}")).args(GREETING);

    command("--limit 10").run().exits(0).stderr_has("total 10 = stored 10");
    command("--max-errors 7").run().exits(5).stderr_has("total 208 = stored 190").stderr_has("rejected 8").stderr_has("--max-errors");
    command("--max-errors 2%").run().exits(5).stderr_has("stopped after line");
    command("--max-errors 50 --allow-rejects").run().exits(0).stderr_has("total 251 = stored 1 ").stderr_has("rejected 50");
    command("--max-errors 100% --allow-rejects").run().exits(0);
}

#[test]
fn files_that_are_no_contact_files_get_one_clear_error() {
    let server = Server::start();
    let utf16: Vec<u8> = "phone,text\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(&[u8], &str, &str); 10] = [
        (b"", "", "the file is empty"),
        (b"+34600111222,Hola\n", "", "holds no column names but data"),
        (b"phone,text\n", "--map to=telefono", r#"no column "telefono"; the columns are: phone, text"#),
        (b"phone,text\n", "--map who=phone", r#"no field "who""#),
        (b"name,text\n", "", "no column holds the phone numbers"),
        (b"phone,name\n", "", "no column holds the text"),
        (b"phone,phone,text\n", "", r#"the column "phone" is there twice"#),
        (&utf16, "", "save it as UTF-8"),
        (b"PK\x03\x04\x14\0\x06\0", "", "spreadsheet"),
        (b"phone,text\n", "--default-country XX", "no country"),
    ];

    for (content, more, problem) in cases {
        let files = Files::with(content);
        let line = format!("bulk contacts.csv {more}");
        wq(&server).folder(files.folder.path()).line(line.trim()).run().exits(2).stderr_has(problem);
    }
    wq(&server).line("bulk nowhere.csv --text Hi").run().exits(4).stderr_has("nowhere.csv");
    wq(&server).line("bulk / --text Hi").run().exits(1).stderr_has("can't open /");
    let files = Files::with("phone,text\n");
    wq(&server).folder(files.folder.path()).line("bulk contacts.csv --rejects ./contacts.csv").run().exits(2);
    assert_eq!(server.ask::<u64>("DBSIZE"), 0);
}

#[test]
fn rows_that_are_no_rows_are_rejected_one_by_one() {
    let server = Server::start();
    let mut content = b"phone,text\n+34600111222\n+34600111223,a,b\n+34600111224,caf\xe9\n+34600111225,a\0b\n+34600111226,ok\n".to_vec();
    content.extend(b"+34600111227,\"never closed\n+34600111228,swallowed\n");
    let files = Files::with(content);

    let run = wq(&server).folder(files.folder.path()).line("bulk contacts.csv --row-results - --campaign a").run().exits(5);

    let codes: Vec<String> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["reason_code"].as_str().unwrap_or("stored").to_owned())
        .collect();
    assert_eq!(codes, ["ragged", "ragged", "invalid_utf8", "zero_byte", "stored", "quote_not_closed"]);
}

#[test]
fn utf_16_with_its_mark_and_files_from_windows_are_read_like_any_other() {
    let server = Server::start();
    let text = "phone;text\r\n+34600111222;¡Hola, Ñandú!\r\n";
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for (content, duplicate) in [(utf16, 0), (format!("\u{feff}{text}").into_bytes(), 1)] {
        let files = Files::with(content);

        let run = wq(&server).folder(files.folder.path()).line("bulk contacts.csv --campaign a --json").run().exits(0);

        assert_eq!((count(&run.json(), "total"), count(&run.json(), "duplicate")), (1, duplicate));
    }
    let id = ids(&server).into_iter().next().unwrap();
    let data: String = server.ask(&format!("HGET bull:whatsapp:{id} data"));
    assert!(data.contains("¡Hola, Ñandú!"), "{data}");
}

#[test]
fn a_two_gigabyte_file_with_an_open_quote_ends_with_an_error_and_what_came_before_is_added() {
    let server = Server::start();
    let files = Files::with("phone,text\n+34600111222,ok\n+34600111223,\"");
    let file = fs::OpenOptions::new().write(true).open(files.path("contacts.csv")).unwrap();
    file.set_len(2 * 1024 * 1024 * 1024).unwrap();

    let run = wq(&server).folder(files.folder.path()).line("bulk contacts.csv --campaign a").run().exits(5);

    run.stderr_has("the row that begins at line 3 is longer than").stderr_has("total 1 = stored 1 ");
}
