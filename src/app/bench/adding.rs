//! This file measures adds.

use std::fmt::Write as _;
use std::sync::Arc;

use tokio::time::Instant;

use super::field::{Field, must_be};
use super::meter::Meter;
use super::{AppError, Figures};
use crate::app::feed::{Convoy, Feed};
use crate::core::model::id::IdMaker;
use crate::core::model::job::{AddStatus, DEFAULT_JOB_NAME, JobOptions, NewJob};
use crate::core::store::{Ledger, MAX_ADD_BATCH};

/// What is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Without priority and ledger, as Node adds jobs.
    Plain,
    /// As `wq bulk` adds rows: priority 3, written into the ledger.
    Standard,
}

impl Kind {
    fn options(self) -> JobOptions {
        match self {
            Self::Plain => JobOptions { priority: None, ..JobOptions::standard() },
            Self::Standard => JobOptions::standard(),
        }
    }

    fn ledger(self) -> Ledger {
        match self {
            Self::Plain => Ledger::Skip,
            Self::Standard => Ledger::Record,
        }
    }
}

/// Many jobs at once.
pub(super) async fn many(field: &Field, jobs: usize, kind: Kind) -> Result<Figures, AppError> {
    let meter = Meter::start(field.queue().link()).await?;
    add(field, jobs, kind).await?;
    let cost = meter.stop().await?;
    field.clear().await?;
    let name = match kind {
        Kind::Plain => "add, plain",
        Kind::Standard => "add, with priority and ledger",
    };
    Ok(cost.figures(name, jobs).with_speed())
}

/// Adds jobs as `wq bulk` does, several calls under way.
pub(super) async fn add(field: &Field, jobs: usize, kind: Kind) -> Result<(), AppError> {
    let feed = Arc::new(Feed::new(field.queue().clone(), kind.ledger(), field.patience)?);
    let mut convoy = Convoy::new(Some(Arc::clone(&feed)));
    let mut maker = Maker::new(kind.options())?;
    let (mut left, mut stored) = (jobs, 0);
    loop {
        while left > 0 && convoy.has_room() {
            let count = left.min(MAX_ADD_BATCH);
            left -= count;
            convoy.launch(maker.jobs(count), ());
        }
        let Some(landed) = convoy.land().await else { break };
        let statuses = landed.statuses;
        if statuses.len() < landed.jobs.len() {
            break;
        }
        stored += statuses.iter().filter(|status| **status == AddStatus::Stored).count();
    }
    drop(convoy);
    match Arc::into_inner(feed).and_then(Feed::into_error) {
        Some(error) => Err(error.into()),
        None => must_be("jobs stored", jobs, stored),
    }
}

/// Each answered before the next.
pub(super) async fn one_by_one(field: &Field, jobs: usize) -> Result<Figures, AppError> {
    let mut maker = Maker::new(Kind::Plain.options())?;
    let (mut took, mut stored) = (Vec::with_capacity(jobs), 0);
    let meter = Meter::start(field.queue().link()).await?;
    for _ in 0..jobs {
        let job = maker.jobs(1);
        let asked = Instant::now();
        let statuses = field.queue().add(&job, Ledger::Skip).await?;
        took.push(asked.elapsed());
        stored += statuses.iter().filter(|status| **status == AddStatus::Stored).count();
    }
    let cost = meter.stop().await?;
    field.clear().await?;
    must_be("jobs stored", jobs, stored)?;
    Ok(cost.figures("add one by one", jobs).with_speed().with_spread(took))
}

/// Makes jobs with about 300 bytes of data.
pub(super) struct Maker {
    ids: IdMaker,
    options: JobOptions,
    made: usize,
}

impl Maker {
    pub(super) fn new(options: JobOptions) -> Result<Self, AppError> {
        let ids = IdMaker::new().map_err(|error| AppError::new(super::Kind::Other, format!("no random bytes from the system: {error}")))?;
        Ok(Self { ids, options, made: 0 })
    }

    pub(super) fn jobs(&mut self, count: usize) -> Vec<NewJob> {
        (0..count).map(|_| self.job()).collect()
    }

    pub(super) fn job(&mut self) -> NewJob {
        self.made += 1;
        let mut data = String::with_capacity(320);
        // Writing to a string can't fail.
        write!(
            data,
            "{{\"to\":\"+55119{:08}\",\"text\":\"Hola Ana, tu pedido {} salió hoy y llega mañana entre las 9:00 y las 13:00. Escribe 1 para \
             confirmar, 2 para cambiar la fecha o 3 para hablar con una persona de la tienda.\",\"campaign\":\"bf26\",\"category\":\"utility\",\
             \"meta\":{{\"crm\":\"twenty:{}\",\"city\":\"São Paulo\"}}}}",
            80_000_000 + self.made % 20_000_000,
            self.made,
            self.made
        )
        .ok();
        NewJob { id: self.ids.next_id(), name: DEFAULT_JOB_NAME.to_owned(), data, options: self.options.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_of_a_job_is_json_of_about_three_hundred_bytes() {
        let job = Maker::new(JobOptions::default()).unwrap().job();

        assert!((280..=320).contains(&job.data.len()), "{}", job.data.len());
        assert!(serde_json::from_str::<serde_json::Value>(&job.data).is_ok(), "{}", job.data);
    }
}
