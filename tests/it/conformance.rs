//! How `scripts/test` counts the scenarios of conformance: `scripts/conformance.awk` on what a runner printed.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What the program prints and whether it was content.
fn counted(printed: &str) -> (String, bool) {
    let mut awk = Command::new("awk");
    awk.arg("-f").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/conformance.awk"));
    let mut child = awk.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = printed.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.success())
}

/// One line as nextest prints it.
fn line(status: &str, test: &str) -> String {
    format!("{status:>12} [   0.071s] (  7/512) wq::it {test}\n")
}

/// Every test that the suite needs, each with this status.
fn all(status: &str) -> String {
    let plain = (1..=55).map(|n| line(status, &format!("interop::some::s{n:02}_it_holds")));
    let five = [1, 2, 3, 5, 19].map(|n| line(status, &format!("interop::some::s{n:02}_v5_it_holds")));
    let four = [15, 39, 40].map(|n| line(status, &format!("interop::some::s{n:02}_v4_it_holds")));
    plain.chain(five).chain(four).collect()
}

const SUMMARY: &str = "------------\n     Summary [  61.002s] 63 tests run: 63 passed, 0 skipped\n";

/// The lines for which this is true, as a text again.
fn lines_with(text: &str, wanted: impl Fn(&str) -> bool) -> String {
    text.split_inclusive('\n').filter(|line| wanted(line)).collect()
}

/// The lines that the program added.
fn added(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("conformance: ")).collect()
}

#[test]
fn all_scenarios_pass_when_every_test_with_a_number_does() {
    let printed = [&all("PASS"), SUMMARY].concat();

    let (text, content) = counted(&printed);

    assert_eq!(added(&text), ["conformance: 55 scenarios, 55 passed, 0 failed, 0 skipped"]);
    assert!(content);
    let last = text.lines().rev().take(2).collect::<Vec<_>>();
    assert!(last[0].contains("Summary [") && last[1].starts_with("conformance: "), "{last:?}");
    let passed_on = lines_with(&text, |line| !line.starts_with("conformance: "));
    assert_eq!(passed_on, printed);
}

#[test]
fn a_scenario_fails_with_any_of_its_tests_however_the_test_ends() {
    for status in ["FAIL", "TIMEOUT", "SIGABRT", "LEAK-FAIL"] {
        let failing = line(status, "interop::limits::s42_node_and_wq_share_it") + &line(status, "interop::other::s03_v5_order");
        let printed = [&failing, &all("PASS"), SUMMARY, &failing].concat();

        let (text, content) = counted(&printed);

        assert_eq!(
            added(&text),
            ["conformance: failed: 03 v5, 42", "conformance: 55 scenarios, 53 passed, 2 failed, 0 skipped"],
            "{status}"
        );
        assert!(!content);
    }
}

#[test]
fn a_scenario_without_its_tests_is_skipped_and_that_is_not_enough() {
    let missing = ["interop::some::s54_", "interop::some::s40_v4_", "interop::some::s19_v5_"];
    let rest = lines_with(&all("PASS"), |line| !missing.iter().any(|name| line.contains(name)));
    // Slow ones have not ended; a number elsewhere is none.
    let printed = rest + &line("SLOW", "interop::some::s54_it_holds") + &line("PASS", "store::s54_it_holds") + SUMMARY;

    let (text, content) = counted(&printed);

    let told = ["conformance: not run: 19 v5, 40 v4, 54", "conformance: 55 scenarios, 52 passed, 0 failed, 3 skipped"];
    assert_eq!(added(&text), told);
    assert!(!content);
}

#[test]
fn colours_and_the_lines_of_cargo_test_are_understood() {
    let nextest = all("PASS").replace("PASS", "\u{1b}[32;1mPASS\u{1b}[0m") + SUMMARY;
    let cargo_line = |line: &str| {
        let ending = if line.contains("s17_") { "FAILED" } else { "ok" };
        [
            "test ",
            line.split(' ').next_back().unwrap(),
            " ... ",
            ending,
            "
",
        ]
        .concat()
    };
    let cargo: String = all("PASS").lines().map(cargo_line).collect();

    assert_eq!(added(&counted(&nextest).0), ["conformance: 55 scenarios, 55 passed, 0 failed, 0 skipped"]);
    let (text, content) = counted(&cargo);
    assert_eq!(added(&text), ["conformance: failed: 17", "conformance: 55 scenarios, 54 passed, 1 failed, 0 skipped"]);
    assert!(!content);
}
