//! Cron patterns as `wq` and Node read them: the same moments, from the parser that ships inside BullMQ.

use serde_json::{Value, json};
use wq::core::model::schedule::Timing;

use crate::support::Server;
use crate::support::node::Node;

/// What both say, case by case: the moments, and whether the pattern was refused.
fn compare(node: &mut Node, cases: &[Value]) -> Vec<String> {
    let theirs = node.call("cron", json!({ "cases": cases }));
    let mut differences = Vec::new();
    for (case, theirs) in cases.iter().zip(theirs.as_array().unwrap()) {
        let ours = ours(case);
        let theirs =
            (theirs["moments"].as_array().unwrap().iter().map(|ms| ms.as_u64().unwrap()).collect::<Vec<_>>(), theirs["error"].as_str());
        if ours.0 != theirs.0 || ours.1.is_err() != theirs.1.is_some() {
            differences.push(format!("{case}\n  ours   {ours:?}\n  theirs {theirs:?}"));
        }
    }
    differences
}

fn ours(case: &Value) -> (Vec<u64>, Result<(), String>) {
    let mut moments = Vec::new();
    let timing = match Timing::stored_cron(case["pattern"].as_str().unwrap(), case["tz"].as_str()) {
        Ok(timing) => timing,
        Err(error) => return (moments, Err(error.to_string())),
    };
    let mut last = case["from"].as_u64().unwrap();
    while moments.len() < usize::try_from(case["count"].as_u64().unwrap_or(1)).unwrap() {
        match timing.next_after(last).unwrap() {
            Some(next) => moments.push(next),
            None => return (moments, Err("never".to_owned())),
        }
        last = *moments.last().unwrap();
    }
    (moments, Ok(()))
}

/// Zones with what their clocks did: a moment in the hour of each change, UTC.
const CHANGES: [(&str, &[&str]); 6] = [
    ("Europe/Madrid", &["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"]),
    ("America/New_York", &["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"]),
    ("America/Sao_Paulo", &["2018-11-04T03:00:00Z", "2019-02-17T02:00:00Z", "2026-11-24T00:00:00Z"]),
    ("America/Santiago", &["2026-04-05T03:00:00Z", "2026-09-06T04:00:00Z"]),
    ("Asia/Kolkata", &["2028-02-28T18:30:00Z"]),
    ("UTC", &["2026-12-31T23:59:59Z"]),
];

/// Where a search begins, in seconds from a change.
const STARTS: [i64; 4] = [-7201, -1, 0, 1799];

const PATTERNS: [&str; 44] = [
    "* * * * *",
    "*/15 * * * *",
    "*/7 2 * * *",
    "30 2 * * *",
    "0 0 * * *",
    "30 0,1 * * *",
    "0 */2 * * *",
    "15 1-3 * * *",
    "59 23 * * *",
    "45 0-23 * * *",
    "5/20 3 * * *",
    "10-50/13 2,3 * * *",
    "0 9 * * 1-5",
    "0 9 * * mon-FRI",
    "0 9 * * 0",
    "0 9 * * 7",
    "0 9 * * 5-7",
    "0 9 * * */2",
    "0 9 * * 1/2",
    "0 0 13 * 5",
    "0 0 13 * ?",
    "0 0 ? * 5",
    "0 0 */2 * 5",
    "0 0 1-31 * 5",
    "0 0 31 * *",
    "0 0 29 2 *",
    "0 0 L * *",
    "0 0 L,15 * *",
    "0 0 L * 1",
    "0 0 * * 5L",
    "0 0 * * 1,5L",
    "0 0 13 * 5L",
    "0 0 * * 1#2",
    "0 0 * * sun#1",
    "0 0 13 * 1#2",
    "0 0 * jan,MAR-may *",
    "30 15 10 * * *",
    "*/20 30 2 * * *",
    "5,10,15-20/2 59 1-2 * * *",
    "0-59/30 */30 * * * *",
    "1 2 3",
    "@daily",
    "@weekdays",
    "@yearly",
];

#[test]
fn next_runs_equal_nodes_over_every_change_of_the_clocks() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let mut cases = Vec::new();
    for (zone, changes) in CHANGES {
        for change in changes {
            let change = change.parse::<jiff::Timestamp>().unwrap().as_millisecond();
            for (pattern, start) in PATTERNS.iter().flat_map(|pattern| STARTS.map(|start| (pattern, start))) {
                cases.push(json!({ "pattern": pattern, "tz": zone, "from": change + start * 1000, "count": 3 }));
            }
        }
    }
    assert!(cases.len() > 1500, "only {} cases", cases.len());

    let differences: Vec<String> = cases.chunks(500).flat_map(|cases| compare(&mut node, cases)).collect();

    assert!(differences.is_empty(), "{} of {} differ:\n{}", differences.len(), cases.len(), differences.join("\n"));
}

#[test]
fn what_node_refuses_is_refused() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let patterns = [
        "* * * * * * *",
        "60 * * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 32 * *",
        "0 0 * 0 *",
        "0 0 * 13 *",
        "0 0 * * 8",
        "a * * * *",
        "1.5 * * * *",
        "-1 * * * *",
        "1, * * * *",
        "1,,2 * * * *",
        "5-1 * * * *",
        "0 22-2 * * *",
        "0 0 * * fri-mon",
        "*/0 * * * *",
        "1/2/3 * * * *",
        "1/ * * * *",
        "/2 * * * *",
        "1-/2 * * * *",
        "0 0 * * 0,7",
        "*,5 * * * *",
        "1-5,3 * * * *",
        "0 0 15W * *",
        "0 0 L-2 * *",
        "0 0 1-L * *",
        "0 0 L/2 * *",
        "0 0 l * *",
        "0 0 * L *",
        "0 0 * * L",
        "0 0 * * 1#6",
        "0 0 * * 1#0",
        "0 0 * * 1#",
        "0 0 * * #2",
        "0 0 * * 1#2,3",
        "0 0 * * 1-5#2",
        "1#2 * * * *",
        "0 0 * january *",
        "@midnight",
        "@DAILY",
        "@reboot",
        "0 0 30 2 *",
    ];
    let mut cases: Vec<Value> = patterns.map(|pattern| json!({ "pattern": pattern, "tz": "UTC", "from": 1_795_533_000_000_u64 })).into();
    for zone in ["Mars/Olympus", "+03:00", ""] {
        cases.push(json!({ "pattern": "0 0 * * *", "tz": zone, "from": 1_795_533_000_000_u64 }));
    }

    assert_eq!(compare(&mut node, &cases), Vec::<String>::new());
    assert!(cases.iter().all(|case| ours(case).1.is_err()));
}

#[test]
fn zones_are_found_by_the_names_that_node_knows() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let zones =
        ["UTC", "utc", "GMT", "EST5EDT", "Etc/GMT+3", "america/sao_paulo", "UTC+3", "UTC-03:30", "Asia/Calcutta", "Australia/Lord_Howe"];
    let cases = zones.map(|zone| json!({ "pattern": "30 4 * * *", "tz": zone, "from": 1_795_533_000_000_u64, "count": 3 }));

    assert_eq!(compare(&mut node, &cases), Vec::<String>::new());
    assert!(cases.iter().all(|case| ours(case).1.is_ok()));
}

#[test]
fn where_the_clock_changes_off_the_hour_no_run_is_lost() {
    // Node skips runs there, or gives up ("loop limit exceeded"): the one difference, in Lord Howe and Chatham.
    let timing = Timing::cron("*/10 * * * *", Some("Australia/Lord_Howe")).unwrap();
    for change in [1_775_314_800_000_u64, 1_791_041_400_000] {
        let mut last = change - 3_600_000;
        let moments: Vec<u64> = std::iter::repeat_with(|| {
            last = timing.next_after(last).unwrap().unwrap();
            last
        })
        .take(12)
        .collect();

        assert!(moments.windows(2).all(|pair| pair[1] - pair[0] == 600_000), "{moments:?}");
    }
}
