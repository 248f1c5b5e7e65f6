//! Rows that are tried again so many times and then never: the attempts that they cost in all.

use super::evolution::envelope;
use super::meta::error;
use super::{BOTH, By, End, Kind, Row, check_given_up};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_may_do_later_is_given_up_after_as_many_tries_as_the_table_says() {
    for by in BOTH {
        let row =
            |code: i64, class: &str, sends| (Row::said(error_status(by), error(by, code), End::Dead, format!("{class}:{code} ")), sends);
        let rows = vec![
            row(1, "provider_error", 4),
            row(131_000, "provider_error", 4),
            row(135_000, "provider_error", 4),
            row(131_052, "media", 2),
            row(131_053, "media", 2),
            row(131_999, "unknown_error", 2),
            row(132_999, "unknown_error", 2),
        ];
        check_given_up(by, Kind::Template, rows).await;
    }
}

fn error_status(by: By) -> u16 {
    if by == By::Evolution { 201 } else { 400 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_5xx_of_the_provider_itself_uses_up_the_jobs_own_attempts() {
    check_given_up(By::Cloud, Kind::Template, vec![(Row::said(500, error(By::Cloud, 777), End::Dead, "provider_error:777 "), 9)]).await;
    let own = || Row::said(500, envelope(500, "Internal Server Error".into()), End::Dead, "provider_error:500 Internal Server Error");
    check_given_up(By::Evolution, Kind::Template, vec![(own(), 9)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_nobody_knows_is_given_up_after_one_more_try() {
    check_given_up(By::Cloud, Kind::Template, vec![(Row::said(400, "no", End::Dead, "refused:400 "), 2)]).await;
    let rows = vec![
        (Row::said(400, envelope(400, ["Whatever"].into()), End::Dead, "refused:400 Whatever"), 2),
        (Row::said(422, "<p>no</p>", End::Dead, "refused:422 <p>no</p>"), 2),
    ];
    check_given_up(By::Evolution, Kind::Template, rows).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_that_evolution_can_not_fetch_are_given_up_after_two_more_tries() {
    let failed = "Error: Request failed with status code 404";
    let row = |status| (Row::said(status, envelope(status, [failed].into()), End::Dead, format!("media:{status} {failed}")), 3);

    check_given_up(By::Evolution, Kind::Image, vec![row(400), row(500)]).await;
}
