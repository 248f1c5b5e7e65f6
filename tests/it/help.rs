//! `--help`: the first thing that a user sees.

use crate::support::command::Wq;

/// The widest line.
const WIDTH: usize = 100;
/// The longest help: a printed page.
const LINES: usize = 66;

/// Every command by its words, `["jobs", "list"]`, and whether it has others below it.
fn commands() -> Vec<(Vec<String>, bool)> {
    fn gather(command: &clap::Command, path: &[String], all: &mut Vec<(Vec<String>, bool)>) {
        for below in command.get_subcommands() {
            let path = [path, &[below.get_name().to_owned()]].concat();
            all.push((path.clone(), below.has_subcommands()));
            gather(below, &path, all);
        }
    }
    let mut all = Vec::new();
    gather(&wq::cli::command(), &[], &mut all);
    all
}

fn help(path: &[String]) -> String {
    Wq::bare().args(path).args(["--help"]).run().exits(0).stdout
}

#[test]
fn the_help_of_every_command_fits_the_screen() {
    let paths = commands().into_iter().map(|(path, _)| path).chain([Vec::new()]);

    for path in paths {
        let help = help(&path);
        let too_wide = help.lines().find(|line| line.chars().count() > WIDTH);
        assert_eq!(too_wide, None, "wq {} --help", path.join(" "));
        assert!(help.lines().count() <= LINES, "wq {} --help has {} lines", path.join(" "), help.lines().count());
    }
}

#[test]
fn a_worker_says_of_each_flag_in_one_line_what_it_does() {
    let worker = help(&["worker".to_owned()]);
    let (_, flags) = worker.split_once("\nOptions:\n").unwrap();
    let (flags, _) = flags.split_once("\nWays to send").unwrap();

    for line in flags.lines().filter(|line| !line.is_empty()) {
        let is_heading = !line.starts_with(' ') && line.ends_with(':');
        let is_flag = ["  -", "      --", "  ["].iter().any(|start| line.starts_with(start)) && line.trim().contains("  ");
        assert!(is_heading || is_flag, "{line:?}");
    }
}

#[test]
fn every_command_shows_how_it_is_typed_in_its_help_or_its_groups() {
    for (path, is_group) in commands() {
        let typed = format!("  wq {}", path.join(" "));
        let shown = |help: String| help.split_once("Example").is_some_and(|(_, examples)| examples.contains(&typed));
        let in_its_group = || path.len() > 1 && shown(help(&path[..1]));
        assert!(shown(help(&path)) || (!is_group && in_its_group()), "no example of {typed:?}");
    }
}

#[test]
fn the_first_help_names_every_command_and_the_exit_codes() {
    let help = help(&[]);

    for (path, _) in commands().iter().filter(|(path, _)| path.len() == 1) {
        assert!(help.contains(&format!("\n  {} ", path[0])), "{path:?}");
    }
    assert!(help.contains("Exit codes: 0 done"));
}

#[test]
fn help_and_version_need_neither_a_server_nor_good_settings() {
    for line in ["--help", "--version", "-V", "jobs list -h"] {
        Wq::bare().env("WQ_REDIS_URL", "nonsense").line(line).run().exits(0).stdout_has("wq");
    }
}

#[test]
fn a_word_that_is_no_command_is_usage_and_the_likely_one_is_named() {
    Wq::bare().line("jobs lst").run().exits(2).stderr_has("'list'");
    Wq::bare().run().exits(2).stderr_has("Usage: wq");
}
